"""The statements of a sync run, one function each, with the figure of the benchmark that demands it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from orderhaven.core.order import LineQuantities
from orderhaven.core.status import Status
from orderhaven.store.models import Connection, Message, MessageState
from orderhaven.store.sql.execute import change, change_each, marks, rows, rows_among, set_columns, time_of, update
from orderhaven.store.sql.rows import returned

# loop_ratio: 6 for 100 orders; idle_ratio: 2. One statement, so that of two runs none takes the other's epoch for its own
_RAISE_EPOCH = "UPDATE store_connection SET epoch = epoch + 1 WHERE id = %s"


def raise_epoch(connection_id: int) -> Connection | None:
    """The connection as it stands then; None when it is gone."""
    return next(iter(returned(Connection, _RAISE_EPOCH, [connection_id])), None)


# loop_ratio: 21 for 100 orders; idle_ratio: 2.2
_EPOCH = "SELECT epoch, repeated_count FROM store_connection WHERE id = %s"
_AND_HOLD = " FOR SHARE"  # on PostgreSQL; on SQLite a transaction is the only writer anyway


def held_epoch(connection_id: int) -> tuple[int, int] | None:
    """The epoch, which stays until the end of the transaction, and how many orders in a row met one refusal; None: it is gone."""
    lock = _AND_HOLD if connection.features.has_select_for_update else ""
    return next(((epoch, alike) for epoch, alike in rows(_EPOCH + lock, [connection_id])), None)


# loop_ratio: 7 for 100 orders; idle_ratio: 2
_DUE_CONNECTIONS = """
SELECT id FROM store_connection
WHERE (state = 'active' AND (pull_at <= %s OR push_at <= %s OR refresh_at <= %s)
    AND (backoff_until IS NULL OR backoff_until <= %s)) OR wait_at <= %s
ORDER BY id LIMIT %s
"""


def due_connections(now: datetime, limit: int) -> list[int]:
    """Connections with something to do. A wait ends on a connection in trouble too: then by the clock alone."""
    return [key for (key,) in rows(_DUE_CONNECTIONS, [now] * 5 + [limit])]


# loop_ratio: 3 for 100 orders
_NUDGE_PUSH = "UPDATE store_connection SET push_at = %s WHERE id = %s AND (push_at IS NULL OR push_at > %s)"


def nudge_push(connection_id: int, now: datetime) -> None:
    """A push is due now, if it was not before."""
    change(_NUDGE_PUSH, [now, connection_id, now])


# loop_ratio: 9 for 100 orders; idle_ratio: 2.2
_IN_EPOCH = "id = %s AND epoch = %s"


def set_in_epoch(connection_id: int, epoch: int, columns: Mapping[str, object]) -> bool:
    """Compare and set. Whether the epoch was still this one."""
    return set_columns(Connection, columns, _IN_EPOCH, [connection_id, epoch]) > 0


_WITH_LINK = "JOIN store_order o ON o.id = m.order_id LEFT JOIN store_link l ON l.id = o.link_id"
# an order of no link is in no dry run: what a person does with it goes to its marketplace
_OF_NO_DRY_RUN = "l.dry_run IS NOT TRUE"
_FIRST_OF_ITS_ORDER = """
NOT EXISTS (SELECT 1 FROM store_message e WHERE e.order_id = m.order_id AND e.side = m.side AND e.id < m.id
    AND e.state IN ('queued', 'in_flight', 'unconfirmed', 'processing'))
"""
# loop_ratio: 4 for 100 orders
_DUE_MESSAGES = f"""
SELECT m.id FROM store_message m {_WITH_LINK}
WHERE m.connection_id = %s AND m.state = %s AND m.due_at <= %s AND {_OF_NO_DRY_RUN} AND {_FIRST_OF_ITS_ORDER}
ORDER BY m.rank, m.due_at, m.id LIMIT %s
"""


def due_messages(connection_id: int, state: MessageState, now: datetime, limit: int) -> list[int]:
    """Most urgent first; per order and side only the first one that is open. None of a link in dry run."""
    return [key for (key,) in rows(_DUE_MESSAGES, [connection_id, str(state), now, limit])]


# loop_ratio: 6 for 100 orders; idle_ratio: 2
_NEXT_DUE = f"""
SELECT MIN(x.due_at) FROM (
    SELECT MIN(m.due_at) AS due_at FROM store_message m {_WITH_LINK}
    WHERE m.connection_id = %s AND {_OF_NO_DRY_RUN} AND {_FIRST_OF_ITS_ORDER}
        AND m.state IN ('queued', 'unconfirmed', 'processing', 'in_flight') AND (m.state <> 'in_flight' OR m.epoch < %s)
    UNION ALL SELECT repeated_retry_at FROM store_connection WHERE id = %s) x
