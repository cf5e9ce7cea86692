"""What arrives at the marketplace when an order is shipped, will not come, or got another tracking number."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from orderhaven.core.carriers import DIVISIONS, Carrier, carriers_named
from orderhaven.core.commands import Cancellation, ShipmentConfirmation, TrackingCorrection
from orderhaven.core.errors import OrderProblem, UnknownCarrier
from orderhaven.core.order import MarketplaceOrder
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.ports.marketplace import Marketplace
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.commands import (
    CASES,
    ONE_LINE,
    OTHER_TRACKING_NUMBER,
    TRACKING_NUMBER,
    cancellation_of,
    part_of,
    parts_of,
    plain_shipment_of,
    prepared,
    shipment_of,
    shipped,
    sold,
    usual_carrier,
)
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import MarketplaceSubject
from orderhaven.testing.goods import MUG, many_articles

MOST_LINES_TRIED = 500


class MarketplaceShipping:
    @requires()
    async def test_tracking_number_and_carrier_arrive_exactly_so(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject)
        shipment = shipment_of(subject.spec, await sold(subject, marketplace), TRACKING_NUMBER, carrier)

        await shipped(subject, marketplace, shipment)

        code = subject.spec.carriers[carrier] if carrier else ""
        arrived = {(one.order_ref, one.tracking_number, one.carrier_code) for one in subject.sandbox.shipments()}
        assert arrived == {(shipment.order_ref, TRACKING_NUMBER, code)}

    @requires()
    async def test_every_carrier_of_the_declaration_arrives_by_its_own_word(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        wanted = {}

        for carrier, word in subject.spec.carriers.items():
            order = await sold(subject, marketplace)
            wanted[order.ref] = word
            await shipped(subject, marketplace, shipment_of(subject.spec, order, TRACKING_NUMBER, carrier))

        assert {arrived.order_ref: arrived.carrier_code for arrived in subject.sandbox.shipments()} == wanted

    @requires(Capability.SHIP_UNTRACKED)
    async def test_a_shipment_without_a_tracking_number_carries_neither_tracking_number_nor_carrier(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()

        await shipped(subject, marketplace, shipment_of(subject.spec, await sold(subject, marketplace)))

        arrived = subject.sandbox.shipments()
        assert {(one.tracking_number, one.label_number) for one in arrived} == {("", "")}
        assert {one.carrier_code for one in arrived} <= {"", subject.spec.other_carrier}

    @requires()
    async def test_all_pieces_of_the_order_are_confirmed(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = plain_shipment_of(subject, await sold(subject, marketplace))

        await shipped(subject, marketplace, shipment)

        arrived = sum((Counter(one.quantities) for one in subject.sandbox.shipments()), Counter[str]())
        assert arrived == quantities_by_id(shipment)
        assert arrived.total() == 3

    @requires(Capability.SHIP_PARTS)
    async def test_a_part_leaves_the_rest_open(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, Basket([(MUG, 3)]))

        await shipped(subject, marketplace, part_of(plain_shipment_of(subject, order), 2))

        facts = (await marketplace.read(order.ref)).lines[0].quantities
        assert (facts.shipped, facts.open) == (2, 1)

    @requires(Capability.OWN_LABEL)
    async def test_a_label_arrives_without_tracking_number_or_carrier(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, Basket([(MUG, 1)], marketplace_label=True))
        bare = shipment_of(subject.spec, order)
        label = "6ff736b5-cdd0-4150-8c67-78269ee986f5"

        await shipped(
            subject,
            marketplace,
            ShipmentConfirmation(bare.order_ref, bare.reference, bare.quantities, label_number=label),
        )

        [arrived] = subject.sandbox.shipments()
        assert (arrived.label_number, arrived.tracking_number, arrived.carrier_code) == (label, "", "")

    @requires()
    async def test_a_carrier_without_a_word_there_is_never_sent_as_another(self, subject: MarketplaceSubject) -> None:
        await subject.warm()
        stranger = next((carrier for carrier in Carrier if carrier not in subject.spec.carriers), None)

        await assert_never_another(subject, stranger)

    @requires()
    async def test_a_carrier_that_nobody_could_recognise_is_never_guessed(self, subject: MarketplaceSubject) -> None:
        await assert_never_another(subject, None)

    @requires()
    async def test_a_shipment_of_more_lines_than_one_confirmation_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        most = subject.spec.limits.lines_per_confirmation
        await assert_too_much(subject, lines(most + 1), plain_shipment_of)

    @requires()
    async def test_a_shipment_of_more_pieces_than_one_confirmation_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        most = subject.spec.limits.pieces_per_confirmation
        await assert_too_much(subject, Basket([(MUG, one_piece_too_many(most))]), plain_shipment_of)

    @requires()
    async def test_a_shipment_of_as_many_lines_as_one_confirmation_takes_arrives(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace, limits = await subject.warm(), subject.spec.limits
        most = min(limits.lines_per_confirmation, limits.pieces_per_confirmation or limits.lines_per_confirmation)
        order = await sold(subject, marketplace, lines(most))

        await shipped(subject, marketplace, plain_shipment_of(subject, order))

        assert len(subject.sandbox.shipments()[0].quantities) == most


class MarketplaceCancelling:
    @requires(Capability.CANCEL)
    async def test_a_cancelled_order_has_no_open_pieces_and_no_shipment(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, ONE_LINE)

        await cancelled(subject, marketplace, cancellation_of(subject.spec, order))

        facts = [line.quantities for line in (await marketplace.read(order.ref)).lines]
        assert [each.cancelled for each in facts] == [2]
        assert set(subject.sandbox.cancelled()) == {order.ref}
        assert list(subject.sandbox.shipments()) == []

    @requires(Capability.CANCEL, Capability.CANCEL_LINES)
    async def test_a_line_is_cancelled_and_the_others_stay(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        whole = cancellation_of(subject.spec, await sold(subject, marketplace))

        await cancelled(subject, marketplace, replace(whole, quantities=whole.quantities[:1]))

        facts = [line.quantities for line in (await marketplace.read(whole.order_ref)).lines]
        assert [(each.cancelled, each.open) for each in facts] == [(2, 0), (0, 1)]

    @requires(Capability.CANCEL, Capability.CANCEL_QUANTITY)
    async def test_a_piece_of_a_line_is_cancelled_and_the_others_stay(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        whole = cancellation_of(subject.spec, await sold(subject, marketplace, ONE_LINE))

        await cancelled(subject, marketplace, replace(whole, quantities=(replace(whole.quantities[0], quantity=1),)))

        (line,) = (await marketplace.read(whole.order_ref)).lines
        assert (line.quantities.cancelled, line.quantities.open) == (1, 1)

    @requires(Capability.CANCEL)
    async def test_a_cancellation_of_more_lines_than_one_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        most = subject.spec.limits.lines_per_cancellation
        await assert_too_much(subject, lines(most + 1), whole_cancellation_of)

    @requires(Capability.CANCEL)
    async def test_a_cancellation_of_more_pieces_than_one_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        most = subject.spec.limits.pieces_per_cancellation
        await assert_too_much(subject, Basket([(MUG, one_piece_too_many(most))]), whole_cancellation_of)

    @requires(Capability.CANCEL)
    async def test_as_many_lines_as_one_cancellation_takes_are_cancelled(self, subject: MarketplaceSubject) -> None:
        marketplace, limits = await subject.warm(), subject.spec.limits
        most = min(limits.lines_per_cancellation, limits.pieces_per_cancellation or limits.lines_per_cancellation)
        order = await sold(subject, marketplace, lines(most))

        await cancelled(subject, marketplace, cancellation_of(subject.spec, order))

        assert set(subject.sandbox.cancelled()) == {order.ref}

    @requires(Capability.CORRECT_TRACKING)
    async def test_a_correction_changes_the_tracking_number_and_never_the_moment(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        correct = next(case for case in CASES if case.name == "correct")
        correction = await correct.prepare(subject, marketplace)
        [before] = subject.sandbox.shipments()

        receipt = await correct.run(marketplace, correction, subject.soon())
        await subject.final_receipt(marketplace, correction, receipt)

        [after] = subject.sandbox.shipments()
        assert (after.tracking_number, after.at, after.quantities) == (
            OTHER_TRACKING_NUMBER,
            before.at,
            before.quantities,
        )

    @requires(Capability.CORRECT_TRACKING)
    async def test_a_shipment_that_has_no_name_is_corrected_by_its_pieces(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        correct = next(case for case in CASES if case.name == "correct")
        correction = await correct.prepare(subject, marketplace)
        await sold(subject, marketplace)
        assert isinstance(correction, TrackingCorrection)

        receipt = await correct.run(marketplace, replace(correction, shipment_ref=""), subject.soon())
        await subject.final_receipt(marketplace, correction, receipt)

        assert [one.tracking_number for one in subject.sandbox.shipments()] == [OTHER_TRACKING_NUMBER]

    @requires(Capability.CORRECT_TRACKING, Capability.SHIP_PARTS)
    async def test_of_two_shipments_of_one_line_the_one_that_we_confirmed_so_is_corrected(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject)
        first = part_of(
            shipment_of(subject.spec, await sold(subject, marketplace, ONE_LINE), TRACKING_NUMBER, carrier), 1
        )
        await shipped(subject, marketplace, first)
        rest = shipment_of(subject.spec, await marketplace.read(first.order_ref), TRACKING_NUMBER, carrier)
        await shipped(subject, marketplace, rest)
        correction = TrackingCorrection(
            first.order_ref,
            "ORH-K2",
            first.quantities,
            tracking_number=OTHER_TRACKING_NUMBER,
            carrier=carrier,
            carrier_code=first.carrier_code,
            confirmation_reference=first.reference,
        )

        correction = await prepared(subject, marketplace, correction)
        receipt = await marketplace.correct(correction, not_after=subject.soon())
        await subject.final_receipt(marketplace, correction, receipt)

        assert [one.tracking_number for one in subject.sandbox.shipments()] == [OTHER_TRACKING_NUMBER, TRACKING_NUMBER]

    @requires()
    async def test_every_carrier_goes_by_a_word_that_means_it(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        arrived: dict[Carrier, str] = {}
        for carrier in Carrier:
            shipment = shipment_of(subject.spec, await sold(subject, marketplace, ONE_LINE), TRACKING_NUMBER, carrier)
            if subject.spec.carrier_code(carrier) or goes_without(subject.spec):
                await shipped(subject, marketplace, shipment)
                arrived[carrier] = subject.sandbox.shipments()[-1].carrier_code

        wrong = {carrier: word for carrier, word in arrived.items() if not means(subject, word, carrier)}
        assert wrong == {}

    @requires()
    async def test_a_word_that_depends_on_the_country_is_the_senders(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        for country, words in subject.spec.carriers_from.items():
            for carrier, word in words.items():
                shipment = shipment_of(
                    subject.spec, await sold(subject, marketplace, ONE_LINE), TRACKING_NUMBER, carrier
                )
                code = subject.spec.carrier_code(carrier, country)
                await shipped(subject, marketplace, replace(shipment, ships_from=country, carrier_code=code))

                assert subject.sandbox.shipments()[-1].carrier_code == word


async def assert_too_much(
    subject: MarketplaceSubject,
    basket: Basket,
    command_of: Callable[[MarketplaceSubject, MarketplaceOrder], ShipmentConfirmation | Cancellation],
) -> None:
    """All of this basket in one command is refused before it is sent."""
    marketplace = await subject.warm()
    command = command_of(subject, await sold(subject, marketplace, basket))
    send: Any = marketplace.cancel if isinstance(command, Cancellation) else marketplace.confirm
    before = len(subject.sandbox.calls)

    with pytest.raises(OrderProblem):
        await send(command, not_after=subject.soon())

    assert subject.effects(subject.sandbox.calls[before:]) == [], "it went out although it was refused"


def whole_cancellation_of(subject: MarketplaceSubject, order: MarketplaceOrder) -> Cancellation:
    return cancellation_of(subject.spec, order)


async def cancelled(subject: MarketplaceSubject, marketplace: Marketplace, command: Cancellation) -> None:
    """Cancel it, part after part, and wait until that is so."""
    for part in parts_of(subject, command):
        cancellation = await prepared(subject, marketplace, part)
        receipt = await marketplace.cancel(cancellation, not_after=subject.soon())
        assert (await subject.final_receipt(marketplace, cancellation, receipt)).rejection == ""


def means(subject: MarketplaceSubject, word: str, carrier: Carrier) -> bool:
    """Their way out and no word at all mean nobody; any other word has to name the carrier, or the brand it belongs to."""
    if word in ("", subject.spec.other_carrier) or carrier in (Carrier.COURIER, Carrier.OTHER):
        return word == subject.spec.carrier_code(carrier)
    if subject.spec.carriers_are_listed and word == subject.spec.carrier_code(carrier):
        return True  # a code of the account's own, which may be any
    brand = next((brand for brand, divisions in DIVISIONS.items() if carrier in divisions), carrier)
    return bool({carrier, brand} & set(carriers_named(word)))


async def assert_never_another(subject: MarketplaceSubject, carrier: Carrier | None) -> None:
    """Without a word for it, it goes as "other", by its own name where that is taken, or without a carrier where that is allowed,
    and else not at all."""
    marketplace, spec = await subject.warm(), subject.spec
    shipment = shipment_of(subject.spec, await sold(subject, marketplace), TRACKING_NUMBER, carrier)
    before = len(subject.sandbox.calls)

    try:
        await shipped(subject, marketplace, shipment)
    except UnknownCarrier:
        assert subject.effects(subject.sandbox.calls[before:]) == [], "it went out although it was refused"
        assert not goes_without(spec)
    else:
        arrived = {one.carrier_code for one in subject.sandbox.shipments()}
        # where carriers are the account's own, one that it did not name may be taken by its name
        by_name = {carrier.display_name} if carrier is not None and spec.carriers_are_listed else set()
        assert arrived <= {"", spec.other_carrier, *by_name}, "the carrier went out as another one"
        assert goes_without(spec) or "" not in arrived


def goes_without(spec: ConnectorSpec) -> bool:
    return not spec.carrier_required_with_tracking


def quantities_by_id(shipment: ShipmentConfirmation) -> dict[str, int]:
    """What should arrive: a count for a line with one id, one each where every piece has its own."""
    wanted: dict[str, int] = {}
    for part in shipment.quantities:
        if len(part.remote_ids) == 1:
            wanted[part.remote_ids[0]] = part.quantity
        else:
            wanted |= dict.fromkeys(part.remote_ids[: part.quantity], 1)
    return wanted


def one_piece_too_many(most: int | None) -> int:
    if most is None:
        pytest.skip("one request takes as many pieces as there are")
    return most + 1


def lines(count: int) -> Basket:
    if count > MOST_LINES_TRIED:
        pytest.skip(f"an order of {count} lines is not tried")
    return Basket([(article, 1) for article in many_articles(count)])
