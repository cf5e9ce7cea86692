"""How the hub is doing: its heartbeat, its overview, and its health."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any

from django.db import connection as database
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.listing.filters import STILL_TO_SEND, unindexed
from orderhaven.store.models import (
    REJECTED_STATES,
    Connection,
    Delivery,
    DeliveryState,
    Event,
    Message,
    MessageKind,
    MessageState,
    Order,
    Problem,
)


def record_heartbeat() -> str:
    """Opaque, and the same for everybody: it says that something happened somewhere, never what or to whom."""
    # an order is moved with an event, or with a message that is begun or finished
    newest = [model.objects.aggregate(newest=Max("pk"))["newest"] for model in (Event, Message, Order)]
    runs = Connection.objects.aggregate(runs=Sum("epoch"))["runs"]
    now = (*newest, runs, Problem.objects.filter(resolved_at__isnull=True).count())
    return hashlib.sha256(repr(now).encode()).hexdigest()[:16]


_MOST_TIMES = 5_000  # of the newest: more would not move a percentile
_AT_RISK = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds; `count` of them were looked at. Nothing was: both are 0."""

    p50_s: float
    p95_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Overview:
    received: Counter[tuple[datetime, str]]  # (beginning of the hour or day, marketplace) -> orders placed there
    to_shop: Times  # from pulling an order to having it in the shop
    to_confirmation: Times  # from its completion in the shop to the marketplace's yes
    at_risk: int  # still to send, and less than four hours left
    problems: Sequence[tuple[ProblemKind, int]]  # most frequent first


def overview(merchant_id: int, since: datetime, now: datetime, zone: tzinfo, *, by_day: bool) -> Overview:
    """Five queries."""
    return Overview(
        received=_received(merchant_id, since, zone, by_day=by_day),
        to_shop=_times(merchant_id, MessageKind.CREATE, "order__received_at", since),
        to_confirmation=_times(merchant_id, MessageKind.CONFIRM, "order__completed_at", since),
        at_risk=_at_risk(merchant_id, now),
        problems=_problems(merchant_id),
    )


def _received(merchant_id: int, since: datetime, zone: tzinfo, *, by_day: bool) -> Counter[tuple[datetime, str]]:
    truncate = TruncDay if by_day else TruncHour
    rows = Order.objects.filter(merchant_id=merchant_id, placed_at__gte=since)
    rows = rows.annotate(moment=truncate("placed_at", tzinfo=zone), name=F("connection__name"))
    found = rows.order_by().values_list("moment", "name").annotate(number=Count("id"))
    return Counter({(moment, name): number for moment, name, number in found})


def _times(merchant_id: int, kind: MessageKind, began: str, since: datetime) -> Times:
    rows = Message.objects.filter(
        connection__merchant_id=merchant_id, kind=str(kind), state=str(MessageState.DONE), created_at__gte=since,
        finished_at__isnull=False, **{f"{began}__isnull": False},
    )  # fmt: skip
    pairs = rows.order_by("-created_at").values_list(began, "finished_at")[:_MOST_TIMES]
    seconds = sorted(max((ended - start).total_seconds(), 0.0) for start, ended in pairs)
    if not seconds:
        return Times(0, 0, 0)
    return Times(_percentile(seconds, 50), _percentile(seconds, 95), len(seconds))


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent are not above."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def _at_risk(merchant_id: int, now: datetime) -> int:
    still_to_send = Order.objects.filter(
        merchant_id=merchant_id, closed_at=None, status__in=(*STILL_TO_SEND, Status.WAITING),
        ship_by__gte=now, ship_by__lt=now + _AT_RISK, by_marketplace=False,
    )  # fmt: skip
    return still_to_send.count()