"""


def next_due(connection_id: int, epoch: int) -> datetime | None:
    """When the first message that could move is due, those included that are tried for others; None when there is none.

    What runs before `epoch` began and never finished counts too: it is long due to be looked for.
    """
    return time_of(rows(_NEXT_DUE, [connection_id, epoch, connection_id])[0][0])


_CAN_BE_DUE = (MessageState.QUEUED, MessageState.UNCONFIRMED, MessageState.PROCESSING)
# loop_ratio: 7 for 100 orders. One message of each state is enough: the others are not gone through
_STATES_DUE = " UNION ALL ".join(
    f"""
SELECT '{state}' WHERE EXISTS (SELECT 1 FROM store_message m {_WITH_LINK}
    WHERE m.connection_id = %s AND m.state = '{state}' AND m.due_at <= %s AND {_OF_NO_DRY_RUN} AND {_FIRST_OF_ITS_ORDER})
"""
    for state in _CAN_BE_DUE
)


def states_due(connection_id: int, now: datetime) -> frozenset[MessageState]:
    """In which states messages are due now."""
    found = rows(_STATES_DUE, [connection_id, now] * len(_CAN_BE_DUE))
    return frozenset(MessageState(state) for (state,) in found)


# loop_ratio: 7 for 100 orders
_LEFT_BEHIND = "SELECT 1 FROM store_message WHERE connection_id = %s AND state = 'in_flight' AND epoch < %s LIMIT 1"


def are_left_behind(connection_id: int, epoch: int) -> bool:
    """Whether a run before `epoch` began a message and never finished it."""
    return bool(rows(_LEFT_BEHIND, [connection_id, epoch]))


_BEGUN = ("state", "attempt", "epoch", "not_after", "handle", "payload", "reference")
# loop_ratio: 200 for 100 orders, in 4 batches
_IF_DUE = "id = %s AND state = 'queued'"


def begin_if_due(messages: Sequence[Message]) -> int:
    """Compare and set. Of how many messages it was written that they began: the others were not due any more."""
    return update(messages, _BEGUN, where=_IF_DUE)


# loop_ratio: 100 for 100 orders, in 2 batches
_AWAIT_OUTCOME = """
UPDATE store_message SET state = 'processing', handle = %s, due_at = %s, failing_since = NULL
WHERE id = %s AND state = %s AND attempt = %s
"""


def await_outcomes(taken_in: Mapping[int, tuple[int, str]], state: MessageState, ask_at: datetime) -> None:
    """Compare and set, message id -> (attempt, handle): a message that someone else has moved on is left alone."""
    given = [(handle, ask_at, key, str(state), attempt) for key, (attempt, handle) in taken_in.items()]
    change_each(_AWAIT_OUTCOME, given)


# loop_ratio: 2 for 100 orders
_ORDERS_OF = "SELECT order_id FROM store_message WHERE id IN ({keys})"


def orders_of(messages: Collection[int]) -> set[int]:
    """The orders of these messages."""
    return {key for (key,) in rows_among(_ORDERS_OF, messages)}


# loop_ratio: 2 for 100 orders; idle_ratio: 1
_UNREAD = """
SELECT ref FROM store_order WHERE connection_id = %s AND read_at IS NULL AND (read_due_at IS NULL OR read_due_at <= %s)
ORDER BY id LIMIT %s
"""


def unread(connection_id: int, now: datetime, limit: int) -> list[str]:
    """Refs of orders that were seen and not yet read, oldest first."""
    return [ref for (ref,) in rows(_UNREAD, [connection_id, now, limit])]


# loop_ratio: 4 for 100 orders
_KNOWN_ORDERS = """
SELECT o.ref, o.waits_for, o.fingerprint, l.ref, l.ordered, l.shipped, l.cancelled, l.cancellation_requested, l.by_marketplace
FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE o.connection_id = %s AND o.ref IN ({keys})
"""


class KnownOrder(NamedTuple):
    """What a list can change of an order."""

    waits_for: str
    fingerprint: str
    lines: dict[str, LineQuantities]  # by their refs


def known_orders(connection_id: int, refs: Collection[str]) -> dict[str, KnownOrder]:
    """Those of these orders that are known, by their refs."""
    known: dict[str, KnownOrder] = {}
    for order_ref, waits_for, fingerprint, ref, ordered, shipped, cancelled, asks, theirs in rows_among(
        _KNOWN_ORDERS, refs, [connection_id]
    ):
        if order_ref not in known:
            known[order_ref] = KnownOrder(waits_for, fingerprint, {})
        if ref is not None:
            line = LineQuantities(ref, ordered, shipped, cancelled, bool(asks), bool(theirs))
            known[order_ref].lines[ref] = line
    return known


class KnownInShop(NamedTuple):
    """What is known of an order from the shop's last snapshot."""

    order_id: int
    shop_ref: str
    shop_state: str
    shop_status: str
    tracking_number: str
    label_number: str
    wait_until: datetime | None
    status: str
    tracking_unreadable: bool
    was_strange: bool  # nobody understood that snapshot


