"""Statements about messages: which are due, and what became of those that began."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from orderhaven.store.models import Message, MessageState
from orderhaven.store.sql.execute import change_each, rows, rows_among, time_of
from orderhaven.store.sql.writes import update

_OF_NO_REHEARSAL = """
JOIN store_order o ON o.id = m.order_id JOIN store_link l ON l.id = o.link_id AND NOT l.rehearsal
"""
_FIRST_OF_ITS_ORDER = """
NOT EXISTS (SELECT 1 FROM store_message e WHERE e.order_id = m.order_id AND e.side = m.side AND e.id < m.id
    AND e.state IN ('due', 'sending', 'unclear', 'awaiting'))
"""
# loop_ratio: 4 for 100 orders
_DUE = f"""
SELECT m.id FROM store_message m {_OF_NO_REHEARSAL}
WHERE m.connection_id = %s AND m.state = %s AND m.due_at <= %s AND {_FIRST_OF_ITS_ORDER}
ORDER BY m.rank, m.due_at, m.id LIMIT %s
"""


def due(connection_id: int, state: MessageState, now: datetime, limit: int) -> list[int]:
    """Most urgent first; per order and side only the first one that is open. None of a link in rehearsal."""
    return [key for (key,) in rows(_DUE, [connection_id, str(state), now, limit])]


# loop_ratio: 6 for 100 orders; idle_ratio: 2
_NEXT_DUE = f"""
SELECT MIN(x.due_at) FROM (
    SELECT MIN(m.due_at) AS due_at FROM store_message m {_OF_NO_REHEARSAL}
    WHERE m.connection_id = %s AND {_FIRST_OF_ITS_ORDER}
        AND m.state IN ('due', 'unclear', 'awaiting', 'sending') AND (m.state <> 'sending' OR m.epoch < %s)
    UNION ALL SELECT alike_again_at FROM store_connection WHERE id = %s) x
"""


def next_due(connection_id: int, epoch: int) -> datetime | None:
    """When the first message that could move is due, those included that are tried for others; None when there is none.

    What cycles before `epoch` began and never finished counts too: it is long due to be looked for.
    """
    return time_of(rows(_NEXT_DUE, [connection_id, epoch, connection_id])[0][0])


_CAN_BE_DUE = (MessageState.DUE, MessageState.UNCLEAR, MessageState.AWAITING)
# loop_ratio: 7 for 100 orders. One message of each state is enough: the others are not gone through
_STATES_DUE = " UNION ALL ".join(
    f"""
SELECT '{state}' WHERE EXISTS (SELECT 1 FROM store_message m {_OF_NO_REHEARSAL}
    WHERE m.connection_id = %s AND m.state = '{state}' AND m.due_at <= %s AND {_FIRST_OF_ITS_ORDER})
"""
    for state in _CAN_BE_DUE
)


def states_due(connection_id: int, now: datetime) -> frozenset[MessageState]:
    """In which states messages are due now."""
    found = rows(_STATES_DUE, [connection_id, now] * len(_CAN_BE_DUE))
    return frozenset(MessageState(state) for (state,) in found)


# loop_ratio: 7 for 100 orders
_LEFT_BEHIND = "SELECT 1 FROM store_message WHERE connection_id = %s AND state = 'sending' AND epoch < %s LIMIT 1"


def are_left_behind(connection_id: int, epoch: int) -> bool:
    """Whether a cycle before `epoch` began a message and never finished it."""
    return bool(rows(_LEFT_BEHIND, [connection_id, epoch]))


_BEGUN = ("state", "attempt", "epoch", "not_after", "handle", "payload")
# loop_ratio: 200 for 100 orders, in 4 batches
_IF_DUE = "id = %s AND state = 'due'"


def begin_if_due(messages: Sequence[Message]) -> int:
    """Compare and set. Of how many messages it was written that they began: the others were not due any more."""
    return update(messages, _BEGUN, where=_IF_DUE)


# loop_ratio: 100 for 100 orders, in 2 batches
_AWAIT_OUTCOME = """
UPDATE store_message SET state = 'awaiting', handle = %s, due_at = %s, failing_since = NULL
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
