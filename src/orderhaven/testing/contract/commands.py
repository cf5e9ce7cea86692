"""Every command that a marketplace takes, each with how to get there and how to see at the sandbox that it happened."""

from itertools import count
from typing import TypeVar

from msgspec.structs import replace

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    CancelReason,
    LineQuantity,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.order import MarketplaceOrder, WaitsFor
from orderhaven.core.parts import cut_in_parts
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.ports.marketplace import Marketplace
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.both_roles import CommandCase
from orderhaven.testing.contract.subject import MarketplaceSubject
from orderhaven.testing.goods import LAMP, MUG

TRACKING_NUMBER = "3SABCD0123456"
OTHER_TRACKING_NUMBER = "3SEFGH7654321"
BASKET = Basket([(MUG, 2), (LAMP, 1)])
ONE_MUG = Basket([(MUG, 1)])
ONE_LINE = Basket([(MUG, 2)])  # some marketplaces cancel line by line
_NUMBERS = count(1)
Command = TypeVar("Command", bound=MarketplaceCommand)
InParts = TypeVar("InParts", ShipmentConfirmation, Cancellation)


def quantities_of(order: MarketplaceOrder) -> tuple[LineQuantity, ...]:
    """All that the merchant still has to send."""
    return tuple(
        LineQuantity(line.ref, line.remote_ids, line.quantities.open)
        for line in order.lines
        if line.quantities.open and not line.quantities.by_marketplace
    )


def shipment_of(
    spec: ConnectorSpec, order: MarketplaceOrder, code: str = "", carrier: Carrier | None = None
) -> ShipmentConfirmation:
    return ShipmentConfirmation(
        order.ref,
        _reference(order),
        quantities_of(order),
        tracking_number=code,
        carrier=carrier,
        carrier_code=spec.carrier_code(carrier) if carrier else "",
    )


def cancellation_of(
    spec: ConnectorSpec, order: MarketplaceOrder, reason: CancelReason = CancelReason.OUT_OF_STOCK
) -> Cancellation:
    code = spec.reason_code(reason)
    return Cancellation(order.ref, _reference(order), quantities_of(order), reason=reason, reason_code=code)


def usual_carrier(subject: MarketplaceSubject) -> Carrier | None:
    """One that this marketplace has a word for; None where it has no list."""
    known = subject.spec.carriers
    return Carrier.POSTNL if Carrier.POSTNL in known else next(iter(known), None)


def plain_shipment_of(subject: MarketplaceSubject, order: MarketplaceOrder) -> ShipmentConfirmation:
    """Without a tracking number, where that is possible."""
    if Capability.SHIP_UNTRACKED in subject.spec.capabilities:
        return shipment_of(subject.spec, order)
    return shipment_of(subject.spec, order, TRACKING_NUMBER, usual_carrier(subject))


async def sold(subject: MarketplaceSubject, marketplace: Marketplace, basket: Basket = BASKET) -> MarketplaceOrder:
    return await marketplace.read(subject.sandbox.sell(basket))


def parts_of(subject: MarketplaceSubject, command: InParts) -> list[InParts]:
    """As the hub sends it: each with no more than one request takes."""
    limits = subject.spec.limits
    if isinstance(command, Cancellation):
        most = limits.lines_per_cancellation, limits.pieces_per_cancellation
    else:
        most = limits.lines_per_confirmation, limits.pieces_per_confirmation
    by_ref = {one.line_ref: one for one in command.quantities}
    return [
        replace(
            command,
            reference=f"{command.reference}-{nth}" if nth else command.reference,
            quantities=tuple(replace(by_ref[ref], quantity=quantity) for ref, quantity in part.items()),
        )
        for nth, part in enumerate(cut_in_parts({ref: one.quantity for ref, one in by_ref.items()}, *most))
    ]


async def prepared(subject: MarketplaceSubject, marketplace: Marketplace, command: Command) -> Command:
    """As the hub begins it."""
    if Capability.PREPARES not in subject.spec.capabilities:
        return command
    return replace(command, prepared=await marketplace.prepare(command))


async def first_part(subject: MarketplaceSubject, marketplace: Marketplace, command: InParts) -> InParts:
    """So much of it as goes in one request, ready to be sent."""
    return await prepared(subject, marketplace, parts_of(subject, command)[0])