# loop_ratio: 2 for 100 orders; idle_ratio: 0.2. The plus keeps the database from going through all orders of the shop's links
# instead of these few. While an order is unread, it is the marketplace's answer that nobody understands
_KNOWN_IN_SHOP = """
SELECT id, shop_ref, shop_state, shop_status, tracking_number, label_number, wait_until, status, tracking_unreadable,
    read_at IS NOT NULL AND EXISTS(
        SELECT 1 FROM store_problem p
        WHERE p.order_id = store_order.id AND p.kind = 'unexpected_response' AND p.resolved_at IS NULL AND p.message_id IS NULL
    ) FROM store_order
WHERE +link_id IN (SELECT id FROM store_link WHERE shop_id = %s) AND shop_ref IN ({keys}) ORDER BY id
"""


def known_in_shop(shop_id: int, shop_refs: Iterable[str]) -> Iterator[KnownInShop]:
    """Those of a shop's orders that are orders of ours."""
    return map(KnownInShop._make, rows_among(_KNOWN_IN_SHOP, shop_refs, [shop_id]))


OPEN = (
    Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.WAITING, Status.CANCELLATION_REQUESTED,
    Status.PENDING_CONFIRMATION,
)  # fmt: skip
# idle_ratio: 0.2. A condition that is always true leads SQLite to the index of open problems, which is short
_OPEN_IN_SHOP = f"""
SELECT o.id, o.shop_ref FROM store_link l JOIN store_order o ON o.link_id = l.id
WHERE l.shop_id = %s AND o.closed_at IS NULL AND o.id > %s AND o.shop_ref <> '' AND o.status IN ({marks(OPEN)})
UNION SELECT o.id, o.shop_ref FROM store_problem p CROSS JOIN store_order o JOIN store_link l ON l.id = o.link_id
WHERE p.resolved_at IS NULL AND p.order_id > 0 AND p.kind = 'unexpected_response' AND p.message_id IS NULL AND o.id = p.order_id
    AND l.shop_id = %s AND o.id > %s AND o.shop_ref <> ''
ORDER BY 1 LIMIT %s
"""


def open_in_shop(shop_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(order id, shop_ref), in pages by id: orders in the shop that are still open, and those that nobody understood lately."""
    place = [shop_id, after]
    return [(key, ref) for key, ref in rows(_OPEN_IN_SHOP, [*place, *map(str, OPEN), *place, limit])]


# loop_ratio: 2 for 100 orders; idle_ratio: 1
_NEXT_WAIT = """
SELECT MIN(o.wait_until) FROM store_link l JOIN store_order o ON o.link_id = l.id
WHERE l.shop_id = %s AND o.wait_until IS NOT NULL
"""


def next_wait(shop_id: int) -> datetime | None:
    """When the first wait for a code ends in this shop."""
    return time_of(rows(_NEXT_WAIT, [shop_id])[0][0])


# loop_ratio: 3 for 100 orders
_OPEN_PROBLEMS = """
SELECT id, order_id, kind, message_id FROM store_problem WHERE resolved_at IS NULL AND order_id IN ({keys})
"""


def open_problems(orders: Collection[int]) -> list[tuple[int, int, str, int | None]]:
    """(id, order, kind, message) of the open problems of these orders."""
    return rows_among(_OPEN_PROBLEMS, orders)
