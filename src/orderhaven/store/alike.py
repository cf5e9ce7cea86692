"""A refusal that order after order meets is said once, on the connection.

The orders that met it are stopped. One of them is tried again now and then; when that one is taken, all of them go on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.store.connections import Claim, fence
from orderhaven.store.ledger import Ledger, orders_to_change
from orderhaven.store.models import Connection, Event, Message, MessageState, Order
from orderhaven.store.verdicts import Done, Park, Stop, Verdict

RUNNING = 3  # orders in a row that met the same refusal
AGAIN_AFTER = timedelta(minutes=15)

Settled = tuple[Order, Message, Verdict]


def named(message: Message, cause: str) -> str:
    """A refusal as message and connection keep it: what was asked, and why it was refused."""
    return f"{message.kind}: {cause}"[:200]


@dataclass(frozen=True, slots=True)
class Run:
    """The refusal that a connection met last, and by how many orders in a row; from the third on they share it."""

    cause: str = ""
    count: int = 0
    reason: str = ""  # as it is said

    @property
    def is_shared(self) -> bool:
        return self.count >= RUNNING

    def after(self, message: Message, verdict: Verdict, *, is_counted: bool) -> "Run":
        """`is_counted`: this order met it before, by another part or an earlier try, and is still one order."""
        match verdict:
            case Park() if verdict.cause and named(message, verdict.cause) == self.cause:
                return self if is_counted else replace(self, count=self.count + 1)
            case Park() if verdict.cause and not self.is_shared:
                return Run(named(message, verdict.cause), 1, verdict.values.get("reason", ""))
            case Done() if message.refused_as == self.cause or not self.is_shared:
                return Run() if self.cause.startswith(f"{message.kind}: ") else self
        return self


def judge(ledger: Ledger, claim: Claim, batch: Sequence[Settled]) -> list[Settled]:
    """The same batch, with `Stop` for the orders that met a shared refusal; what that means for others is written down."""
    connection = Connection.objects.get(pk=claim.connection_id)
    before = run = Run(connection.alike_cause, connection.alike_count, connection.alike_reason)
    met: set[tuple[int, str]] = set()
    for row, message, verdict in batch:
        is_counted = (row.id, run.cause) in met or any(one.refused_as == run.cause for one in row.outbox)
        run = run.after(message, verdict, is_counted=is_counted)
        met.add((row.id, run.cause))
    if before.is_shared and not (run.is_shared and run.cause == before.cause):
        _release(ledger, connection, before.cause, batch)
    if run.is_shared and not (before.is_shared and before.cause == run.cause):
        _share(ledger, connection, run, batch)
    if run != before:
        _keep(connection, run)
    return [(row, message, _stopped(run, message, verdict)) for row, message, verdict in batch]


def try_one(claim: Claim, now: datetime) -> None:
    """When it is time: the first order that was stopped is due again, for all of them."""
    with transaction.atomic():
        fence(claim)
        connection = Connection.objects.get(pk=claim.connection_id)
        if connection.alike_again_at is None or connection.alike_again_at > now:
            return
        ledger = Ledger(now)
        first = sorted(_orders_with(connection.pk, connection.alike_cause, MessageState.STOPPED))[:1]
        if first:
            (row,) = orders_to_change(first)
            _go_on(ledger, [(row, one) for one in _of(row, connection.alike_cause, MessageState.STOPPED)])
            Connection.objects.filter(pk=connection.pk).update(alike_again_at=now + AGAIN_AFTER)
        else:  # people have handled every one of them
            _is_over(ledger, connection)
            _keep(connection, Run())
        ledger.write()


def stopped_orders(connection_id: int, limit: int) -> list[tuple[str, str]]:
    """(marketplace, ref) of the orders that a shared refusal has stopped, oldest first."""
    stopped = Message.objects.filter(connection_id=connection_id, state=MessageState.STOPPED).order_by("order_id")
    return list(stopped.values_list("order__link__marketplace__name", "order__ref")[:limit])


# below: how


def _stopped(run: Run, message: Message, verdict: Verdict) -> Verdict:
    is_met = isinstance(verdict, Park) and verdict.cause and named(message, verdict.cause) == run.cause
    return Stop(verdict.cause) if is_met and run.is_shared else verdict  # type: ignore[union-attr]


def _share(ledger: Ledger, connection: Connection, run: Run, batch: Sequence[Settled]) -> None:
    """Said on the connection; the Problems of the orders that met it first are over."""
    for row, message in _met_before(connection, run.cause, MessageState.PARKED, batch):
        ledger.change_message(row, message, state=MessageState.STOPPED)
        ledger.solve_of(message)
    Connection.objects.filter(pk=connection.pk).update(alike_again_at=ledger.now + AGAIN_AFTER)
    # without the reason: events stay for good, and it may quote what one buyer wrote
    _note(ledger, connection, "refused_alike")


def _release(ledger: Ledger, connection: Connection, cause: str, batch: Sequence[Settled]) -> None:
    _go_on(ledger, _met_before(connection, cause, MessageState.STOPPED, batch))
    _is_over(ledger, connection)


def _go_on(ledger: Ledger, met: Iterable[tuple[Order, Message]]) -> None:
    for row, message in met:
        ledger.change_message(row, message, state=MessageState.DUE, due_at=ledger.now, finished_at=None)
        ledger.nudge(message.connection_id)


def _met_before(
    connection: Connection, cause: str, state: MessageState, batch: Sequence[Settled]
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
    return [one for one in row.outbox if one.state == state and one.refused_as == cause]


def _is_over(ledger: Ledger, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(alike_again_at=None)
    _note(ledger, connection, "refusal_over")


def _keep(connection: Connection, run: Run) -> None:
    columns = {"alike_cause": run.cause, "alike_count": run.count, "alike_reason": run.reason}
    Connection.objects.filter(pk=connection.pk).update(**columns)


def _note(ledger: Ledger, connection: Connection, kind: str) -> None:
    Event.objects.create(connection_id=connection.pk, at=ledger.now, actor=ledger.actor, kind=kind)


def _orders_with(connection_id: int, cause: str, state: MessageState) -> set[int]:
    met = Message.objects.filter(connection_id=connection_id, state=state, refused_as=cause)
    return set(met.values_list("order_id", flat=True))
