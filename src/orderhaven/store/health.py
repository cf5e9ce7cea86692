"""What monitoring asks of the store: whether it can be worked with, and how much there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection as database
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Min, Q, QuerySet

from orderhaven.store.models import REFUSED, Connection, Delivery, DeliveryState, Message, MessageState, Order, Problem

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
    role: str
    state: str
    heard_at: datetime | None  # None: not heard yet
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
    MessageState.HELD, MessageState.DUE, MessageState.SENDING, MessageState.UNCLEAR, MessageState.AWAITING,
    *sorted(REFUSED),
)  # fmt: skip


# Each walks an index that holds nothing final, or is led by one, so that it takes as long after years as on the first day.


def open_orders(now: datetime) -> QuerySet[Order, Any]:
    """(status, orders, late ones)"""
    late = Count("id", filter=Q(ship_by__lt=now, by_marketplace=False))
    found = Order.objects.filter(closed_at__isnull=True).order_by().values("status")
    return found.annotate(number=Count("id"), late=late).values_list("status", "number", "late")


def open_problems() -> QuerySet[Problem, Any]:
    """(kind, number)"""
    found = Problem.objects.filter(solved_at__isnull=True, order_id__gt=0).order_by().values("kind")
    return found.annotate(number=Count("id")).values_list("kind", "number")


def open_messages() -> QuerySet[Message, Any]:
    """(state, number, oldest due); the connections, which are few, lead to what is not final of each"""
    of_some = Message.objects.filter(connection_id__in=list(Connection.objects.values_list("id", flat=True)))
    found = of_some.filter(state__in=NOT_FINAL).order_by().values("state")
    return found.annotate(number=Count("id"), oldest=Min("due_at")).values_list("state", "number", "oldest")


def figures(now: datetime) -> Figures:
    """Seven queries, whatever the size of the trade."""
    orders, messages = list(open_orders(now)), list(open_messages())
    deliveries = Delivery.objects.filter(state=DeliveryState.DUE).aggregate(number=Count("id"), oldest=Min("due_at"))
    columns = ("id", "connector", "role", "state", "heard_at", "failing_since")
    return Figures(
        open_orders={status: number for status, number, _ in orders},
        late_orders=sum(late for _, _, late in orders),
        problems=dict(open_problems()),
        messages={state: number for state, number, _ in messages},
        oldest_due=next((oldest for state, _, oldest in messages if state == MessageState.DUE), None),
        waits=Order.objects.filter(wait_until__isnull=False).count(),
        deliveries=deliveries["number"],
        oldest_delivery=deliveries["oldest"],
        connections=tuple(_figure(*row) for row in Connection.objects.order_by("id").values_list(*columns)),
    )


def _figure(
    connection_id: int, connector: str, role: str, state: str, heard_at: datetime | None, failing_since: object
) -> Figure:
    return Figure(connection_id, connector, role, state, heard_at, failing_since is not None)
