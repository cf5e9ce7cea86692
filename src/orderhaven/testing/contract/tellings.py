"""Everything a marketplace can be told, each with how to get there and how to see at the sandbox that it happened."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from msgspec.structs import replace

from orderhaven.core.carriers import Carrier
from orderhaven.core.order import Order
from orderhaven.core.shipment import (
    Acceptance,
    Cancellation,
    CancelReason,
    Correction,
    Pieces,
    Refusal,
    Shipment,
    Telling,
)
from orderhaven.ports.connector import Can, Declaration
from orderhaven.ports.marketplace import Marketplace, Receipt
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.subject import MarketplaceSubject
from orderhaven.testing.goods import LAMP, MUG

CODE = "3SABCD0123456"
OTHER_CODE = "3SEFGH7654321"
BASKET = Basket([(MUG, 2), (LAMP, 1)])
ONE_LINE = Basket([(MUG, 2)])  # some marketplaces cancel line by line
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Case:
    name: str  # of the marketplace's method
    needs: tuple[Can, ...]
    prepare: Callable[[MarketplaceSubject, Marketplace], Awaitable[Telling]]
    times_done: Callable[[MarketplaceSubject, Telling], Awaitable[int]]  # how often it stands at the sandbox
    may_read_first: bool = False

    async def tell(self, marketplace: Marketplace, telling: Telling, not_after: datetime) -> Receipt:
        receipt: Receipt = await getattr(marketplace, self.name)(telling, not_after=not_after)
        return receipt


def pieces_of(order: Order) -> tuple[Pieces, ...]:
    """All that the merchant still has to send."""
    return tuple(
        Pieces(line.ref, line.remote_ids, line.facts.open)
        for line in order.lines
        if line.facts.open and not line.facts.by_marketplace
    )


def shipment_of(order: Order, code: str = "", carrier: Carrier | None = None) -> Shipment:
    return Shipment(order.ref, _reference(order), pieces_of(order), code=code, carrier=carrier)


def cancellation_of(order: Order) -> Cancellation:
    return Cancellation(order.ref, _reference(order), pieces_of(order), reason=CancelReason.OUT_OF_STOCK)


def usual_carrier(declaration: Declaration) -> Carrier | None:
    """One that this marketplace has a word for; None where it has no list."""
    known = declaration.carriers
    return Carrier.POSTNL if Carrier.POSTNL in known else next(iter(known), None)


async def sold(subject: MarketplaceSubject, marketplace: Marketplace, basket: Basket = BASKET) -> Order:
    return await marketplace.read(subject.sandbox.sell(basket))


async def shipped(subject: MarketplaceSubject, marketplace: Marketplace, shipment: Shipment) -> str:
    """Confirm it and wait until that is so; the marketplace's key of the shipment."""
    receipt = await marketplace.confirm(shipment, not_after=subject.soon())
    receipt = await subject.settled(marketplace, receipt)
    assert receipt.refused == ""
    return receipt.remote_ref or (await subject.looked(marketplace, shipment)).remote_ref


async def unaccepted(subject: MarketplaceSubject, marketplace: Marketplace) -> Order:
    assert subject.sell_unaccepted is not None, "a connector that declares ACCEPT needs a subject with sell_unaccepted"
    return await marketplace.read(subject.sell_unaccepted(BASKET))


async def _to_confirm(subject: MarketplaceSubject, marketplace: Marketplace) -> Telling:
    return shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))


async def _to_cancel(subject: MarketplaceSubject, marketplace: Marketplace) -> Telling:
    return cancellation_of(await sold(subject, marketplace, ONE_LINE))


async def _to_accept(subject: MarketplaceSubject, marketplace: Marketplace) -> Telling:
    order = await unaccepted(subject, marketplace)
    return Acceptance(order.ref, _reference(order), pieces_of(order))


async def _to_refuse(subject: MarketplaceSubject, marketplace: Marketplace) -> Telling:
    order = await sold(subject, marketplace, ONE_LINE)
    subject.sandbox.buyer_asks_to_cancel(order.ref)
    return Refusal(order.ref, _reference(order), pieces_of(order))


async def _to_correct(subject: MarketplaceSubject, marketplace: Marketplace) -> Telling:
    order = await sold(subject, marketplace)
    shipment = shipment_of(order, CODE, usual_carrier(subject.declaration))
    key = await shipped(subject, marketplace, shipment)
    return Correction(
        order.ref,
        _reference(order),
        shipment.pieces,
        shipment_ref=key,
        code=OTHER_CODE,
        carrier=shipment.carrier,
    )


async def _times_confirmed(subject: MarketplaceSubject, telling: Telling) -> int:
    return sum(shipment.order_ref == telling.order_ref for shipment in subject.sandbox.shipments())


async def _times_cancelled(subject: MarketplaceSubject, telling: Telling) -> int:
    return int(telling.order_ref in subject.sandbox.cancelled())


async def _times_accepted(subject: MarketplaceSubject, telling: Telling) -> int:
    order: Order = await subject.another().read(telling.order_ref)
    return int(not order.needs_acceptance)


async def _times_refused(subject: MarketplaceSubject, telling: Telling) -> int:
    order: Order = await subject.another().read(telling.order_ref)
    return int(not any(line.facts.buyer_asks_to_cancel for line in order.lines))


async def _times_corrected(subject: MarketplaceSubject, telling: Telling) -> int:
    return sum(
        shipment.code == OTHER_CODE and shipment.order_ref == telling.order_ref
        for shipment in subject.sandbox.shipments()
    )


CASES = (
    Case("confirm", (), _to_confirm, _times_confirmed),
    Case("cancel", (Can.CANCEL,), _to_cancel, _times_cancelled),
    Case("accept", (Can.ACCEPT,), _to_accept, _times_accepted),
    Case("refuse_cancellation", (Can.REFUSE_CANCELLATION,), _to_refuse, _times_refused),
    Case("correct", (Can.CORRECT_TRACKING,), _to_correct, _times_corrected, may_read_first=True),
)


def part_of(telling: Shipment, quantity: int) -> Shipment:
    """Only so many pieces of its first line."""
    first = telling.pieces[0]
    return replace(telling, pieces=(replace(first, quantity=quantity),))


def _reference(order: Order) -> str:
    return f"ORH-{order.ref}-{next(_NUMBERS)}"
