"""What monitoring asks of the store: whether it can be worked with, and how much there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection as database
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from orderhaven.store import sql
from orderhaven.store.models import REFUSED, MessageState

_APP = "store"


def answers() -> None:
    """Raises DatabaseError."""
    sql.rows("SELECT 1")


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


# Each walks an index that holds nothing final, or is led by one, so that it takes as long after years as on the first day.
_OPEN_ORDERS = """
SELECT status, COUNT(*), SUM(CASE WHEN ship_by < %s AND NOT by_marketplace THEN 1 ELSE 0 END)
FROM store_order WHERE closed_at IS NULL GROUP BY status
"""
_PROBLEMS = "SELECT kind, COUNT(*) FROM store_problem WHERE solved_at IS NULL GROUP BY kind"
NOT_FINAL = (
    MessageState.HELD, MessageState.DUE, MessageState.SENDING, MessageState.UNCLEAR, MessageState.AWAITING,
    *sorted(REFUSED),
)  # fmt: skip
# a CROSS JOIN keeps SQLite from beginning with all messages there ever were
_MESSAGES = f"""
SELECT m.state, COUNT(*), MIN(m.due_at) FROM store_connection c CROSS JOIN store_message m
WHERE m.connection_id = c.id AND m.state IN ({", ".join(f"'{state}'" for state in NOT_FINAL)}) GROUP BY m.state
"""
_WAITS = "SELECT COUNT(*) FROM store_order WHERE wait_until IS NOT NULL"
_DELIVERIES = "SELECT COUNT(*), MIN(due_at) FROM store_delivery WHERE state = 'due'"
_CONNECTIONS = "SELECT id, connector, role, state, heard_at, failing_since FROM store_connection ORDER BY id"
STATEMENTS = (_OPEN_ORDERS, _PROBLEMS, _MESSAGES, _WAITS, _DELIVERIES, _CONNECTIONS)


def figures(now: datetime) -> Figures:
    """Six queries, whatever the size of the trade."""
    orders = sql.rows(_OPEN_ORDERS, [now])
    messages = sql.rows(_MESSAGES)
    due = {state: sql.time_of(at) for state, _, at in messages}
    ((waits,),) = sql.rows(_WAITS)
    ((deliveries, oldest_delivery),) = sql.rows(_DELIVERIES)
    return Figures(
        open_orders={status: number for status, number, _ in orders},
        late_orders=sum(late or 0 for _, _, late in orders),
        problems=dict(sql.rows(_PROBLEMS)),
        messages={state: number for state, number, _ in messages},
        oldest_due=due.get(MessageState.DUE),
        waits=waits,
        deliveries=deliveries,
        oldest_delivery=sql.time_of(oldest_delivery),
        connections=tuple(_figure(*row) for row in sql.rows(_CONNECTIONS)),
    )


def _figure(
    connection_id: int, connector: str, role: str, state: str, heard_at: datetime | None, failing_since: object
) -> Figure:
    return Figure(connection_id, connector, role, state, sql.time_of(heard_at), failing_since is not None)
