"""The outbox's rows: which message is due, begun, finished. Each write is one transaction, fenced by the run's epoch."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from msgspec import Struct

from orderhaven.core.problems import ProblemKind
from orderhaven.store.connections.connections import Claim, fence
from orderhaven.store.models import Message, MessageKind, MessageState
from orderhaven.store.orders.unit_of_work import UnitOfWork, hold_orders, orders_to_change
from orderhaven.store.outbox import repeated_rejections, result
from orderhaven.store.outbox.apply_results import Pace, apply_result
from orderhaven.store.outbox.payloads import Payload
from orderhaven.store.outbox.references import reference_of
from orderhaven.store.sql import statements
from orderhaven.store.sql.execute import insert, update
from orderhaven.store.sql.rows import attach_orders, messages_to_send, new_row

_IN_ORDER = (MessageState.QUEUED, MessageState.IN_FLIGHT, MessageState.UNCONFIRMED, MessageState.PROCESSING)


class ComposedMessage(Struct, frozen=True):
    """A message ready to begin: what goes out with it, and what did not fit in one request."""

    message: Message
    payload: Payload
    more_parts: tuple[Payload, ...] = ()
    reference: str = ""  # "": as `reference_of` has it, in a shop with room for that


def due(claim: Claim, state: MessageState, now: datetime, limit: int) -> list[Message]:
    """Messages to send, look for or ask after, most urgent first; per order and side only the first one that is open.

    What was taken in comes alone, for it is asked after by its handle: `with_orders` brings the rest where it is needed.
    """
    with transaction.atomic():
        rows = messages_to_send(statements.due_messages(claim.connection_id, state, now, limit))
        return rows if state is MessageState.PROCESSING else with_orders(rows)


def with_orders(messages: list[Message]) -> list[Message]:
    """The same messages, each with its order, link and lines; those that create also with goods and contacts."""
    attach_orders(messages, goods=any(message.kind == MessageKind.CREATE for message in messages))
    return messages


def next_due(connection_id: int, epoch: int = 0) -> datetime | None:
    """When the first message that could move is due, those included that are tried for others; None when there is none.

    What runs before `epoch` began and never finished counts too: it is long due to be looked for.
    """
    return statements.next_due(connection_id, epoch)


def due_states(claim: Claim, now: datetime) -> frozenset[MessageState]:
    """Take up what was left behind; in which states messages are due now."""
    recover_left_behind(claim, now)
    return statements.states_due(claim.connection_id, now)


def begin(claim: Claim, composed: Sequence[ComposedMessage], not_after: datetime, now: datetime) -> set[int]:
    """due -> sending, committed before any call. Returns the ids that were still due; others were withdrawn meanwhile."""
    if not composed:
        return set()
    with transaction.atomic():
        fence(claim)
        hold_orders([one.message.order_id for one in composed])
        for one in composed:
            one.message.payload, one.message.reference = one.payload, one.reference or reference_of(one.message)
            one.message.epoch, one.message.attempt = claim.epoch, one.message.attempt + 1
            one.message.not_after, one.message.state, one.message.handle = not_after, MessageState.IN_FLIGHT, ""
        begun = _set_if_due([one.message for one in composed], claim.epoch)
        _insert_parts([one for one in composed if one.message.id in begun], now)
    return begun


def keep_prepared(claim: Claim, messages: Sequence[Message]) -> None:
    """What was made for these before the request that decides: found again by it, and not made a second time."""
    with transaction.atomic():
        fence(claim)
        update(messages, ("prepared",))


def recover_left_behind(claim: Claim, now: datetime) -> int:
    """What an earlier run began and never finished may have happened; what ends the hub each time has an end itself.

    Returns how many there were.
    """
    if not statements.are_left_behind(claim.connection_id, claim.epoch):
        return 0
    with transaction.atomic():
        fence(claim)
        begun = Message.objects.filter(connection_id=claim.connection_id, state=MessageState.IN_FLIGHT)
        earlier = begun.filter(epoch__lt=claim.epoch)
        return earlier.update(state=MessageState.UNCONFIRMED, due_at=now, not_found_count=0, deaths=F("deaths") + 1)


def finish(
    claim: Claim,
    outcomes: Mapping[int, tuple[int, result.CommandResult]],
    state: MessageState,
    pace: Pace,
    now: datetime,
) -> None:
    """Write down what became of messages that stood at `state`: message id -> (attempt, result).

    Compare and set on message, attempt and epoch: a message that someone else has moved on is left alone.
    """
    if not outcomes:
        return
    with transaction.atomic():
        in_a_row = fence(claim)
        # they say later what became of it: a fact about the message alone, so no order is loaded
        taken_in = {
            key: (attempt, outcome.handle)
            for key, (attempt, outcome) in outcomes.items()
            if isinstance(outcome, result.Processing)
        }
        statements.await_outcomes(taken_in, state, now + pace.poll_again)
        uow = UnitOfWork(now)
        settled = [
            (row, message, outcomes[message.id][1])
            for row in orders_to_change(statements.orders_of(outcomes.keys() - taken_in.keys()))
            for message in row.outbox
            if message.id in outcomes and message.state == state and message.attempt == outcomes[message.id][0]
        ]
        if in_a_row or any(isinstance(outcome, result.NeedsAttention) and outcome.cause for _, _, outcome in settled):
            settled = repeated_rejections.group_rejections(uow, claim, settled)
        for row, message, outcome in settled:
            apply_result(uow, row, message, outcome, pace)
        uow.write()


def release_cancellations(link_id: int, now: datetime, actor: str) -> int:
    """A person says that the held cancellations were meant. Returns how many."""
    with transaction.atomic():
        held = Message.objects.filter(order__link_id=link_id, state=MessageState.ON_HOLD)
        rows = orders_to_change(set(held.values_list("order_id", flat=True)))
        uow = UnitOfWork(now, actor)
        count = 0
        for row in rows:
            for message in row.outbox:
                if message.state == MessageState.ON_HOLD:
                    count += 1
                    uow.change_message(row, message, state=MessageState.QUEUED, due_at=now)
                    uow.nudge(message.connection_id)
                    uow.resolve(row, (ProblemKind.CANCELLATIONS_ON_HOLD,))
                    uow.event(row, "released", {"kind": message.kind})
        uow.write()
    return count


def to_be_sent(link_id: int, limit: int) -> list[Message]:
    """What a link in dry run would send, oldest first."""
    rows = Message.objects.filter(order__link_id=link_id, state=MessageState.QUEUED).select_related("order__connection")
    return list(rows.prefetch_related("order__lines", "order__contacts").order_by("id")[:limit])


# below: how


def _set_if_due(messages: Sequence[Message], epoch: int) -> set[int]:
    """Compare and set. Returns the ids of those that were due until now; nobody else begins any in this epoch."""
    ids = [message.id for message in messages]
    if statements.begin_if_due(messages) == len(ids):
        return set(ids)
    begun = Message.objects.filter(pk__in=ids, state=MessageState.IN_FLIGHT, epoch=epoch)
    return set(begun.values_list("pk", flat=True))


def _insert_parts(rows: Sequence[ComposedMessage], now: datetime) -> None:
    parts = [
        new_row(
            Message, order_id=one.message.order_id, connection_id=one.message.connection_id, side=one.message.side,
            kind=one.message.kind, part=number, generation=one.message.generation, rank=one.message.rank,
            state=MessageState.QUEUED, created_at=now, due_at=now, payload=payload,
        )
        for one in rows
        for number, payload in enumerate(one.more_parts, start=one.message.part + 1)
    ]  # fmt: skip
    insert(parts, ignore_repeats=True)
