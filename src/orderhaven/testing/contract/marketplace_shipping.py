"""What arrives at the marketplace when it is told that an order left, will not come, or got another code."""

import pytest
from msgspec.structs import replace

from orderhaven.core.carriers import DIVISIONS, Carrier, carriers_named
from orderhaven.core.errors import OrderProblem, UnknownCarrier
from orderhaven.core.shipment import Correction, Shipment
from orderhaven.ports.connector import Can, Declaration
from orderhaven.ports.sandbox import Basket, ConfirmedShipment
from orderhaven.testing.contract.fact import fact
from orderhaven.testing.contract.subject import MarketplaceSubject
from orderhaven.testing.contract.tellings import (
    CASES,
    CODE,
    ONE_LINE,
    OTHER_CODE,
    cancellation_of,
    part_of,
    shipment_of,
    shipped,
    sold,
    usual_carrier,
)
from orderhaven.testing.goods import MUG, many_articles

MOST_LINES_TRIED = 500


class MarketplaceShipping:
    @fact()
    async def test_code_and_carrier_arrive_exactly_so(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject.declaration)
        shipment = shipment_of(await sold(subject, marketplace), CODE, carrier)

        await shipped(subject, marketplace, shipment)

        [arrived] = subject.sandbox.shipments()
        assert (arrived.order_ref, arrived.code) == (shipment.order_ref, CODE)
        assert arrived.carrier_word == (subject.declaration.carriers[carrier] if carrier else "")

    @fact()
    async def test_every_carrier_of_the_declaration_arrives_by_its_own_word(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        wanted = {}

        for carrier, word in subject.declaration.carriers.items():
            order = await sold(subject, marketplace)
            wanted[order.ref] = word
            await shipped(subject, marketplace, shipment_of(order, CODE, carrier))

        assert {arrived.order_ref: arrived.carrier_word for arrived in subject.sandbox.shipments()} == wanted

    @fact()
    async def test_a_shipment_without_a_code_carries_neither_code_nor_carrier(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()

        await shipped(subject, marketplace, shipment_of(await sold(subject, marketplace)))

        [arrived] = subject.sandbox.shipments()
        assert (arrived.code, arrived.carrier_word, arrived.label) == ("", "", "")

    @fact()
    async def test_all_pieces_of_the_order_are_confirmed(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace))

        await shipped(subject, marketplace, shipment)

        [arrived] = subject.sandbox.shipments()
        assert arrived.pieces == pieces_by_id(shipment, arrived)
        assert sum(arrived.pieces.values()) == 3

    @fact()
    async def test_a_part_leaves_the_rest_open(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, Basket([(MUG, 3)]))

        await shipped(subject, marketplace, part_of(shipment_of(order), 2))

        facts = (await marketplace.read(order.ref)).lines[0].facts
        assert (facts.shipped, facts.open) == (2, 1)

    @fact(Can.OWN_LABEL)
    async def test_a_label_arrives_without_code_or_carrier(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, Basket([(MUG, 1)], marketplace_label=True))
        bare = shipment_of(order)
        label = "6ff736b5-cdd0-4150-8c67-78269ee986f5"

        await shipped(subject, marketplace, Shipment(bare.order_ref, bare.reference, bare.pieces, label=label))

        [arrived] = subject.sandbox.shipments()
        assert (arrived.label, arrived.code, arrived.carrier_word) == (label, "", "")

    @fact()
    async def test_a_carrier_without_a_word_there_is_never_sent_as_another(self, subject: MarketplaceSubject) -> None:
        stranger = next((carrier for carrier in Carrier if carrier not in subject.declaration.carriers), None)

        await assert_never_another(subject, stranger)

    @fact()
    async def test_a_carrier_that_nobody_could_tell_is_never_guessed(self, subject: MarketplaceSubject) -> None:
        await assert_never_another(subject, None)

    @fact()
    async def test_a_shipment_of_more_lines_than_one_confirmation_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, lines(subject.declaration.limits.lines_per_confirmation + 1))
        before = len(subject.sandbox.calls)

        with pytest.raises(OrderProblem):
            await marketplace.confirm(shipment_of(order), not_after=subject.soon())

        assert subject.requests(subject.sandbox.calls[before:]) == []

    @fact()
    async def test_a_shipment_of_as_many_lines_as_one_confirmation_takes_arrives(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace, most = await subject.warm(), subject.declaration.limits.lines_per_confirmation
        order = await sold(subject, marketplace, lines(most))

        await shipped(subject, marketplace, shipment_of(order))

        assert len(subject.sandbox.shipments()[0].pieces) == most


class MarketplaceCancelling:
    @fact(Can.CANCEL)
    async def test_a_cancelled_order_has_no_open_pieces_and_no_shipment(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, ONE_LINE)

        receipt = await marketplace.cancel(cancellation_of(order), not_after=subject.soon())
        receipt = await subject.settled(marketplace, receipt)

        facts = [line.facts for line in (await marketplace.read(order.ref)).lines]
        assert [each.cancelled for each in facts] == [2]
        assert set(subject.sandbox.cancelled()) == {order.ref}
        assert list(subject.sandbox.shipments()) == []

    @fact(Can.CANCEL)
    async def test_a_cancellation_of_more_lines_than_one_takes_is_refused_before_it_is_sent(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        order = await sold(subject, marketplace, lines(subject.declaration.limits.lines_per_cancellation + 1))
        before = len(subject.sandbox.calls)

        with pytest.raises(OrderProblem):
            await marketplace.cancel(cancellation_of(order), not_after=subject.soon())

        assert subject.requests(subject.sandbox.calls[before:]) == []

    @fact(Can.CANCEL)
    async def test_as_many_lines_as_one_cancellation_takes_are_cancelled(self, subject: MarketplaceSubject) -> None:
        marketplace, most = await subject.warm(), subject.declaration.limits.lines_per_cancellation
        order = await sold(subject, marketplace, lines(most))

        receipt = await marketplace.cancel(cancellation_of(order), not_after=subject.soon())
        receipt = await subject.settled(marketplace, receipt)

        assert receipt.refused == ""
        assert set(subject.sandbox.cancelled()) == {order.ref}

    @fact(Can.CORRECT_TRACKING)
    async def test_a_correction_changes_the_code_and_never_the_moment(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        correct = next(case for case in CASES if case.name == "correct")
        correction = await correct.prepare(subject, marketplace)
        [before] = subject.sandbox.shipments()

        receipt = await correct.tell(marketplace, correction, subject.soon())
        await subject.settled(marketplace, receipt)

        [after] = subject.sandbox.shipments()
        assert (after.code, after.at, after.pieces) == (OTHER_CODE, before.at, before.pieces)

    @fact(Can.CORRECT_TRACKING)
    async def test_a_shipment_that_has_no_name_is_corrected_by_its_pieces(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        correct = next(case for case in CASES if case.name == "correct")
        correction = await correct.prepare(subject, marketplace)
        await sold(subject, marketplace)
        assert isinstance(correction, Correction)

        receipt = await correct.tell(marketplace, replace(correction, shipment_ref=""), subject.soon())
        await subject.settled(marketplace, receipt)

        assert [one.code for one in subject.sandbox.shipments()] == [OTHER_CODE]

    @fact(Can.CORRECT_TRACKING)
    async def test_of_two_shipments_of_one_line_the_one_that_we_confirmed_so_is_corrected(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject.declaration)
        first = part_of(shipment_of(await sold(subject, marketplace, ONE_LINE), CODE, carrier), 1)
        await shipped(subject, marketplace, first)
        rest = shipment_of(await marketplace.read(first.order_ref), CODE, carrier)
        await shipped(subject, marketplace, rest)
        correction = Correction(
            first.order_ref, "ORH-K2", first.pieces, code=OTHER_CODE, carrier=carrier, confirmed_as=first.reference
        )

        receipt = await marketplace.correct(correction, not_after=subject.soon())
        await subject.settled(marketplace, receipt)

        assert [one.code for one in subject.sandbox.shipments()] == [OTHER_CODE, CODE]

    @fact()
    async def test_every_carrier_goes_by_a_word_that_means_it(self, subject: MarketplaceSubject) -> None:
        marketplace, declared = await subject.warm(), subject.declaration
        arrived: dict[Carrier, str] = {}
        for carrier in Carrier:
            shipment = shipment_of(await sold(subject, marketplace, ONE_LINE), CODE, carrier)
            if declared.carrier_word(carrier) or goes_without(declared):
                await shipped(subject, marketplace, shipment)
                arrived[carrier] = subject.sandbox.shipments()[-1].carrier_word

        wrong = {carrier: word for carrier, word in arrived.items() if not means(declared, word, carrier)}
        assert wrong == {}

    @fact()
    async def test_a_word_that_depends_on_the_country_is_the_senders(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        for country, words in subject.declaration.carriers_from.items():
            for carrier, word in words.items():
                shipment = shipment_of(await sold(subject, marketplace, ONE_LINE), CODE, carrier)
                await shipped(subject, marketplace, replace(shipment, ships_from=country))

                assert subject.sandbox.shipments()[-1].carrier_word == word


def means(declared: Declaration, word: str, carrier: Carrier) -> bool:
    """Their way out and no word at all mean nobody; any other word has to name the carrier, or the brand it belongs to."""
    if word in ("", declared.other_carrier) or carrier in (Carrier.COURIER, Carrier.OTHER):
        return word == declared.carrier_word(carrier)
    brand = next((brand for brand, divisions in DIVISIONS.items() if carrier in divisions), carrier)
    return bool({carrier, brand} & set(carriers_named(word)))


async def assert_never_another(subject: MarketplaceSubject, carrier: Carrier | None) -> None:
    """Without a word for it, it goes as "other" or without a carrier where that is allowed, and else not at all."""
    marketplace, declared = await subject.warm(), subject.declaration
    shipment = shipment_of(await sold(subject, marketplace), CODE, carrier)
    before = len(subject.sandbox.calls)

    try:
        await shipped(subject, marketplace, shipment)
    except UnknownCarrier:
        assert subject.requests(subject.sandbox.calls[before:]) == []
        assert not goes_without(declared)
    else:
        [arrived] = subject.sandbox.shipments()
        assert arrived.carrier_word in ("", declared.other_carrier)
        assert goes_without(declared) or arrived.carrier_word != ""


def goes_without(declared: Declaration) -> bool:
    return not declared.carrier_required_with_code


def pieces_by_id(shipment: Shipment, arrived: ConfirmedShipment) -> dict[str, int]:
    """What should arrive: a count for a line with one id, one each where every piece has its own."""
    wanted: dict[str, int] = {}
    for part in shipment.pieces:
        if len(part.remote_ids) == 1:
            wanted[part.remote_ids[0]] = part.quantity
        else:
            wanted |= dict.fromkeys(part.remote_ids[: part.quantity], 1)
    return wanted


def lines(count: int) -> Basket:
    if count > MOST_LINES_TRIED:
        pytest.skip(f"an order of {count} lines is not tried")
    return Basket([(article, 1) for article in many_articles(count)])
