"""A process of the hub: it can die or freeze at every seam, and another one may run beside it."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, connections

from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.store.connections.connections import Claim
from orderhaven.store.models import Connection
from orderhaven.store.orders import marketplace_snapshots
from orderhaven.store.sql.execute import told_apart
from orderhaven.sync.sync_run import Hub
from tests.simulation.doubts import Doubts
from tests.simulation.virtual import LoopClock, VirtualLoop

P = ParamSpec("P")
R = TypeVar("R")
_MOST_VISITS = 150_000  # of a run; the longest take a tenth of that
TAKING_IN = "taking in"  # a seam: each statement of taking new orders in, and the moment after
_TAKE_IN = frozenset({marketplace_snapshots.insert_orders.__name__, marketplace_snapshots.record_orders.__name__})
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Died(BaseException):
    """The process is gone: nothing of it goes on."""


class Endless(KeyboardInterrupt):
    """The hub goes round in circles; this ends the whole run."""


class Store:
    """One thread with one connection, for every process in turn: SQLite has one writer anyway."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._visits = 0

    def run(self, work: Callable[[], R]) -> R:
        """The loop stands still meanwhile, so the order of everything is the seed's."""
        self._visits += 1
        if self._visits > _MOST_VISITS:
            raise Endless("the hub goes round in circles")
        return self._thread.submit(work).result()

    def close(self) -> None:
        self._thread.submit(lambda: connections.close_all()).result()
        self._thread.shutdown()


class Armed:
    """One thing that is to happen at the `left`th next time that its seam is passed."""

    def __init__(self, seam: str, left: int, act: Callable[[], None]) -> None:
        self.seam = seam
        self.left = left
        self.act = act


class Process:
    """`flaws` is told what is seen to be wrong."""

    def __init__(
        self, loop: VirtualLoop, store: Store, wire: Any, specs_by_name: Any, chance: random.Random, clock: LoopClock,
        flaws: list[str],
    ) -> None:  # fmt: skip
        self._loop = loop
        self._store = store
        self._chance = chance
        self._thawed = asyncio.Event()
        self._thawed.set()
        self.is_dead = False
        self.stopped = asyncio.Event()  # dead, or frozen for the first time
        self.armed: list[Armed] = []
        self.flaws = flaws
        self._doubts = Doubts(wire, flaws)
        self._takes_in = False
        self.refusals = 0  # how many writes the store still refuses
        self.hub = Hub(clock, self, _Transport(self, wire), random.Random(chance.random()), specs_by_name)  # type: ignore[arg-type]
        self.running: dict[int, asyncio.Task[None]] = {}

    # ------------------------------------------------------------ what breaks

    def die(self) -> None:
        self.is_dead = True
        self.stopped.set()
        raise Died

    def freeze(self, seconds: float) -> None:
        self._thawed.clear()
        self._loop.call_later(seconds, self.wake_up)
        self.stopped.set()

    def wake_up(self) -> None:
        self._thawed.set()

    async def seam(self, name: str) -> None:
        """A place where a process may die or freeze. It takes a moment, as long as the seed says."""
        self._pass(name)
        await asyncio.sleep(self._chance.random() * 0.02)
        await self._thawed.wait()
        if self.is_dead:
            raise Died

    def _pass(self, name: str) -> None:
        for one in [one for one in self.armed if one.seam == name]:
            one.left -= 1
            if one.left <= 0:
                self.armed.remove(one)
                one.act()

    # ------------------------------------------------ the way into the store (in place of store.sql.execute.StoreExecutor)

    async def __call__(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        await self.seam("before store")
        self._doubts.look_at(work.__name__, args, self._loop.time())
        result = self._store.run(lambda: self._in_store(work, args, kwargs))
        self._pass(f"after {work.__name__}")
        if work.__name__ in _TAKE_IN:
            self._pass(TAKING_IN)
        await self.seam("after store")
        return result

    def close(self) -> None:
        return None

    def _in_store(self, work: Callable[..., R], args: Any, kwargs: Any) -> R:
        before = self._changes_if_overtaken(args)
        self._takes_in = work.__name__ in _TAKE_IN
        with connection.execute_wrapper(self._statement):
            result = told_apart(work, args, kwargs)
        if before is not None and connection.connection.total_changes != before:
            self.flaws.append(f"a cycle that was overtaken wrote to the store: {work.__name__}")
        return result

    def _changes_if_overtaken(self, args: Any) -> int | None:
        """How much was written so far; None for a run that still has its right to write, or presents none."""
        if not self.stopped.is_set():
            return None
        claims = (one for one in args if isinstance(one, Claim))
        overtaken = any(Connection.objects.filter(pk=one.connection_id, epoch__gt=one.epoch).exists() for one in claims)
        return int(connection.connection.total_changes) if overtaken else None

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self._pass("statement")
        if self._takes_in:
            self._pass(TAKING_IN)
        if self.refusals and sql.lstrip().upper().startswith(_WRITES):
            self.refusals -= 1
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)


class _Transport:
    """To the sandboxes. What was sent arrives, also when the sender has died meanwhile."""

    def __init__(self, process: Process, wire: Any) -> None:
        self._process = process
        self._wire = wire

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        if self._process.is_dead:
            raise Died
        has_left = self._wire.going_out(request)
        arriving = asyncio.get_running_loop().create_task(self._wire.serve(request))
        arriving.add_done_callback(_look_at_its_error)
        try:
            response: Response = await asyncio.wait_for(asyncio.shield(arriving), timeout_s)
            has_left()
        except TimeoutError:
            has_left()
            raise NoAnswer("did not answer in time", sent=True) from None
        except NoAnswer as error:
            if error.sent:
                has_left()
            raise
        finally:
            await self._process.seam("answer")
        return response

    async def close(self) -> None:
        return None


def _look_at_its_error(task: Any) -> None:
    """Whoever asked may be gone: then nobody else takes the error."""
    if not task.cancelled():
        task.exception()