def _problems(merchant_id: int) -> list[tuple[ProblemKind, int]]:
    # by the index of open problems; the one of the merchant's orders would lead through all of the history
    rows = Problem.objects.filter(unindexed(order__merchant__id__exact=merchant_id), resolved_at=None)
    found = [(ProblemKind(kind), number) for kind, number in rows.values_list("kind").annotate(number=Count("id"))]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


_APP = "store"


def answers() -> None:
    """Raises DatabaseError."""
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")


def schema_fits() -> bool:
    """Whether the database has every change that this version knows, and none of ours that it does not know."""
    applied = set(MigrationRecorder(database).applied_migrations())
    known = _known_changes()
    return known <= applied and not any(app == _APP for app, _name in applied - known)


@cache
def _known_changes() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations or {})


@dataclass(frozen=True, slots=True)
class Figure:
    """One account with the other side, without a name of anybody."""

    connection_id: int
    connector: str
    side: str
    state: str
    last_pulled_at: datetime | None  # None: not pulled yet
    is_failing: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all merchants together. Words with nothing in them are absent."""

    open_orders: Mapping[str, int]  # by status
    late_orders: int
    problems: Mapping[str, int]  # open ones, by kind
    messages: Mapping[str, int]  # not final, by state
    oldest_due: datetime | None  # since when the longest waiting message is due
    waits: int
    deliveries: int
    oldest_delivery: datetime | None
    connections: tuple[Figure, ...]


NOT_FINAL = (
    MessageState.ON_HOLD, MessageState.QUEUED, MessageState.IN_FLIGHT, MessageState.UNCONFIRMED, MessageState.PROCESSING,
    *sorted(REJECTED_STATES),
)  # fmt: skip


# Each walks an index that holds nothing final, or is led by one, so that it takes as long after years as on the first day.


def open_orders(now: datetime) -> QuerySet[Order, Any]:
    """(status, orders, late ones)"""
    late = Count("id", filter=Q(ship_by__lt=now, by_marketplace=False))
    found = Order.objects.filter(closed_at__isnull=True).order_by().values("status")
    return found.annotate(number=Count("id"), late=late).values_list("status", "number", "late")


def open_problems() -> QuerySet[Problem, Any]:
    """(kind, number)"""
    found = Problem.objects.filter(resolved_at__isnull=True, order_id__gt=0).order_by().values("kind")
    return found.annotate(number=Count("id")).values_list("kind", "number")


def open_messages() -> QuerySet[Message, Any]:
    """(state, number, oldest due); the connections, which are few, lead to what is not final of each"""
    of_some = Message.objects.filter(connection_id__in=list(Connection.objects.values_list("id", flat=True)))
    found = of_some.filter(state__in=NOT_FINAL).order_by().values("state")
    return found.annotate(number=Count("id"), oldest=Min("due_at")).values_list("state", "number", "oldest")


def figures(now: datetime) -> Figures:
    """Seven queries, whatever the size of the trade."""
    orders, messages = list(open_orders(now)), list(open_messages())
    deliveries = Delivery.objects.filter(state=DeliveryState.QUEUED).aggregate(number=Count("id"), oldest=Min("due_at"))
    columns = ("id", "connector", "side", "state", "last_pulled_at", "failing_since")
    return Figures(
        open_orders={status: number for status, number, _ in orders},
        late_orders=sum(late for _, _, late in orders),
        problems=dict(open_problems()),
        messages={state: number for state, number, _ in messages},
        oldest_due=next((oldest for state, _, oldest in messages if state == MessageState.QUEUED), None),
        waits=Order.objects.filter(wait_until__isnull=False).count(),
        deliveries=deliveries["number"],
        oldest_delivery=deliveries["oldest"],
        connections=tuple(_figure(*row) for row in Connection.objects.order_by("id").values_list(*columns)),
    )


def _figure(
    connection_id: int, connector: str, side: str, state: str, last_pulled_at: datetime | None, failing_since: object
) -> Figure:
    return Figure(connection_id, connector, side, state, last_pulled_at, failing_since is not None)
