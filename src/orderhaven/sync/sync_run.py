"""A sync run: what all runs share, one run from claim to schedule, and what follows when it fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

import structlog

from orderhaven.connectors import open_connector, specs
from orderhaven.core.errors import (
    AccountProblem,
    HubError,
    MayNotWrite,
    OrderProblem,
    OrderRejected,
    OtherAccount,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
)
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.account import AccountChoices, KeptAccount, spec_of_account
from orderhaven.ports.connector import Capability, Clock, ConnectorContext, ConnectorSpec, Side
from orderhaven.ports.sockets import HostSockets, Sockets
from orderhaven.store.connections import connections
from orderhaven.store.connections.connections import Claim, Fenced
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.store.orders import shop_snapshots
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.apply_results import Pace
from orderhaven.store.sql.execute import StoreExecutor, StoreFailure, relaxed_durability
from orderhaven.sync.tokens import StoredTokens

T = TypeVar("T")
R = TypeVar("R")


async def gather_limited(most: int, things: Collection[T], call: Callable[[T], Awaitable[R]]) -> list[R | Exception]:
    """What each call gave or raised, in the order of the things; `most` are under way at any moment.

    By as many tasks, each with one call after another, however many things there are.
    """
    given: dict[int, R | Exception] = {}
    left = enumerate(things)

    async def one_after_another() -> None:
        for place, thing in left:
            try:
                given[place] = await call(thing)
            except Exception as error:  # noqa: BLE001 - told apart by whoever asked: one of many holds up no other
                given[place] = error

    await asyncio.gather(*(one_after_another() for _ in range(min(most, len(things)))))
    return [given[place] for place in range(len(things))]


@dataclass(frozen=True, slots=True)
class _Opened:
    version: tuple[str, str, bool, int]  # settings, secrets, network and number of calls it was opened with
    connector: Any
    tokens: StoredTokens
    sockets: Sockets


@dataclass
class Hub:
    clock: Clock
    run_in_store: StoreExecutor
    transport: Any
    chance: random.Random = field(default_factory=random.Random)
    specs_by_name: Mapping[str, ConnectorSpec] = field(default_factory=specs)
    as_before: Any = None  # the network of connections that were made before networks had to be allowed
    contacts_kept_for: timedelta = timedelta(days=30)  # buyers' personal data, after the last closing event
    times_per_message: dict[int, timedelta] = field(default_factory=dict)  # connection -> how long one took last
    hosts: HostSockets = field(default_factory=HostSockets)
    _open: dict[int, _Opened] = field(default_factory=dict)
    _specs: dict[int, tuple[tuple[ConnectorSpec, KeptAccount, AccountChoices], ConnectorSpec]] = field(
        default_factory=dict
    )

    def spec_of(self, row: Connection) -> ConnectorSpec:
        """As the connection's account has it."""
        says = (self.specs_by_name[row.connector], row.account, row.account_choices)
        kept = self._specs.get(row.pk)
        if kept is None or kept[0] != says:
            kept = self._specs[row.pk] = says, spec_of_account(*says)
        return kept[1]

    async def connector_of(self, row: Connection) -> Any:
        """The connection's connector, opened once and again when its settings or secrets changed. Raises KeysLost."""
        spec = self.spec_of(row)
        version = (str(row.settings), row.secrets, row.keeps_private_network, spec.limits.concurrent_calls)
        kept = self._open.get(row.pk)
        if kept is not None and kept.version == version:
            return kept.connector
        settings = await self.run_in_store(connections.open_settings, row)
        tokens = StoredTokens(self.run_in_store, row.pk)
        network = (row.keeps_private_network and self.as_before) or self.transport
        sockets = Sockets(spec.limits.concurrent_calls, self.hosts)
        connector = open_connector(spec, settings, ConnectorContext(self.clock, network, tokens, sockets))
        if kept is not None:
            await kept.connector.close()
        self._open[row.pk] = _Opened(version, connector, tokens, sockets)
        return connector

    def sockets_of(self, row: Connection) -> Sockets:
        """Of a connection whose connector is open."""
        return self._open[row.pk].sockets

    def token_to_write(self, row: Connection) -> tuple[str, datetime] | None:
        opened = self._open.get(row.pk)
        return opened.tokens.to_write() if opened else None

    async def close(self) -> None:
        for opened in self._open.values():
            await opened.connector.close()
        await self.transport.close()
        if self.as_before is not None:
            await self.as_before.close()
        self.run_in_store.close()


