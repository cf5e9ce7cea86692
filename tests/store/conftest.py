"""A merchant with one marketplace, one shop and the link between them, and orders as they are heard."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from msgspec.structs import replace

from orderhaven.core.order import LineFacts
from orderhaven.core.order import Order as WholeOrder
from orderhaven.core.shop_order import ShopLine, ShopOrder, ShopState
from orderhaven.ports.connector import Role
from orderhaven.ports.marketplace import Sighting
from orderhaven.ports.sandbox import Article, Basket
from orderhaven.store import connections, keys, orders, outbox, shop_readings
from orderhaven.store.connections import Claim
from orderhaven.store.ledger import Ledger, orders_to_change
from orderhaven.store.models import Connection, Event, Kind, Line, Link, Merchant, Message, MessageState, Order, Problem
from orderhaven.store.outbox import Composed
from orderhaven.store.payloads import Payload
from orderhaven.store.settling import Pace
from orderhaven.store.verdicts import Done, Verdict
from orderhaven.testing.clock import START
from orderhaven.testing.goods import GIFT, LAMP, MUG, order_of

PACE = Pace("The other side", settle=timedelta(minutes=2), outcome_deadline=timedelta(minutes=30))
CODE = "3SABCD1234567"


def everything_open(message: Message) -> Payload:
    """What goes out when nothing of the order was handled yet."""
    known = {"pieces": {line.ref: line.ordered for line in message.order.lines.all()}, "code": message.order.code}
    return replace(message.payload, **{name: said for name, said in known.items() if hasattr(message.payload, name)})


@dataclass
class Books:
    """The store as a cycle of each side sees it, at a time that the test moves."""

    merchant: Merchant
    marketplace: Connection
    shop: Connection
    link: Link
    there: Claim
    here: Claim
    now: datetime = START
    _sold: dict[str, WholeOrder] = field(default_factory=dict)

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    # the marketplace's side

    def whole(self, ref: str, *lines: tuple[Article, int], **basket: Any) -> WholeOrder:
        self._sold[ref] = order_of(ref, Basket(lines=lines or ((MUG, 2),), **basket), self.now)
        return self._sold[ref]

    def sighting(self, ref: str, **facts: Any) -> Sighting:
        """The order as a list shows it, every line with these facts."""
        whole = self._sold.get(ref) or self.whole(ref)
        lines = tuple(replace(line.facts, **facts) for line in whole.lines)
        return Sighting(ref, whole.placed_at, self.now, lines)

    def sees(self, *sightings: Sighting) -> int:
        """How many were new."""
        fresh = orders.take_sightings(self.there, self.link, sightings, self.now)
        return orders.take_new(self.there, self.link, fresh, self.now) if fresh else 0

    def reads(self, *refs: str) -> None:
        orders.take_orders(self.there, self.link, [self._sold[ref] for ref in refs], self.now)

    def hears(self, ref: str, *lines: tuple[Article, int], **basket: Any) -> Order:
        """A new order, seen and read."""
        self.whole(ref, *lines, **basket)
        self.sees(self.sighting(ref))
        self.reads(ref)
        return self.order(ref)

    # the shop's side

    def reading(self, ref: str, state: ShopState = ShopState.OPEN, **what: Any) -> ShopOrder:
        """The shop order of this order, as placed."""
        row = self.order(ref)
        lines = tuple(
            ShopLine(f"product {line.sku}", line.sku, line.title, line.ordered, line_ref=line.ref)
            for line in row.lines.order_by("position")
        )
        made = ShopOrder(f"shop-{ref}", f"shop-{ref}", ref, state, str(state), lines, self._sold[ref].total)
        return replace(made, **what)

    def shop_says(self, *readings: ShopOrder, begun_at: datetime | None = None) -> int:
        return shop_readings.take_readings(self.here, readings, begun_at or self.now, self.now)

    def places(self, ref: str) -> Order:
        """Heard and placed."""
        self.hears(ref)
        return self.gets_placed(ref)

    def gets_placed(self, ref: str) -> Order:
        message = self.begins(ref, Kind.PLACE)
        self.finishes(message, Done(f"shop-{ref}", self.reading(ref)))
        return self.order(ref)

    # messages

    def begins(self, ref: str, kind: Kind, payload: Payload | None = None) -> Message:
        message = self.message(ref, kind)
        given = everything_open(message) if payload is None else payload
        begun = outbox.begin(
            self._claim_of(message), [Composed(message, given)], self.now + timedelta(seconds=30), self.now
        )
        assert begun == {message.pk}
        return self.message(ref, kind)

    def finishes(self, message: Message, verdict: Verdict, state: MessageState = MessageState.SENDING) -> Message:
        claim = self._claim_of(message)
        outbox.finish(claim, {message.pk: (message.attempt, verdict)}, state, PACE, self.now)
        return Message.objects.get(pk=message.pk)

    def tells(self, ref: str, kind: Kind) -> Message:
        return self.finishes(self.begins(ref, kind), Done("remote-1"))

    def message(self, ref: str, kind: Kind, part: int = 0) -> Message:
        """The newest one."""
        return Message.objects.filter(order__ref=ref, kind=kind, part=part).select_related("order").latest("id")

    def due(self, claim: Claim, state: MessageState = MessageState.DUE) -> list[tuple[str, str]]:
        return [(one.order.ref, one.kind) for one in outbox.due(claim, state, self.now, 50)]

    def _claim_of(self, message: Message) -> Claim:
        return self.here if message.connection_id == self.shop.pk else self.there

    # a person's hand, or a test's

    def change(self, ref: str, *acts: Any) -> Order:
        """Run `act(ledger, row)` for each, in one transaction."""
        with transaction.atomic():
            [row] = orders_to_change(Order.objects.filter(ref=ref).values_list("id", flat=True))
            ledger = Ledger(self.now, "tester")
            for act in acts:
                act(ledger, row)
            ledger.write()
        return self.order(ref)

    # what stands there

    def order(self, ref: str) -> Order:
        return Order.objects.select_related("link").get(ref=ref)

    def states(self, ref: str) -> list[tuple[str, str]]:
        rows = Message.objects.filter(order__ref=ref).order_by("id")
        return [(str(kind), str(state)) for kind, state in rows.values_list("kind", "state")]

    def problems(self, ref: str) -> list[str]:
        return sorted(Problem.objects.filter(order__ref=ref, solved_at=None).values_list("kind", flat=True))

    def events(self, ref: str) -> list[str]:
        return list(Event.objects.filter(order__ref=ref).order_by("id").values_list("kind", flat=True))

    def lines(self, ref: str) -> list[tuple[int, int, int]]:
        rows = Line.objects.filter(order__ref=ref).order_by("position")
        return list(rows.values_list("ordered", "shipped", "cancelled"))


def connection(merchant: Merchant, role: Role, name: str, **columns: Any) -> Connection:
    given = {"connector": f"reference_{role}", "fingerprint": name, "secrets": keys.encrypt({"key": "the secret key"})}
    return Connection.objects.create(merchant=merchant, role=role, name=name, **given | columns)


def new_books() -> Books:
    """In an empty store."""
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    marketplace = connection(merchant, Role.MARKETPLACE, "bol NL")
    shop = connection(merchant, Role.SHOP, "Webshop")
    link = Link.objects.create(merchant=merchant, marketplace=marketplace, shop=shop, from_at=START)
    claims = [connections.claim(side.pk) for side in (marketplace, shop)]
    assert claims[0] is not None
    assert claims[1] is not None
    return Books(merchant, marketplace, shop, link, claims[0][0], claims[1][0])


@pytest.fixture
def books(any_store: None) -> Books:
    return new_books()


__all__ = ["CODE", "GIFT", "LAMP", "MUG", "PACE", "Books", "LineFacts", "connection", "everything_open", "new_books"]
