"""One order with everything the hub knows of it. Its buyer's personal data is asked for separately."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderhaven.core.address import Address
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.store.evidence import Evidence, evidence
from orderhaven.store.listing.rows import Row, row_of
from orderhaven.store.models import Event, Kind, Line, Message, MessageState, Order, Person, Problem, Shipment, Side
from orderhaven.store.payloads import Payload
from orderhaven.store.shapes import address_of
from orderhaven.store.unread import of_orders, with_quote


@dataclass(frozen=True, slots=True)
class LineView:
    ref: str
    title: str
    sku: str
    ean: str
    ordered: int
    placed: int
    shipped: int
    cancelled: int
    buyer_asks_to_cancel: bool
    by_marketplace: bool
    total: Decimal


@dataclass(frozen=True, slots=True)
class MessageView:
    side: Side
    kind: Kind
    state: MessageState
    attempt: int
    made_at: datetime
    due_at: datetime
    finished_at: datetime | None  # None: not finished
    payload: Payload
    handle: str
    remote_ref: str


@dataclass(frozen=True, slots=True)
class ShipmentView:
    code: str
    carrier: str
    label: str
    remote_ref: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class ProblemView:
    kind: ProblemKind
    values: Mapping[str, str]
    at: datetime
    evidence: str
    quote: str = ""  # of personal data, for who may see that; never among the values, which go further

    @property
    def sentence(self) -> str:
        return sentence(self.kind, with_quote(self.kind, self.values, self.quote))


@dataclass(frozen=True, slots=True)
class EventView:
    at: datetime
    actor: str
    kind: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`head` is the order as the list shows it; the rest stands nowhere else."""

    head: Row
    connector: str  # of the marketplace
    shop_connector: str
    heard_at: datetime
    read_at: datetime | None  # None: seen in a list, not read yet
    shop_ref: str
    shop_state: str
    shop_word: str
    completed_at: datetime | None  # None: not completed in the shop
    wait_until: datetime | None  # None: not waiting
    carrier_word: str
    code_url: str
    label: str
    chosen_carrier: str
    evidence: Evidence | None  # None: no code
    confirmed_at: datetime | None  # None: the marketplace did not confirm
    deliver_by: datetime | None
    expires_at: datetime | None  # the marketplace cancels it by itself after this
    is_test: bool
    lines: tuple[LineView, ...]
    messages: tuple[MessageView, ...]
    shipments: tuple[ShipmentView, ...]
    problems: tuple[ProblemView, ...]  # the open ones
    events: tuple[EventView, ...]  # oldest first


_SAME = (
    "heard_at", "read_at", "shop_ref", "shop_state", "shop_word", "completed_at", "wait_until", "carrier_word",
    "code_url", "label", "chosen_carrier", "confirmed_at", "deliver_by", "expires_at", "is_test",
)  # fmt: skip
_LATEST_EVENTS = 200  # of one order; a reader of all events goes along `events`


def order_page(order_id: int, *, quotes: bool = False) -> OrderPage:
    """Six queries, whatever the order; one more where a Problem has text to quote and `quotes` lets it."""
    row = Order.objects.select_related("link__marketplace", "link__shop").get(pk=order_id)
    lines = list(Line.objects.filter(order_id=order_id).order_by("position"))
    problems = list(Problem.objects.filter(order_id=order_id, solved_at__isnull=True).order_by("id"))
    kinds = tuple(ProblemKind(problem.kind) for problem in problems)
    shipments = list(Shipment.objects.filter(order_id=order_id).order_by("id"))
    quote = of_orders({order_id: kinds}).get(order_id, "") if quotes else ""
    carriers = tuple(dict.fromkeys(one.carrier for one in shipments if one.carrier))
    return OrderPage(
        head=row_of(row, kinds, sum(line.ordered for line in lines), carriers),
        connector=row.link.marketplace.connector,
        shop_connector=row.link.shop.connector,
        evidence=evidence(row),
        lines=tuple(map(_line, lines)),
        messages=tuple(map(_message, Message.objects.filter(order_id=order_id).order_by("id"))),
        shipments=tuple(map(_shipment, shipments)),
        problems=tuple(ProblemView(ProblemKind(one.kind), one.values, one.at, one.evidence, quote) for one in problems),
        events=_events(order_id),
        **{name: getattr(row, name) for name in _SAME},
    )


def buyer(order_id: int) -> Mapping[str, Address]:
    """The personal data, by role; empty once it was erased."""
    return {person.role: address_of(person) for person in Person.objects.filter(order_id=order_id)}


def _line(line: Line) -> LineView:
    return LineView(
        line.ref, line.title, line.sku, line.ean, line.ordered, line.placed, line.shipped, line.cancelled,
        line.buyer_asks, line.by_marketplace, line.total,
    )  # fmt: skip


def _message(message: Message) -> MessageView:
    return MessageView(
        Side(message.side), Kind(message.kind), MessageState(message.state), message.attempt, message.made_at,
        message.due_at, message.finished_at, message.payload, message.handle, message.remote_ref,
    )  # fmt: skip


def _shipment(shipment: Shipment) -> ShipmentView:
    return ShipmentView(shipment.code, shipment.carrier, shipment.label, shipment.remote_ref, shipment.confirmed_at)


def _events(order_id: int) -> tuple[EventView, ...]:
    latest = Event.objects.filter(order_id=order_id).order_by("-id")[:_LATEST_EVENTS]
    return tuple(EventView(event.at, event.actor, event.kind, event.data) for event in reversed(latest))
