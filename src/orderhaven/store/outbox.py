"""The outbox's rows: which message is due, begun, finished. Each write is one transaction, fenced by the cycle's epoch."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection as database
from django.db import transaction
from msgspec import Struct

from orderhaven.core.problems import ProblemKind
from orderhaven.store import alike, sql
from orderhaven.store.connections import Claim, fence
from orderhaven.store.ledger import Ledger, hold_orders, orders_to_change
from orderhaven.store.loading import bring_orders, telling_messages, unsaved
from orderhaven.store.models import Kind, Message, MessageState
from orderhaven.store.payloads import Payload
from orderhaven.store.settling import Pace, settle
from orderhaven.store.verdicts import Park, TakenIn, Verdict

_IN_ORDER = (MessageState.DUE, MessageState.SENDING, MessageState.UNCLEAR, MessageState.AWAITING)


class Composed(Struct, frozen=True):
    """A message ready to begin: what goes out with it, and what did not fit in one request."""

    message: Message
    payload: Payload
    more_parts: tuple[Payload, ...] = ()


def due(claim: Claim, state: MessageState, now: datetime, limit: int) -> list[Message]:
    """Messages to send, look for or ask after, most urgent first; per order and side only the first one that is open.

    What was taken in comes alone, for it is asked after by its handle: `with_orders` brings the rest where it is needed.
    """
    with transaction.atomic():
        found = [key for (key,) in sql.rows(_DUE, [claim.connection_id, str(state), now, limit])]
        rows = telling_messages(found)
        return rows if state is MessageState.AWAITING else with_orders(rows)


def with_orders(messages: list[Message]) -> list[Message]:
    """The same messages, each with its order, link and lines; for placings with goods and people as well."""
    bring_orders(messages, goods=any(message.kind == Kind.PLACE for message in messages))
    return messages


_OF_NO_REHEARSAL = """
JOIN store_order o ON o.id = m.order_id JOIN store_link l ON l.id = o.link_id AND NOT l.rehearsal
"""
_FIRST_OF_ITS_ORDER = """
NOT EXISTS (SELECT 1 FROM store_message e WHERE e.order_id = m.order_id AND e.side = m.side AND e.id < m.id
    AND e.state IN ('due', 'sending', 'unclear', 'awaiting'))
"""
_DUE = f"""
SELECT m.id FROM store_message m {_OF_NO_REHEARSAL}
WHERE m.connection_id = %s AND m.state = %s AND m.due_at <= %s AND {_FIRST_OF_ITS_ORDER}
ORDER BY m.rank, m.due_at, m.id LIMIT %s
"""
_NEXT = f"""
SELECT MIN(x.due_at) FROM (
    SELECT MIN(m.due_at) AS due_at FROM store_message m {_OF_NO_REHEARSAL}
    WHERE m.connection_id = %s AND {_FIRST_OF_ITS_ORDER}
        AND m.state IN ('due', 'unclear', 'awaiting', 'sending') AND (m.state <> 'sending' OR m.epoch < %s)
    UNION ALL SELECT alike_again_at FROM store_connection WHERE id = %s) x
"""


def next_due(connection_id: int, epoch: int = 0) -> datetime | None:
    """When the first message that could move is due, those included that are tried for others; None when there is none.

    What cycles before `epoch` began and never finished counts too: it is long due to be looked for.
    """
    return sql.time_of(sql.rows(_NEXT, [connection_id, epoch, connection_id])[0][0])


_CAN_BE_DUE = (MessageState.DUE, MessageState.UNCLEAR, MessageState.AWAITING)
# one message of each state is enough: the others are not gone through
_STATES_DUE = " UNION ALL ".join(
    f"""
SELECT '{state}' WHERE EXISTS (SELECT 1 FROM store_message m {_OF_NO_REHEARSAL}
    WHERE m.connection_id = %s AND m.state = '{state}' AND m.due_at <= %s AND {_FIRST_OF_ITS_ORDER})
