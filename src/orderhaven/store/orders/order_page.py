"""One order as its page shows it: rows, shipments, and whose parcel a tracking number is thought to be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Count, Max, Min, QuerySet

from orderhaven.core.carriers import Carrier, Confidence, Recognition
from orderhaven.core.carriers.recognise import CarrierRule, rule_for
from orderhaven.core.order import Address, WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.store.listing.filters import unindexed
from orderhaven.store.listing.rows import Row, row_of
from orderhaven.store.models import (
    Event,
    Line,
    Message,
    MessageKind,
    MessageState,
    Order,
    OrderContact,
    Problem,
    Shipment,
    Side,
)
from orderhaven.store.orders.conversions import address_of
from orderhaven.store.orders.shop_snapshots import of_orders, with_quote
from orderhaven.store.outbox.commands import carrier_of, recognised_carrier, rules_of
from orderhaven.store.outbox.payloads import Payload

V = TypeVar("V")
_LOOKED_AT = 2_000
_BEHIND_ALL = 2**62
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    marketplace: str
    ref: str
    tracking_number: str
    carrier: str
    label_number: str
    remote_ref: str
    quantities: Mapping[str, int]  # line ref -> quantity
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Shipments:
    rows: tuple[ShipmentRow, ...]
    before: int | None  # the next page stands before this one; None: this is the last


def shipments(merchant_id: int, before: int | None, since: datetime | None, limit: int) -> Shipments:
    """Those confirmed at or after `since`. Three queries.

    A shipment is written when it is confirmed: before a stretch that is too old, all are.
    """
    end, since = before if before is not None else _BEHIND_ALL, since or _LONG_AGO
    found = _stretch(end).aggregate(oldest=Min("id"), youngest=Max("confirmed_at"), count=Count("id"))
    if found["oldest"] is None or found["youngest"] < since:
        return Shipments((), None)
    ids = list(_of(merchant_id, found["oldest"], end, since)[: limit + 1])
    if len(ids) > limit:
        return Shipments(_rows(ids[:limit]), ids[limit - 1])
    return Shipments(_rows(ids), found["oldest"] if found["count"] == _LOOKED_AT else None)


# below: how


def _stretch(end: int) -> QuerySet[Shipment, Any]:
    return Shipment.objects.filter(pk__lt=end).order_by("-id").values("id", "confirmed_at")[:_LOOKED_AT]


def _of(merchant_id: int, oldest: int, end: int, since: datetime) -> QuerySet[Shipment, int]:
    """In this stretch; whose it is is `unindexed`, or SQLite would begin with all orders of the merchant."""
    mine = Shipment.objects.filter(unindexed(order__merchant__id__exact=merchant_id), confirmed_at__gte=since)
    return mine.filter(pk__gte=oldest, pk__lt=end).order_by("-id").values_list("id", flat=True)


def _rows(ids: list[int]) -> tuple[ShipmentRow, ...]:
    found = Shipment.objects.filter(pk__in=ids).select_related("order__connection").order_by("-id")
    return tuple(_viewed(ShipmentRow, one, marketplace=one.order.connection.name, ref=one.order.ref) for one in found)


def _viewed(view: type[V], row: object, **others: object) -> V:
    """A view of a row: what the row calls the same, and the others."""
    same = {one.name: getattr(row, one.name) for one in fields(view) if one.name not in others}  # type: ignore[arg-type]
    return view(**same, **others)


class DecidedBy(StrEnum):
    PERSON = "person"
    RULE = "rule"
    CODE = "code"  # and what the shop says beside it
    DEFAULT = "default"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Evidence:
    tracking_number: str  # clean, where it has the form of one
    carrier: Carrier | None  # None exactly when nobody decided
    decided_by: DecidedBy
    why: str  # what the number itself says, in a sentence
    rule: CarrierRule | None  # the rule that decided; None when none did


def evidence(row: Order) -> Evidence | None:
    """As the marketplace would get it, by what is set now; None without a number."""
    if not row.tracking_number:
        return None
    seen = recognised_carrier(row)
    rule = rule_for(rules_of(row.own_link), seen, row.carrier_name)
    carrier = carrier_of(row, seen)
    by = _decided_by(row, seen, rule, carrier)
    return Evidence(
        seen.tracking_number or row.tracking_number, carrier, by, seen.why, rule if by is DecidedBy.RULE else None
    )


def _decided_by(row: Order, seen: Recognition, rule: CarrierRule | None, carrier: Carrier | None) -> DecidedBy:
    if row.chosen_carrier:
        return DecidedBy.PERSON
    if rule is not None:
        return DecidedBy.RULE
    if seen.confidence is not Confidence.UNSURE:
        return DecidedBy.CODE
    return DecidedBy.DEFAULT if carrier else DecidedBy.NOBODY


@dataclass(frozen=True, slots=True)
class LineView:
    ref: str
    title: str
    sku: str
    ean: str
    ordered: int
    in_shop: int
    shipped: int
    cancelled: int
    buyer_asks_to_cancel: bool
    by_marketplace: bool
    total: Decimal


@dataclass(frozen=True, slots=True)
class MessageView:
    side: Side
    kind: MessageKind
    state: MessageState
    attempt: int
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None  # None: not finished
    payload: Payload
    handle: str
    remote_ref: str


@dataclass(frozen=True, slots=True)
class ShipmentView:
    tracking_number: str
    carrier: str
    label_number: str
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
    received_at: datetime
    read_at: datetime | None  # None: seen in a list, not read yet
    shop_ref: str
    shop_state: str
    shop_status: str
    completed_at: datetime | None  # None: not completed in the shop
    wait_until: datetime | None  # None: not waiting
    carrier_name: str
    tracking_url: str
    label_number: str
    chosen_carrier: str
    evidence: Evidence | None  # None: no code
    confirmed_at: datetime | None  # None: the marketplace did not confirm
    deliver_by: datetime | None
    has_address: bool  # false: the marketplace does not show it yet
    expires_at: datetime | None  # the marketplace cancels it by itself after this
    is_test: bool
    lines: tuple[LineView, ...]
    messages: tuple[MessageView, ...]
    shipments: tuple[ShipmentView, ...]
    problems: tuple[ProblemView, ...]  # the open ones
    events: tuple[EventView, ...]  # oldest first

    @property
    def asks_for_our_yes(self) -> bool:
        """Whether a person may accept it now: nobody did, and nothing of that is under way."""
        waits = self.head.status is Status.PENDING_CONFIRMATION and self.head.waits_for is WaitsFor.OUR_YES
        given = any(one.kind is MessageKind.ACCEPT and one.state is not MessageState.WITHDRAWN for one in self.messages)
        return waits and self.read_at is not None and not given


_LATEST_EVENTS = 200  # of one order; a reader of all events goes along `events`


def order_page(order_id: int, *, quotes: bool = False) -> OrderPage:
    """Six queries, whatever the order; one more where a Problem has text to quote and `quotes` lets it."""
    row = Order.objects.select_related("connection", "link__shop").get(pk=order_id)
    lines = list(Line.objects.filter(order_id=order_id).order_by("position"))
    problems = list(Problem.objects.filter(order_id=order_id, resolved_at__isnull=True).order_by("id"))
    kinds = tuple(ProblemKind(problem.kind) for problem in problems)
    shipments = list(Shipment.objects.filter(order_id=order_id).order_by("id"))
    quote = of_orders({order_id: kinds}).get(order_id, "") if quotes else ""
    carriers = tuple(dict.fromkeys(one.carrier for one in shipments if one.carrier))
    return _viewed(
        OrderPage,
        row,
        head=row_of(row, kinds, sum(line.ordered for line in lines), carriers),
        connector=row.connection.connector,
        shop_connector=row.link.shop.connector if row.link is not None else "",
        evidence=evidence(row),
        has_address=bool(row.country),
        lines=tuple(_viewed(LineView, one, buyer_asks_to_cancel=one.cancellation_requested) for one in lines),
        messages=tuple(map(_message, Message.objects.filter(order_id=order_id).order_by("id"))),
        shipments=tuple(_viewed(ShipmentView, one) for one in shipments),
        problems=tuple(ProblemView(ProblemKind(one.kind), one.values, one.at, one.evidence, quote) for one in problems),
        events=_events(order_id),
    )


def buyer(order_id: int) -> Mapping[str, Address]:
    """The personal data, by role; empty once it was erased."""
    return {person.role: address_of(person) for person in OrderContact.objects.filter(order_id=order_id)}


def _message(message: Message) -> MessageView:
    side, kind, state = Side(message.side), MessageKind(message.kind), MessageState(message.state)
    return _viewed(MessageView, message, side=side, kind=kind, state=state)


def _events(order_id: int) -> tuple[EventView, ...]:
    latest = Event.objects.filter(order_id=order_id).order_by("-id")[:_LATEST_EVENTS]
    return tuple(_viewed(EventView, event) for event in reversed(latest))