log = structlog.get_logger()
P = ParamSpec("P")

# real seconds: a run pulls and pushes for a bounded time each, so that neither waits for the end of the other
_PULLS_FOR_S = 5.0
_PUSHES_FOR_S = 45.0
_CONNECTOR_AGAIN = timedelta(minutes=15)
_WAIT_AGAIN = timedelta(minutes=1)  # a wait that is over while its shop cannot be read


@dataclass
class SyncRun:
    """A claimed connection and everything a step needs. `schedule` is written before the next step, and at the end."""

    hub: Hub
    claim: Claim
    row: Connection
    spec: ConnectorSpec
    connector: Any = None  # a Marketplace or a Shop, by the spec's side; None while it is not to be used
    usable: bool = False  # whether the other side may be called now
    schedule: dict[str, object] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.hub.clock.now()

    def pace(self) -> Pace:
        limits = self.spec.limits
        return Pace(
            self.row.name,
            limits.visibility_delay,
            limits.outcome_deadline,
            takes_corrections=Capability.CORRECT_TRACKING in self.spec.capabilities,
            spread=self.hub.chance.random(),
        )

    def pulls_until(self) -> datetime:
        return self.now() + self.hub.clock.in_real(_PULLS_FOR_S)

    def pushes_until(self) -> datetime:
        return self.now() + self.hub.clock.in_real(_PUSHES_FOR_S)

    def not_after(self) -> datetime:
        return self.now() + self.hub.clock.in_real(self.spec.limits.call_timeout_s)

    def time_per_message(self) -> timedelta | None:
        """How long it took lately to send one message, those sent at the same time shared; None: not seen yet."""
        return self.hub.times_per_message.get(self.row.pk)

    def note_time_per_message(self, took: timedelta) -> None:
        self.hub.times_per_message[self.row.pk] = max(took, timedelta(0))

    async def save_schedule(self, **columns: object) -> None:
        """Write down how far the run has come: a death repeats nothing of it."""
        await self.in_store(_keep_in_store, self.claim, columns)

    def record_pull(self, begun_at: datetime, cursor: str) -> None:
        """A whole pull was taken in: the cursor moves, and the next one is due an interval after this one began."""
        every = max(timedelta(seconds=self.row.pull_every_s), self.spec.limits.poll_floor)
        self.schedule |= {
            "cursor": cursor,
            "last_pulled_at": begun_at,
            "pull_at": connections.jittered(begun_at, every, self.hub.chance.random()),
        }

    async def in_store(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.hub.run_in_store(work, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a run does when the column of the schedule says that it is due."""

    column: str
    run: Callable[[SyncRun], Awaitable[None]]
    in_trouble: bool = False  # also while the connection is paused or quiet


Guard = Callable[[SyncRun, Callable[[SyncRun], Awaitable[None]]], Awaitable[bool]]


async def run_sync(hub: Hub, connection_id: int, steps: Mapping[Side, tuple[Step, ...]], guard: Guard) -> None:
    """Claim the connection and run what is due. `guard` runs one step and says whether the run may go on."""
    try:
        taken = await hub.run_in_store(connections.claim, connection_id)
    except StoreFailure as error:
        log.error("store_failure", cause=str(error))
        return
    if taken is None:
        return
    claim, row = taken
    if row.connector not in hub.specs_by_name:
        cause = f"the connector '{row.connector}' is not installed any more"
        log.error("connector_missing", connection=row.name, cause=cause)
        again_at = hub.clock.now() + _CONNECTOR_AGAIN
        await hub.run_in_store(connections.record_failure, claim, hub.clock.now(), cause, again_at)
        if row.wait_at is not None:
            await hub.run_in_store(connections.save_schedule, claim, wait_at=again_at)
        return
    with structlog.contextvars.bound_contextvars(connection=row.name, epoch=claim.epoch):
        sync_run = SyncRun(hub, claim, row, hub.spec_of(row))
        quiet = row.backoff_until is not None and row.backoff_until > sync_run.now()
        sync_run.usable = row.state == ConnectionState.ACTIVE and not quiet and await guard(sync_run, _open)
        for step in steps[Side(row.side)]:
            if not ((sync_run.usable or step.in_trouble) and _is_due(row, step.column, sync_run)):
                continue
            if not (await guard(sync_run, _keep_schedule) and await guard(sync_run, step.run)):
                break
        else:
            if sync_run.usable and (row.failures or row.rejections):
                sync_run.schedule |= await hub.run_in_store(connections.recovered, row)
        await guard(sync_run, _plan)


async def _open(sync_run: SyncRun) -> None:
    sync_run.connector = await sync_run.hub.connector_of(sync_run.row)


def _is_due(row: Connection, column: str, sync_run: SyncRun) -> bool:
    due_at = getattr(row, column)
    return due_at is not None and due_at <= sync_run.now()


async def _keep_schedule(sync_run: SyncRun) -> None:
    if sync_run.schedule:
        await sync_run.save_schedule(**sync_run.schedule)


def _keep_in_store(claim: Claim, columns: dict[str, object]) -> None:
    with relaxed_durability():
        connections.save_schedule(claim, **columns)


async def _plan(sync_run: SyncRun) -> None:
    token = sync_run.hub.token_to_write(sync_run.row)
    await sync_run.in_store(_plan_in_store, sync_run.claim, sync_run.row, sync_run.schedule, token, sync_run.now())


def _plan_in_store(
    claim: Claim, row: Connection, columns: dict[str, object], token: tuple[str, datetime] | None, now: datetime
) -> None:
    """What is due next is read from the messages and the waits, so that nothing is forgotten."""
    if token is not None:
        columns["token"] = connections.sealed_token(*token)
    with connections.scheduling(claim):
        columns["push_at"] = queue.next_due(claim.connection_id, claim.epoch)
        if row.side == Side.SHOP:
            first = shop_snapshots.next_wait(claim.connection_id)
            columns["wait_at"] = max(first, now + _WAIT_AGAIN) if first is not None and first <= now else first
        connections.save_schedule(claim, **columns)


OURS = "an error in Orderhaven: see the log and report it"  # which error it is stands in the log alone
SAYS_NOTHING = "it says nothing of this order"
_FIRST_QUIET = timedelta(seconds=30)
_LONGEST_QUIET = timedelta(minutes=5)
_LONGEST_WISH = timedelta(hours=1)
_REFUSED_AGAIN = connections.REFUSED_FOR / 2  # so the third refusal is the last


def result_of(error: HubError, side: str) -> result.CommandResult:
    """What an error of one command means for its message."""
    match error:
        case OrderRejected():
            return result.NeedsAttention(error.kind, by_name(error, side), cause=error.alike)
        case OrderProblem():
            return result.NeedsAttention(error.kind, by_name(error, side))
        case OutcomeUnknown():
            return result.Unconfirmed(error.cause)
        case SafeToRetry():
            return result.RetryLater(error.cause, _wished(error))
        case UnexpectedResponse():
            return result.NeedsAttention(
                ProblemKind.UNEXPECTED_RESPONSE, {"side": side, "cause": error.cause}, error.evidence
            )
        case _:
            # of the account, not of this message: it did not happen, and the run ends
            return result.RetryLater(_why_refused(error, side), _REFUSED_AGAIN)


def by_name(error: OrderProblem | AccountProblem, side: str) -> Mapping[str, str]:
    """What its sentence says, of the connection as people named it: a connector knows its software alone."""
    return {**error.values, "side": side} if "side" in error.values else error.values


def _wished(error: SafeToRetry) -> timedelta | None:
    """How long they ask us to wait, if that makes sense: none at all would be a storm, a year the end of the trade."""
    return min(error.after, _LONGEST_WISH) if error.after else None


async def guard(sync_run: SyncRun, step: Callable[[SyncRun], Awaitable[None]]) -> bool:
    """Run one step; an error ends the run, noted by whose turn it is. Says whether the run may go on."""
    try:
        await step(sync_run)
    except Fenced:
        log.info("sync_run_fenced")
        return False
    except RateLimited as error:
        await _note(sync_run, _slow_down, _wished(error) or _FIRST_QUIET)
        return False
    except SafeToRetry as error:
        await _note(sync_run, _failed, error.cause, _wished(error))
        return False
    except AccountProblem as error:
        await _note(sync_run, _refused, error)
        return False
    except KeysLost as error:
        log.error("keys_lost")
        await _note(sync_run, _failed, str(error), None)
        return False
    except (UnexpectedResponse, OutcomeUnknown) as error:
        log.error("unexpected_response", cause=error.cause)
        await _note(sync_run, _failed, error.cause, None)
        return False
    except StoreFailure as error:
        log.error("store_failure", cause=str(error))
        return False
    except Exception:  # the edge of the run: a bug of ours must not stop the hub
        log.exception("sync_run_crashed")
        await _note(sync_run, _failed, OURS, None)
        return False
    return True


async def record_unidentified(sync_run: SyncRun, causes: Collection[str]) -> None:
    """Rows of a list that do not say of which order they are: an order may be missing here, so somebody must look there."""
    if causes:
        log.error("unidentified_rows", causes=sorted(causes))
        await sync_run.in_store(
            connections.record_unidentified, sync_run.claim, sync_run.row.name, causes, sync_run.now()
        )


async def _note(sync_run: SyncRun, how: Callable[..., None], *what: object) -> None:
    """Write the trouble down, unless a later run has the connection by now."""
    try:
        await sync_run.in_store(how, sync_run, *what)
    except Fenced:
        log.info("sync_run_fenced")
    except StoreFailure as error:
        log.error("store_failure", cause=str(error))


def _slow_down(sync_run: SyncRun, after: timedelta) -> None:
    connections.slow_down(sync_run.claim, sync_run.now() + after)


def _failed(sync_run: SyncRun, cause: str, after: timedelta | None) -> None:
    log.warning("sync_run_failed", cause=cause, failures=sync_run.row.failures + 1)
    back_off = min(_FIRST_QUIET * 2 ** min(sync_run.row.failures, 8), _LONGEST_QUIET)
    quiet = after if after is not None else back_off * (1 + 0.2 * sync_run.hub.chance.random())
    connections.record_failure(sync_run.claim, sync_run.now(), cause, sync_run.now() + quiet)


def _refused(sync_run: SyncRun, error: AccountProblem) -> None:
    """A token that ended early, a log-in that starts anew and a firewall that learns refuse once or twice; a key that is wrong
    is refused every time, and one that may only read says so."""
    if isinstance(error, MayNotWrite | OtherAccount) or connections.record_rejection(sync_run.claim, sync_run.now()):
        log.warning("connection_needs_attention", problem=error.kind)
        connections.needs_attention(sync_run.claim, error.kind, by_name(error, sync_run.row.name), sync_run.now())
        return
    log.warning("connection_rejected", problem=error.kind)
    _failed(sync_run, _why_refused(error, sync_run.row.name), _REFUSED_AGAIN)


def _why_refused(error: HubError, side: str) -> str:
    reason = error.values.get("reason", "") if isinstance(error, AccountProblem) else ""
    return f"{side} refuses ({reason})" if reason else f"{side} does not let this connection in"