"""
    for state in _CAN_BE_DUE
)


def take_up(claim: Claim, now: datetime) -> frozenset[MessageState]:
    """Take up what was left behind; in which states messages are due now."""
    left_behind(claim, now)
    found = sql.rows(_STATES_DUE, [claim.connection_id, now] * len(_CAN_BE_DUE))
    return frozenset(MessageState(state) for (state,) in found)


def begin(claim: Claim, composed: Sequence[Composed], not_after: datetime, now: datetime) -> set[int]:
    """due -> sending, committed before any call. Returns the ids that were still due; others were withdrawn meanwhile."""
    if not composed:
        return set()
    with transaction.atomic():
        fence(claim)
        hold_orders([one.message.order_id for one in composed])
        for one in composed:
            one.message.payload = one.payload
            one.message.epoch, one.message.attempt = claim.epoch, one.message.attempt + 1
            one.message.not_after, one.message.state, one.message.handle = not_after, MessageState.SENDING, ""
        begun = _set_if_due([one.message for one in composed], claim.epoch)
        _insert_parts([one for one in composed if one.message.id in begun], now)
    return begun


_LEFT_BEHIND = "connection_id = %s AND state = 'sending' AND epoch < %s"


def left_behind(claim: Claim, now: datetime) -> int:
    """What an earlier cycle began and never finished may have happened; what ends the hub each time has an end itself.

    Returns how many there were.
    """
    earlier = [claim.connection_id, claim.epoch]
    if not sql.rows(f"SELECT 1 FROM store_message WHERE {_LEFT_BEHIND} LIMIT 1", earlier):
        return 0
    with transaction.atomic():
        fence(claim)
        text = f"UPDATE store_message SET state = 'unclear', due_at = %s, misses = 0, deaths = deaths + 1 WHERE {_LEFT_BEHIND}"
        return sql.change(text, [now, *earlier])


def finish(
    claim: Claim, verdicts: Mapping[int, tuple[int, Verdict]], state: MessageState, pace: Pace, now: datetime
) -> None:
    """Write down what became of messages that stood at `state`: message id -> (attempt, verdict).

    Compare and set on message, attempt and epoch: a message that someone else has moved on is left alone.
    """
    if not verdicts:
        return
    with transaction.atomic():
        in_a_row = fence(claim)
        taken_in = {
            key: (attempt, verdict.handle)
            for key, (attempt, verdict) in verdicts.items()
            if isinstance(verdict, TakenIn)
        }
        _await_outcomes(taken_in, state, now + pace.ask_again)
        ledger = Ledger(now)
        settled = [
            (row, message, verdicts[message.id][1])
            for row in orders_to_change(_orders_of(verdicts.keys() - taken_in.keys()))
            for message in row.outbox
            if message.id in verdicts and message.state == state and message.attempt == verdicts[message.id][0]
        ]
        if in_a_row or any(isinstance(verdict, Park) and verdict.cause for _, _, verdict in settled):
            settled = alike.judge(ledger, claim, settled)
        for row, message, verdict in settled:
            settle(ledger, row, message, verdict, pace)
        ledger.write()


def release_held(link_id: int, now: datetime, actor: str) -> int:
    """A person says that the held cancellations were meant. Returns how many."""
    with transaction.atomic():
        held = Message.objects.filter(order__link_id=link_id, state=MessageState.HELD)
        rows = orders_to_change(set(held.values_list("order_id", flat=True)))
        ledger = Ledger(now, actor)
        count = 0
        for row in rows:
            for message in row.outbox:
                if message.state == MessageState.HELD:
                    count += 1
                    ledger.change_message(row, message, state=MessageState.DUE, due_at=now)
                    ledger.nudge(message.connection_id)
                    ledger.solve(row, (ProblemKind.CANCELLATIONS_HELD,))
                    ledger.event(row, "released", {"kind": message.kind})
        ledger.write()
    return count


def to_be_sent(link_id: int, limit: int) -> list[Message]:
    """What a link in rehearsal would send, oldest first."""
    rows = Message.objects.filter(order__link_id=link_id, state=MessageState.DUE).select_related(
        "order__link__marketplace"
    )
    return list(rows.prefetch_related("order__lines", "order__people").order_by("id")[:limit])


# below: how


_AWAIT = """
UPDATE store_message SET state = 'awaiting', handle = %s, due_at = %s, failing_since = NULL
WHERE id = %s AND state = %s AND attempt = %s
"""


def _await_outcomes(taken_in: Mapping[int, tuple[int, str]], state: MessageState, ask_at: datetime) -> None:
    """They say later what became of it: a fact about the message alone, so no order is loaded."""
    with database.cursor() as cursor:
        cursor.executemany(
            _AWAIT, [(handle, ask_at, key, str(state), attempt) for key, (attempt, handle) in taken_in.items()]
        )


_BEGUN = ("state", "attempt", "epoch", "not_after", "handle", "payload")
_OF_THIS_EPOCH = "SELECT id FROM store_message WHERE id IN ({marks}) AND state = 'sending' AND epoch = %s"


def _set_if_due(messages: Sequence[Message], epoch: int) -> set[int]:
    """Compare and set. Returns the ids of those that were due until now; nobody else begins any in this epoch."""
    ids = [message.id for message in messages]
    if sql.update(messages, _BEGUN, where="state = 'due'") == len(ids):
        return set(ids)
    return {key for (key,) in sql.rows(_OF_THIS_EPOCH.format(marks=sql.marks(ids)), [*ids, epoch])}


def _insert_parts(rows: Sequence[Composed], now: datetime) -> None:
    parts = [
        unsaved(
            Message, order_id=one.message.order_id, connection_id=one.message.connection_id, side=one.message.side,
            kind=one.message.kind, part=number, generation=one.message.generation, rank=one.message.rank,
            state=MessageState.DUE, made_at=now, due_at=now, payload=payload,
        )
        for one in rows
        for number, payload in enumerate(one.more_parts, start=one.message.part + 1)
    ]  # fmt: skip
    sql.insert(parts, ignore_repeats=True)


def _orders_of(messages: Collection[int]) -> set[int]:
    return {
        key
        for some in sql.in_statements(messages)
        for (key,) in sql.rows(f"SELECT order_id FROM store_message WHERE id IN ({sql.marks(some)})", some)
    }
