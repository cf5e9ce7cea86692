"""One pass over one connection: hear what is new there, then tell what that side does not know yet."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

import structlog

from orderhaven.ports.connector import Can, Declaration, Role
from orderhaven.store import connections, outbox, shop_readings
from orderhaven.store.connections import Claim
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.store.settling import Pace
from orderhaven.store.sql.execute import unhurried
from orderhaven.store.sql.hop import StoreTrouble
from orderhaven.sync.hub import Hub

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")
# real seconds: a cycle hears and tells for a bounded time each, so that neither waits for the end of the other
_HEARS_FOR_S = 5.0
_TELLS_FOR_S = 45.0
_CONNECTOR_AGAIN = timedelta(minutes=15)
_WAIT_AGAIN = timedelta(minutes=1)  # a wait that is over while its shop cannot be read


@dataclass
class Cycle:
    """A claimed connection and everything a beat needs. `schedule` is written before the next beat, and at the end."""

    hub: Hub
    claim: Claim
    row: Connection
    declaration: Declaration
    connector: Any = None  # a Marketplace or a Shop, by the declaration's role; None while it is not to be used
    usable: bool = False  # whether the other side may be called now
    schedule: dict[str, object] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.hub.clock.now()

    def pace(self) -> Pace:
        limits = self.declaration.limits
        return Pace(
            self.row.name,
            limits.settle,
            limits.outcome_deadline,
            takes_corrections=Can.CORRECT_TRACKING in self.declaration.can,
            spread=self.hub.chance.random(),
        )

    def hears_until(self) -> datetime:
        return self.now() + self.hub.clock.in_real(_HEARS_FOR_S)

    def tells_until(self) -> datetime:
        return self.now() + self.hub.clock.in_real(_TELLS_FOR_S)

    def not_after(self) -> datetime:
        return self.now() + self.hub.clock.in_real(self.declaration.limits.call_timeout_s)

    def time_per_message(self) -> timedelta | None:
        """How long it took lately to send one message, those sent at the same time shared; None: not seen yet."""
        return self.hub.times_per_message.get(self.row.pk)

    def note_time_per_message(self, took: timedelta) -> None:
        self.hub.times_per_message[self.row.pk] = max(took, timedelta(0))

    async def keep(self, **columns: object) -> None:
        """Write down how far the cycle has come: a death repeats nothing of it."""
        await self.store(_keep_in_store, self.claim, columns)

    def heard(self, begun_at: datetime, cursor: str) -> None:
        """A whole hearing was taken in: the cursor moves, and the next one is due an interval after this one began."""
        every = max(timedelta(seconds=self.row.hear_every_s), self.declaration.limits.poll_floor)
        self.schedule |= {
            "cursor": cursor,
            "heard_at": begun_at,
            "hear_at": connections.jittered(begun_at, every, self.hub.chance.random()),
        }

    async def store(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.hub.hop(work, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Beat:
    """One thing a cycle does when the column of the schedule says that it is due."""

    column: str
    run: Callable[[Cycle], Awaitable[None]]
    in_trouble: bool = False  # also while the connection is paused or quiet


Guard = Callable[[Cycle, Callable[[Cycle], Awaitable[None]]], Awaitable[bool]]


async def run_cycle(hub: Hub, connection_id: int, beats: Mapping[Role, tuple[Beat, ...]], guard: Guard) -> None:
    """Claim the connection and run what is due. `guard` runs one beat and says whether the cycle may go on."""
    try:
        taken = await hub.hop(connections.claim, connection_id)
    except StoreTrouble as error:
        log.error("store_trouble", cause=str(error))
        return
    if taken is None:
        return
    claim, row = taken
    if row.connector not in hub.declared:
        cause = f"the connector '{row.connector}' is not installed any more"
        log.error("connector_missing", connection=row.name, cause=cause)
        again_at = hub.clock.now() + _CONNECTOR_AGAIN
        await hub.hop(connections.failed, claim, hub.clock.now(), cause, again_at)
        if row.wait_at is not None:
            await hub.hop(connections.save_schedule, claim, wait_at=again_at)
        return
    with structlog.contextvars.bound_contextvars(connection=row.name, epoch=claim.epoch):
        cycle = Cycle(hub, claim, row, hub.declaration_of(row))
        quiet = row.quiet_until is not None and row.quiet_until > cycle.now()
        cycle.usable = row.state == ConnectionState.ACTIVE and not quiet and await guard(cycle, _open)
        for beat in beats[Role(row.role)]:
            if not ((cycle.usable or beat.in_trouble) and _is_due(row, beat.column, cycle)):
                continue
            if not (await guard(cycle, _keep_schedule) and await guard(cycle, beat.run)):
                break
        else:
            if cycle.usable and (row.failures or row.refusals):
                cycle.schedule |= await hub.hop(connections.recovered, row)
        await guard(cycle, _plan)


async def _open(cycle: Cycle) -> None:
    cycle.connector = await cycle.hub.connector_of(cycle.row)


def _is_due(row: Connection, column: str, cycle: Cycle) -> bool:
    due_at = getattr(row, column)
    return due_at is not None and due_at <= cycle.now()


async def _keep_schedule(cycle: Cycle) -> None:
    if cycle.schedule:
        await cycle.keep(**cycle.schedule)


def _keep_in_store(claim: Claim, columns: dict[str, object]) -> None:
    with unhurried():
        connections.save_schedule(claim, **columns)


async def _plan(cycle: Cycle) -> None:
    token = cycle.hub.token_to_write(cycle.row)
    await cycle.store(_plan_in_store, cycle.claim, cycle.row, cycle.schedule, token, cycle.now())


def _plan_in_store(
    claim: Claim, row: Connection, columns: dict[str, object], token: tuple[str, datetime] | None, now: datetime
) -> None:
    """What is due next is read from the messages and the waits, so that nothing is forgotten."""
    if token is not None:
        columns["token"] = connections.sealed_token(*token)
    with connections.scheduling(claim):
        columns["tell_at"] = outbox.next_due(claim.connection_id, claim.epoch)
        if row.role == Role.SHOP:
            first = shop_readings.next_wait(claim.connection_id)
            columns["wait_at"] = max(first, now + _WAIT_AGAIN) if first is not None and first <= now else first
        connections.save_schedule(claim, **columns)