async def shipped(subject: MarketplaceSubject, marketplace: Marketplace, shipment: ShipmentConfirmation) -> str:
    """Confirm it, part after part, and wait until that is so; the marketplace's key of the (last) shipment."""
    for part in parts_of(subject, shipment):
        command = await prepared(subject, marketplace, part)
        receipt = await marketplace.confirm(command, not_after=subject.soon())
        receipt = await subject.final_receipt(marketplace, command, receipt)
        assert receipt.rejection == ""
    return receipt.remote_ref or (await subject.verified(marketplace, command)).remote_ref


async def to_confirm(subject: MarketplaceSubject, marketplace: Marketplace) -> ShipmentConfirmation:
    whole = shipment_of(subject.spec, await sold(subject, marketplace), TRACKING_NUMBER, usual_carrier(subject))
    return await first_part(subject, marketplace, whole)


async def _to_cancel(subject: MarketplaceSubject, marketplace: Marketplace) -> MarketplaceCommand:
    pieces = min(2, subject.spec.limits.pieces_per_cancellation or 2)
    order = await sold(subject, marketplace, Basket([(MUG, pieces)]))
    return await prepared(subject, marketplace, cancellation_of(subject.spec, order))


async def _to_accept(subject: MarketplaceSubject, marketplace: Marketplace) -> MarketplaceCommand:
    assert subject.sell_unaccepted is not None, "a connector that declares ACCEPT needs a subject with sell_unaccepted"
    order = await marketplace.read(subject.sell_unaccepted(BASKET))
    return await prepared(subject, marketplace, Acceptance(order.ref, _reference(order), quantities_of(order)))


async def _to_refuse(subject: MarketplaceSubject, marketplace: Marketplace) -> MarketplaceCommand:
    order = await sold(subject, marketplace, ONE_LINE)
    subject.sandbox.request_cancellation(order.ref)
    return await prepared(subject, marketplace, CancellationRefusal(order.ref, _reference(order), quantities_of(order)))


async def _to_correct(subject: MarketplaceSubject, marketplace: Marketplace) -> MarketplaceCommand:
    order = await sold(subject, marketplace)
    shipment = parts_of(subject, shipment_of(subject.spec, order, TRACKING_NUMBER, usual_carrier(subject)))[0]
    key = await shipped(subject, marketplace, shipment)
    correction = TrackingCorrection(
        order.ref,
        _reference(order),
        shipment.quantities,
        shipment_ref=key,
        tracking_number=OTHER_TRACKING_NUMBER,
        carrier=shipment.carrier,
        carrier_code=shipment.carrier_code,
    )
    return await prepared(subject, marketplace, correction)


async def _times_confirmed(subject: MarketplaceSubject, command: MarketplaceCommand) -> int:
    return sum(shipment.order_ref == command.order_ref for shipment in subject.sandbox.shipments())


async def _times_cancelled(subject: MarketplaceSubject, command: MarketplaceCommand) -> int:
    return int(command.order_ref in subject.sandbox.cancelled())


async def _times_accepted(subject: MarketplaceSubject, command: MarketplaceCommand) -> int:
    order: MarketplaceOrder = await subject.another().read(command.order_ref)
    return int(order.waits_for is not WaitsFor.OUR_YES)


async def _times_refused(subject: MarketplaceSubject, command: MarketplaceCommand) -> int:
    order: MarketplaceOrder = await subject.another().read(command.order_ref)
    return int(not any(line.quantities.cancellation_requested for line in order.lines))


async def _times_corrected(subject: MarketplaceSubject, command: MarketplaceCommand) -> int:
    return sum(
        shipment.tracking_number == OTHER_TRACKING_NUMBER and shipment.order_ref == command.order_ref
        for shipment in subject.sandbox.shipments()
    )


CASES = (
    CommandCase("confirm", (), to_confirm, _times_confirmed),
    CommandCase("cancel", (Capability.CANCEL,), _to_cancel, _times_cancelled),
    CommandCase("accept", (Capability.ACCEPT,), _to_accept, _times_accepted),
    CommandCase("refuse_cancellation", (Capability.REFUSE_CANCELLATION,), _to_refuse, _times_refused),
    CommandCase("correct", (Capability.CORRECT_TRACKING,), _to_correct, _times_corrected),
)


def part_of(command: ShipmentConfirmation, quantity: int) -> ShipmentConfirmation:
    """Only so many pieces of its first line."""
    first = command.quantities[0]
    return replace(command, quantities=(replace(first, quantity=quantity),))


def _reference(order: MarketplaceOrder) -> str:
    return f"ORH-{order.ref}-{next(_NUMBERS)}"
