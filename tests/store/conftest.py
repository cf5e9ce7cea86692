"""A merchant with one marketplace, one shop and the link between them, and orders as they are pulled."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from msgspec.structs import replace

from orderhaven.core.order import LineQuantities
from orderhaven.core.order import MarketplaceOrder as WholeOrder
from orderhaven.core.shop_order import ShopLine, ShopOrderSnapshot, ShopState
from orderhaven.ports.connector import Side
from orderhaven.ports.marketplace import OrderSummary
from orderhaven.ports.sandbox import Basket, CatalogueItem
from orderhaven.store.connections import connections, keys, links
from orderhaven.store.connections.connections import Claim
from orderhaven.store.connections.routing import Routing
from orderhaven.store.models import (
    Connection,
    Event,
    Line,
    Link,
    Merchant,
    Message,
    MessageKind,
    MessageState,
    Order,
    Problem,
)
from orderhaven.store.orders import marketplace_snapshots, shop_snapshots
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.apply_results import Pace
from orderhaven.store.outbox.payloads import Payload
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.sql.rows import links_by_channel
from orderhaven.testing.clock import START
from orderhaven.testing.goods import GIFT, LAMP, MUG, order_of

PACE = Pace("The other side", visibility_delay=timedelta(minutes=2), outcome_deadline=timedelta(minutes=30))
CODE = "3SABCD1234567"


def everything_open(message: Message) -> Payload:
    """What goes out when nothing of the order was handled yet."""
    known = {
        "quantities": {line.ref: line.ordered for line in message.order.lines.all()},
        "tracking_number": message.order.tracking_number,
    }
    return replace(message.payload, **{name: said for name, said in known.items() if hasattr(message.payload, name)})


@dataclass
class Books:
    """The store as a sync run of each side sees it, at a time that the test moves."""

    merchant: Merchant
    marketplace: Connection
    shop: Connection
    link: Link
    there: Claim
    here: Claim
    now: datetime = START
    _sold: dict[str, WholeOrder] = field(default_factory=dict)

    @property
    def routing(self) -> Routing:
        return Routing(self.marketplace, links_by_channel(self.marketplace.pk))

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    # the marketplace's side

    def whole(self, ref: str, *lines: tuple[CatalogueItem, int], **basket: Any) -> WholeOrder:
        self._sold[ref] = order_of(ref, Basket(lines=lines or ((MUG, 2),), **basket), self.now)
        return self._sold[ref]

    def summary(self, ref: str, **facts: Any) -> OrderSummary:
        """The order as a list shows it, every line with these facts."""
        whole = self._sold.get(ref) or self.whole(ref)
        lines = tuple(replace(line.quantities, **facts) for line in whole.lines)
        return OrderSummary(ref, whole.placed_at, self.now, lines)

    def sees(self, *summaries: OrderSummary) -> int:
        """How many were new."""
        fresh = marketplace_snapshots.record_summaries(self.there, self.routing, summaries, self.now).never_seen
        return marketplace_snapshots.insert_orders(self.there, self.routing, fresh, self.now) if fresh else 0

    def reads(self, *refs: str) -> None:
        marketplace_snapshots.record_orders(self.there, self.routing, [self._sold[ref] for ref in refs], self.now)

    def pulls(self, ref: str, *lines: tuple[CatalogueItem, int], **basket: Any) -> Order:
        """A new order, seen and read."""
        self.whole(ref, *lines, **basket)
        self.sees(self.summary(ref))
        self.reads(ref)
        return self.order(ref)

    # the shop's side

    def snapshot(self, ref: str, state: ShopState = ShopState.OPEN, **what: Any) -> ShopOrderSnapshot:
        """The shop order of this order, as created."""
        row = self.order(ref)
        lines = tuple(
            ShopLine(f"product {line.sku}", line.sku, line.title, line.ordered, line_ref=line.ref)
            for line in row.lines.order_by("position")
        )
        made = ShopOrderSnapshot(f"shop-{ref}", f"shop-{ref}", ref, state, str(state), lines, self._sold[ref].total)
        return replace(made, **what)

    def shop_says(self, *snapshots: ShopOrderSnapshot, begun_at: datetime | None = None) -> int:
        return shop_snapshots.record_snapshots(self.here, snapshots, begun_at or self.now, self.now)

    def places(self, ref: str) -> Order:
        """Pulled, and created in the shop."""
        self.pulls(ref)
        return self.gets_placed(ref)

    def gets_placed(self, ref: str) -> Order:
        message = self.begins(ref, MessageKind.CREATE)
        self.finishes(message, result.Done(f"shop-{ref}", self.snapshot(ref)))
        return self.order(ref)

    # messages

    def begins(self, ref: str, kind: MessageKind, payload: Payload | None = None) -> Message:
        message = self.message(ref, kind)
        given = everything_open(message) if payload is None else payload
        begun = queue.begin(
            self._claim_of(message), [ComposedMessage(message, given)], self.now + timedelta(seconds=30), self.now
        )
        assert begun == {message.pk}
        return self.message(ref, kind)

    def finishes(
        self, message: Message, outcome: result.CommandResult, state: MessageState = MessageState.IN_FLIGHT
    ) -> Message:
        claim = self._claim_of(message)
        queue.finish(claim, {message.pk: (message.attempt, outcome)}, state, PACE, self.now)
        return Message.objects.get(pk=message.pk)

    def tells(self, ref: str, kind: MessageKind) -> Message:
        return self.finishes(self.begins(ref, kind), result.Done("remote-1"))

    def message(self, ref: str, kind: MessageKind, part: int = 0) -> Message:
        """The newest one."""
        return Message.objects.filter(order__ref=ref, kind=kind, part=part).select_related("order").latest("id")

    def due(self, claim: Claim, state: MessageState = MessageState.QUEUED) -> list[tuple[str, str]]:
        return [(one.order.ref, one.kind) for one in queue.due(claim, state, self.now, 50)]

    def _claim_of(self, message: Message) -> Claim:
        return self.here if message.connection_id == self.shop.pk else self.there

    # a person's hand, or a test's

    def change(self, ref: str, *acts: Any) -> Order:
        """Run `act(uow, row)` for each, in one transaction."""
        with transaction.atomic():
            [row] = orders_to_change(Order.objects.filter(ref=ref).values_list("id", flat=True))
            uow = UnitOfWork(self.now, "tester")
            for act in acts:
                act(uow, row)
            uow.write()
        return self.order(ref)

    # what stands there

    def order(self, ref: str) -> Order:
        return Order.objects.select_related("link").get(ref=ref)

    def states(self, ref: str) -> list[tuple[str, str]]:
        rows = Message.objects.filter(order__ref=ref).order_by("id")
        return [(str(kind), str(state)) for kind, state in rows.values_list("kind", "state")]

    def problems(self, ref: str) -> list[str]:
        return sorted(Problem.objects.filter(order__ref=ref, resolved_at=None).values_list("kind", flat=True))

    def events(self, ref: str) -> list[str]:
        return list(Event.objects.filter(order__ref=ref).order_by("id").values_list("kind", flat=True))

    def lines(self, ref: str) -> list[tuple[int, int, int]]:
        rows = Line.objects.filter(order__ref=ref).order_by("position")
        return list(rows.values_list("ordered", "shipped", "cancelled"))


def connection(merchant: Merchant, role: Side, name: str, **columns: Any) -> Connection:
    given = {"connector": f"reference_{role}", "fingerprint": name, "secrets": keys.encrypt({"key": "the secret key"})}
    return Connection.objects.create(merchant=merchant, side=role, name=name, **given | columns)


def new_books() -> Books:
    """In an empty store."""
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    marketplace = connection(merchant, Side.MARKETPLACE, "bol NL")
    shop = connection(merchant, Side.SHOP, "Webshop")
    link = Link.objects.create(merchant=merchant, name="bol NL", marketplace=marketplace, shop=shop, from_at=START)
    links.write_scope(link)
    claims = [connections.claim(side.pk) for side in (marketplace, shop)]
    assert claims[0] is not None
    assert claims[1] is not None
    return Books(merchant, marketplace, shop, link, claims[0][0], claims[1][0])


@pytest.fixture
def books(any_store: None) -> Books:
    return new_books()


__all__ = [
    "CODE",
    "GIFT",
    "LAMP",
    "MUG",
    "PACE",
    "Books",
    "LineQuantities",
    "connection",
    "everything_open",
    "new_books",
]
