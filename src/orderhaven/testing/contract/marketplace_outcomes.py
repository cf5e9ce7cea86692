"""Outcomes: what a marketplace says later of a command, and of what it rejects."""

import pytest

from orderhaven.core.commands import ShipmentConfirmation
from orderhaven.core.errors import OrderRejected
from orderhaven.ports.connector import Capability
from orderhaven.ports.marketplace import Marketplace, RemoteState
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.testing.contract.commands import (
    TRACKING_NUMBER,
    first_part,
    part_of,
    plain_shipment_of,
    shipment_of,
    shipped,
    sold,
    to_confirm,
    usual_carrier,
)
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import MarketplaceSubject


class MarketplaceOutcomes:
    @requires()
    async def test_a_pending_command_has_a_handle_and_is_done_later(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = await first_part(subject, marketplace, plain_shipment_of(subject, await sold(subject, marketplace)))

        receipt = await marketplace.confirm(shipment, not_after=subject.soon())

        assert receipt.state in (ReceiptState.DONE, ReceiptState.PENDING)
        assert bool(receipt.handle) or receipt.state is ReceiptState.DONE
        settled = await subject.final_receipt(marketplace, shipment, receipt)
        assert (settled.state, settled.rejection) == (ReceiptState.DONE, "")

    @requires(Capability.ASYNCHRONOUS_COMMANDS)
    async def test_outcomes_are_asked_for_in_one_call_of_many(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        receipts = [await confirmed_one(subject, marketplace) for _ in range(5)]
        handles = {f"ours-{nth}": receipt.handle for nth, receipt in enumerate(receipts) if receipt.handle}

        outcomes = await marketplace.outcomes(handles)

        assert set(outcomes) == set(handles)

    @requires(Capability.ASYNCHRONOUS_COMMANDS)
    async def test_a_handle_that_nobody_there_remembers_is_unknown(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()

        outcomes = await marketplace.outcomes({"ours": subject.unknown_handle})

        assert outcomes["ours"].state is ReceiptState.UNKNOWN

    @requires()
    async def test_shipping_what_the_marketplace_cancelled_is_refused_with_a_reason(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        shipment = await to_confirm(subject, marketplace)
        subject.sandbox.cancel(shipment.order_ref)

        reason = await refusal_of(subject, marketplace, shipment)

        assert reason != ""
        assert list(subject.sandbox.shipments()) == []

    @requires(Capability.SHOWS_SHIPMENTS)
    async def test_what_others_shipped_is_seen_as_theirs(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = await to_confirm(subject, marketplace)
        subject.sandbox.ship_elsewhere(shipment.order_ref, "3SXYZA1234567")

        verification = await subject.verified(marketplace, shipment)

        assert verification.state is RemoteState.DONE_BY_OTHERS

    @requires()
    async def test_what_was_never_sent_is_seen_as_not_done(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = await to_confirm(subject, marketplace)

        verification = await subject.verified(marketplace, shipment)

        assert verification.state is RemoteState.NOT_DONE

    @requires(Capability.SHIP_PARTS)
    async def test_a_part_that_left_does_not_make_the_rest_look_done(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject)
        order = await sold(subject, marketplace)
        await shipped(subject, marketplace, part_of(shipment_of(subject.spec, order, "3SXYZA1234567", carrier), 1))
        whole_rest = shipment_of(subject.spec, await marketplace.read(order.ref), TRACKING_NUMBER, carrier)
        rest = await first_part(subject, marketplace, whole_rest)

        verification = await subject.verified(marketplace, rest)

        assert verification.state is RemoteState.NOT_DONE

    @requires(Capability.SHIP_PARTS)
    async def test_a_part_that_others_sent_does_not_make_the_whole_look_done(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject)
        order = await sold(subject, marketplace)
        whole = await first_part(subject, marketplace, shipment_of(subject.spec, order, TRACKING_NUMBER, carrier))
        if sum(one.quantity for one in whole.quantities) == 1:
            pytest.skip(f"{subject.spec.title} confirms piece by piece: of one piece there is no part")
        await shipped(subject, marketplace, part_of(shipment_of(subject.spec, order, "3SXYZA1234567", carrier), 1))

        verification = await subject.verified(marketplace, whole)

        assert verification.state is RemoteState.NOT_DONE


async def confirmed_one(subject: MarketplaceSubject, marketplace: Marketplace) -> Receipt:
    whole = plain_shipment_of(subject, await sold(subject, marketplace))
    return await marketplace.confirm(await first_part(subject, marketplace, whole), not_after=subject.soon())


async def refusal_of(subject: MarketplaceSubject, marketplace: Marketplace, shipment: ShipmentConfirmation) -> str:
    """Why it is refused, at once or later; "" when it is not."""
    try:
        receipt = await marketplace.confirm(shipment, not_after=subject.soon())
    except OrderRejected as refused:
        return refused.values["reason"]
    return (await subject.final_receipt(marketplace, shipment, receipt)).rejection
