"""A refusal that order after order meets is said once, on the connection.

The orders that met it are stopped. One of them is tried again now and then; when that one is taken, all of them go on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.store.connections.connections import Claim, fence
from orderhaven.store.models import Connection, Event, Message, MessageState, Order
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.outbox import result

RUNNING = 3  # orders in a row that met the same refusal
AGAIN_AFTER = timedelta(minutes=15)

Outcomes = tuple[Order, Message, result.CommandResult]


def named(message: Message, cause: str) -> str:
    """A refusal as message and connection keep it: what was asked, and why it was refused."""
    return f"{message.kind}: {cause}"[:200]


@dataclass(frozen=True, slots=True)
class RejectionRun:
    """The refusal that a connection met last, and by how many orders in a row; from the third on they share it."""

    cause: str = ""
    count: int = 0
    reason: str = ""  # as it is said

    @property
    def is_shared(self) -> bool:
        return self.count >= RUNNING

    def after(self, message: Message, outcome: result.CommandResult, *, is_counted: bool) -> "RejectionRun":
        """`is_counted`: this order met it before, by another part or an earlier try, and is still one order."""
        match outcome:
            case result.NeedsAttention() if outcome.cause and named(message, outcome.cause) == self.cause:
                return self if is_counted else replace(self, count=self.count + 1)
            case result.NeedsAttention() if outcome.cause and not self.is_shared:
                return RejectionRun(named(message, outcome.cause), 1, outcome.values.get("reason", ""))
            case result.Done() if message.rejection_cause == self.cause or not self.is_shared:
                return RejectionRun() if self.cause.startswith(f"{message.kind}: ") else self
        return self


def group_rejections(uow: UnitOfWork, claim: Claim, batch: Sequence[Outcomes]) -> list[Outcomes]:
    """The same batch, with `Stop` for the orders that met a shared refusal; what that means for others is written down."""
    connection = Connection.objects.get(pk=claim.connection_id)
    before = run = RejectionRun(connection.repeated_cause, connection.repeated_count, connection.repeated_reason)
    met: set[tuple[int, str]] = set()
    for row, message, outcome in batch:
        is_counted = (row.id, run.cause) in met or any(one.rejection_cause == run.cause for one in row.outbox)
        run = run.after(message, outcome, is_counted=is_counted)
        met.add((row.id, run.cause))
    if before.is_shared and not (run.is_shared and run.cause == before.cause):
        _release(uow, connection, before.cause, batch)
    if run.is_shared and not (before.is_shared and before.cause == run.cause):
        _share(uow, connection, run, batch)
    if run != before:
        _keep(connection, run)
    return [(row, message, _stopped(run, message, outcome)) for row, message, outcome in batch]


def try_one(claim: Claim, now: datetime) -> None:
    """When it is time: the first order that was stopped is due again, for all of them."""
    with transaction.atomic():
        fence(claim)
        connection = Connection.objects.get(pk=claim.connection_id)
        if connection.repeated_retry_at is None or connection.repeated_retry_at > now:
            return
        uow = UnitOfWork(now)
        first = sorted(_orders_with(connection.pk, connection.repeated_cause, MessageState.STOPPED))[:1]
        if first:
            (row,) = orders_to_change(first)
            _go_on(uow, [(row, one) for one in _of(row, connection.repeated_cause, MessageState.STOPPED)])
            Connection.objects.filter(pk=connection.pk).update(repeated_retry_at=now + AGAIN_AFTER)
        else:  # people have handled every one of them
            _is_over(uow, connection)
            _keep(connection, RejectionRun())
        uow.write()


def stopped_orders(connection_id: int, limit: int) -> list[tuple[str, str]]:
    """(marketplace, ref) of the orders that a shared refusal has stopped, oldest first."""
    stopped = Message.objects.filter(connection_id=connection_id, state=MessageState.STOPPED).order_by("order_id")
    return list(stopped.values_list("order__connection__name", "order__ref")[:limit])


# below: how


def _stopped(run: RejectionRun, message: Message, outcome: result.CommandResult) -> result.CommandResult:
    is_met = isinstance(outcome, result.NeedsAttention) and outcome.cause and named(message, outcome.cause) == run.cause
    return result.Stopped(outcome.cause) if is_met and run.is_shared else outcome  # type: ignore[union-attr]


def _share(uow: UnitOfWork, connection: Connection, run: RejectionRun, batch: Sequence[Outcomes]) -> None:
    """Said on the connection; the Problems of the orders that met it first are over."""
    for row, message in _met_before(connection, run.cause, MessageState.BLOCKED, batch):
        uow.change_message(row, message, state=MessageState.STOPPED)
        uow.resolve_of_message(message)
    Connection.objects.filter(pk=connection.pk).update(repeated_retry_at=uow.now + AGAIN_AFTER)
    # without the reason: events stay for good, and it may quote what one buyer wrote
    _note(uow, connection, "repeated_rejection")


def _release(uow: UnitOfWork, connection: Connection, cause: str, batch: Sequence[Outcomes]) -> None:
    _go_on(uow, _met_before(connection, cause, MessageState.STOPPED, batch))
    _is_over(uow, connection)


def _go_on(uow: UnitOfWork, met: Iterable[tuple[Order, Message]]) -> None:
    for row, message in met:
        uow.change_message(row, message, state=MessageState.QUEUED, due_at=uow.now, finished_at=None)
        uow.nudge(message.connection_id)


def _met_before(
    connection: Connection, cause: str, state: MessageState, batch: Sequence[Outcomes]
) -> Iterable[tuple[Order, Message]]:
    """What was refused for this cause before the batch, the other parts of its orders included."""
    own = {row.id: row for row, _, _ in batch}
    settled = {message.id for _, message, _ in batch}
    others = orders_to_change(_orders_with(connection.pk, cause, state) - own.keys())
    for row in (*own.values(), *others):
        for message in _of(row, cause, state):
            if message.id not in settled:
                yield row, message


def _of(row: Order, cause: str, state: MessageState) -> list[Message]:
    return [one for one in row.outbox if one.state == state and one.rejection_cause == cause]


def _is_over(uow: UnitOfWork, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(repeated_retry_at=None)
    _note(uow, connection, "refusal_over")


def _keep(connection: Connection, run: RejectionRun) -> None:
    columns = {"repeated_cause": run.cause, "repeated_count": run.count, "repeated_reason": run.reason}
    Connection.objects.filter(pk=connection.pk).update(**columns)


def _note(uow: UnitOfWork, connection: Connection, kind: str) -> None:
    Event.objects.create(connection_id=connection.pk, at=uow.now, actor=uow.actor, kind=kind)


def _orders_with(connection_id: int, cause: str, state: MessageState) -> set[int]:
    met = Message.objects.filter(connection_id=connection_id, state=state, rejection_cause=cause)
    return set(met.values_list("order_id", flat=True))
