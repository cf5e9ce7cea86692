"""Outcomes: what a marketplace says later of what it was told, and of what it will not have."""

from orderhaven.core.errors import OrderRefused
from orderhaven.core.shipment import Shipment
from orderhaven.ports.connector import Can
from orderhaven.ports.marketplace import Marketplace, Outcome, Receipt, Seen
from orderhaven.testing.contract.fact import fact
from orderhaven.testing.contract.subject import MarketplaceSubject
from orderhaven.testing.contract.tellings import CODE, part_of, shipment_of, shipped, sold, usual_carrier


class MarketplaceOutcomes:
    @fact()
    async def test_a_pending_telling_has_a_handle_and_is_done_later(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace))

        receipt = await marketplace.confirm(shipment, not_after=subject.soon())

        assert receipt.outcome in (Outcome.DONE, Outcome.PENDING)
        assert bool(receipt.handle) or receipt.outcome is Outcome.DONE
        settled = await subject.settled(marketplace, receipt)
        assert (settled.outcome, settled.refused) == (Outcome.DONE, "")

    @fact(Can.OUTCOME_LATER)
    async def test_outcomes_are_asked_for_in_one_call_of_many(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        receipts = [await told_of_one(subject, marketplace) for _ in range(5)]
        handles = [receipt.handle for receipt in receipts if receipt.handle]

        outcomes = await marketplace.outcomes(handles)

        assert set(outcomes) == set(handles)

    @fact(Can.OUTCOME_LATER)
    async def test_a_handle_that_nobody_there_remembers_is_unknown(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()

        outcomes = await marketplace.outcomes([subject.forgotten_handle])

        assert outcomes[subject.forgotten_handle].outcome is Outcome.UNKNOWN

    @fact()
    async def test_shipping_what_the_marketplace_cancelled_is_refused_with_a_reason(
        self, subject: MarketplaceSubject
    ) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))
        subject.sandbox.cancel(shipment.order_ref)

        reason = await refusal_of(subject, marketplace, shipment)

        assert reason != ""
        assert list(subject.sandbox.shipments()) == []

    @fact()
    async def test_what_others_shipped_is_seen_as_theirs(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))
        subject.sandbox.ship_elsewhere(shipment.order_ref, "3SXYZA1234567")

        finding = await subject.looked(marketplace, shipment)

        assert finding.seen is Seen.DONE_BY_OTHERS

    @fact()
    async def test_what_was_never_told_is_seen_as_not_done(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))

        finding = await subject.looked(marketplace, shipment)

        assert finding.seen is Seen.NOT_DONE

    @fact()
    async def test_a_part_that_left_does_not_make_the_rest_look_done(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject.declaration)
        order = await sold(subject, marketplace)
        await shipped(subject, marketplace, part_of(shipment_of(order, "3SXYZA1234567", carrier), 1))
        rest = shipment_of(await marketplace.read(order.ref), CODE, carrier)

        finding = await subject.looked(marketplace, rest)

        assert finding.seen is Seen.NOT_DONE

    @fact()
    async def test_a_part_that_others_sent_does_not_make_the_whole_look_done(self, subject: MarketplaceSubject) -> None:
        marketplace, carrier = await subject.warm(), usual_carrier(subject.declaration)
        order = await sold(subject, marketplace)
        whole = shipment_of(order, CODE, carrier)
        await shipped(subject, marketplace, part_of(shipment_of(order, "3SXYZA1234567", carrier), 1))

        finding = await subject.looked(marketplace, whole)

        assert finding.seen is Seen.NOT_DONE


async def told_of_one(subject: MarketplaceSubject, marketplace: Marketplace) -> Receipt:
    return await marketplace.confirm(shipment_of(await sold(subject, marketplace)), not_after=subject.soon())


async def refusal_of(subject: MarketplaceSubject, marketplace: Marketplace, shipment: Shipment) -> str:
    """Why it is refused, at once or later; "" when it is not."""
    try:
        receipt = await marketplace.confirm(shipment, not_after=subject.soon())
    except OrderRefused as refused:
        return refused.values["reason"]
    return (await subject.settled(marketplace, receipt)).refused
