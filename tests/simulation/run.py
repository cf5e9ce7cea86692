"""One run: a plan is played with the real sync code, then everything is mended and the hub settles."""

import asyncio
import atexit
import heapq
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from django.db import connection, connections

from orderhaven.actions import connecting, joining, links, orders
from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.core.carriers import Carrier
from orderhaven.core.errors import HubError
from orderhaven.ports.connector import Declaration, Role
from orderhaven.store import connections as schedule
from orderhaven.store import keys, outbox, setup
from orderhaven.store.hop import StoreTrouble
from orderhaven.store.models import Connection, ConnectionState, Link, Merchant, Message, Order
from orderhaven.sync import beats
from tests.simulation.plan import HUB, IN_SHOP, ON_THE_WIRE, Deed, Fault, Happening, Plan, Trouble
from tests.simulation.process import Armed, Died, Process, Store
from tests.simulation.sides import Sides
from tests.simulation.virtual import LoopClock, VirtualLoop
from tests.stores import point_store_at

_SEAMS = {
    Trouble.DEATH_IN_STATEMENT: "statement", Trouble.DEATH_BEFORE_STORE: "before store",
    Trouble.DEATH_AFTER_STORE: "after store", Trouble.DEATH_AT_ANSWER: "answer",
    Trouble.FREEZE_BEFORE_STORE: "before store", Trouble.FREEZE_AFTER_STORE: "after store", Trouble.FREEZE_AT_ANSWER: "answer",
}  # fmt: skip
_SEAMS |= dict.fromkeys((Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND), f"after {outbox.begin.__name__}")
_DEATHS = frozenset({
    Trouble.DEATH_IN_STATEMENT, Trouble.DEATH_BEFORE_STORE, Trouble.DEATH_AFTER_STORE, Trouble.DEATH_AT_ANSWER,
    Trouble.DEATH_BEFORE_SEND,
})  # fmt: skip
_NOT_OPEN = ("told", "parked", "dropped", "held")
_LOOKS_AGAIN = 7 * 60.0  # seconds: people who do not find an order in the shop yet
_GIVES_UP_AFTER = 14
_SETTLES_WITHIN = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Noted:
    """A code in the shop order."""

    at: float
    code: str
    carrier: Carrier | None  # None: nobody can tell from the code


@dataclass
class Diary:
    """What people did to one order, and when, in seconds of the run. The judge's own knowledge."""

    number: int
    kind: str
    ref: str
    sold_at: float
    done: dict[Deed, list[float]] = field(default_factory=dict)
    codes: list[Noted] = field(default_factory=list)
    by_others: set[int] = field(default_factory=set)  # places in the marketplace's list of shipments

    def did(self, *deeds: Deed) -> bool:
        return any(deed in self.done for deed in deeds)

    def first(self, *deeds: Deed) -> float | None:
        return min((at for deed in deeds for at in self.done.get(deed, ())), default=None)

    def last(self, *deeds: Deed) -> float:
        return max((at for deed in deeds for at in self.done.get(deed, ())), default=-1.0)


@dataclass
class Line:
    """Of the story."""

    at: float
    text: str


class Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.diaries: dict[int, Diary] = {}
        self.story: list[Line] = []
        self.hits: Counter[Trouble] = Counter()
        self.logs: list[dict[str, Any]] = []
        self.flaws: list[str] = []  # what was seen to be wrong while it went on
        self.settled_at: float | None = None
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(self._note_loose_end)
        self.chance = random.Random(plan.seed)
        self.sandbox_clock, self.hub_clock = LoopClock(self.loop), LoopClock(self.loop)
        self.sides = Sides(plan.pair, self.sandbox_clock, random.Random(plan.seed + 1), self._note_hit)
        self.store = Store()
        self.link_id = 0
        self.merchant_id = 0
        self._process = self._start_process()
        self._frozen: list[Process] = []
        self._wake = asyncio.Event()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    # ------------------------------------------------------------ from outside

    def play(self) -> None:
        """The whole of it. What the store holds at the end is there for the judge until `close`."""
        random.seed(self.plan.seed)  # the pauses of a connector's session are drawn from the process's own
        with _fresh_store(), _captured(self.logs):
            self._open()
            try:
                self.loop.run_until_complete(self._play())
                self.at_the_end()
            finally:
                self.close()

    def at_the_end(self) -> None:
        """Called while the store is open; the judge hangs in here."""

    def close(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        with suppress(RuntimeError):
            self.loop.run_until_complete(asyncio.sleep(0.1))
        self.store.close()
        self.loop.close()
        connections.close_all()

    def seconds(self, moment: datetime) -> float:
        return (moment - self.sandbox_clock.now()).total_seconds() + self.loop.time()

    # ------------------------------------------------------------ the course of it

    def _open(self) -> None:
        def make() -> tuple[int, int]:
            now = self.hub_clock.now()
            merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
            by_role = {one.role: one for one in self.sides.declared.values()}
            there, here = (
                _connection(merchant, by_role[role], name, self.sides.settings(role), now)
                for role, name in ((Role.MARKETPLACE, "Marketplace"), (Role.SHOP, "Shop"))
            )
            wait_s = int(self.plan.wait_minutes * 60)
            link = Link.objects.create(merchant=merchant, marketplace=there, shop=here, from_at=now, wait_s=wait_s)
            return merchant.pk, link.pk

        self.merchant_id, self.link_id = self.store.run(make)
        if hasattr(self.sides.marketplace, "lists_whole_orders"):
            self.sides.marketplace.lists_whole_orders = self.plan.lists_whole_orders
            if self.plan.answers_at_once:
                self.sides.marketplace.outcome_takes = None

    async def _play(self) -> None:
        for happening in self.plan.happenings:
            self._plan(happening.at * 60, lambda one=happening: self._do(one, 0))
        for fault in self.plan.faults:
            self._plan(fault.at * 60, lambda one=fault: self._break(one))
        driving = self.loop.create_task(self._drive())
        await self._keep_agenda(self.plan.minutes * 60)
        self._mend_everything()
        await self._settle()
        driving.cancel()
        for process in (self._process, *self._frozen):
            await _end(process)

    def _plan(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), act))

    async def _keep_agenda(self, until: float) -> None:
        while self._agenda and self._agenda[0][0] <= until:
            at, _, act = heapq.heappop(self._agenda)
            await asyncio.sleep(max(at - self.loop.time(), 0))
            act()
            self._wake.set()
        await asyncio.sleep(max(until - self.loop.time(), 0))

    async def _drive(self) -> None:
        """Whoever starts the hub again when it is dead, and another one beside it when it stands still."""
        while True:
            process = self._process
            ticking = self.loop.create_task(self._tick(process))
            await process.stopped.wait()
            ticking.cancel()
            if process.is_dead:
                await _end(process)
                self._say("the hub is dead")
                await asyncio.sleep(self.chance.choice((1, 20, 300)))
            else:
                self._frozen.append(process)
                await asyncio.sleep(self.chance.uniform(1, 30))
            self._process = self._start_process()
            self._say("a hub is started")

    async def _tick(self, process: Process) -> None:
        while True:
            try:
                due = await process(schedule.due, self.hub_clock.now())
            except (StoreTrouble, Died):
                due = []
            for one in due:
                if one not in process.running:
                    process.running[one] = self.loop.create_task(beats.run(process.hub, one))
            await self._until_something(process)
            self._look_after(process)

    async def _until_something(self, process: Process) -> None:
        running = list(process.running.values())
        if running:
            await asyncio.wait(running, timeout=self.chance.uniform(0.5, 2), return_when=asyncio.FIRST_COMPLETED)
            return
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._next_due_in())

    def _next_due_in(self) -> float:
        """Seconds to the next moment of the schedule; at least the ticker's second."""
        columns = ("hear_at", "tell_at", "wait_at", "reread_at", "quiet_until")
        moments = self.store.run(lambda: list(Connection.objects.values_list(*columns)))
        now = self.hub_clock.now()
        ahead = [moment for row in moments for moment in row if moment is not None and moment > now]
        return max((min(ahead) - now).total_seconds(), 1.0) if ahead else 60.0

    def _look_after(self, process: Process) -> None:
        for key, task in list(process.running.items()):
            if task.done():
                del process.running[key]
                error = task.exception() if not task.cancelled() else None
                if error is not None and not isinstance(error, Died):
                    self.flaws.append(f"a cycle ended in {type(error).__name__}: {error}")

    def _start_process(self) -> Process:
        chance = random.Random(self.chance.random())
        return Process(self.loop, self.store, self.sides, self.sides.declared, chance, self.hub_clock, self.flaws)

    async def _settle(self) -> None:
        began = self.loop.time()
        while self.loop.time() - began < _SETTLES_WITHIN.total_seconds():
            await self._keep_agenda(self.loop.time() + 240)
            if self.loop.time() - began > 900 and not self.store.run(_still_to_do):
                self.settled_at = self.loop.time()
                return
        self.flaws.append("it does not settle: " + "; ".join(self.store.run(_still_to_do)))

    def _mend_everything(self) -> None:
        self._say("everything works again")
        self.sides.mend()
        self.sides.marketplace.faults.clear()
        self.hub_clock.skew = timedelta(0)
        for process in (self._process, *self._frozen):
            process.armed.clear()
            process.refusals = 0
            process.wake_up()
        self._agenda.clear()
        self._by_person(lambda by: [connecting.resume(by, name) for name in ("Marketplace", "Shop")])
        self._wake.set()

    # ------------------------------------------------------------ what people do

    def _do(self, one: Happening, tried: int) -> None:
        if one.deed is Deed.SELL:
            ref = self.sides.sell(one)
            self.diaries[one.order] = Diary(one.order, one.kind, ref, self.loop.time())
            self._say(f"{one.deed}: {ref}, {one.lines} x {one.pieces} {one.kind}".rstrip())
            return
        if one.order < 0 or one.deed is Deed.PAUSE:
            self._visit(one)
            return
        diary = self.diaries.get(one.order)
        if diary is None:
            return  # the sale was left out of the plan
        done = self._in_shop(one, diary) if one.deed in IN_SHOP else self._elsewhere(one, diary)
        if done is None:
            if tried < _GIVES_UP_AFTER:
                self._plan(self.loop.time() + _LOOKS_AGAIN, lambda: self._do(one, tried + 1))
            return
        if done:
            diary.done.setdefault(one.deed, []).append(self.loop.time())
            self._say(f"{one.deed}: {diary.ref} {one.code if one.deed in (Deed.SHIP, Deed.ADD_CODE) else ''}".rstrip())

    def _in_shop(self, one: Happening, diary: Diary) -> bool | None:
        """None: it is not there yet."""
        there = self.sides.in_shop(diary.ref)
        if not there:
            return None if not diary.did(Deed.DELETE) else False
        shop, shop_ref = self.sides.shop, there[-1].shop_ref
        match one.deed:
            case Deed.SHIP:
                shop.complete(shop_ref, one.code, one.carrier_word)
            case Deed.COMPLETE:
                shop.complete(shop_ref)
            case Deed.ADD_CODE:
                shop.add_code(shop_ref, one.code, one.carrier_word)
            case Deed.CANCEL_IN_SHOP:
                shop.cancel(shop_ref)
            case Deed.REOPEN:
                self.sides.reopen(shop_ref)
            case Deed.TRASH:
                shop.trash(shop_ref)
            case Deed.DELETE:
                shop.delete(shop_ref)
            case _:
                self.sides.change_pieces(shop_ref)
        if one.deed in (Deed.SHIP, Deed.ADD_CODE):
            diary.codes.append(Noted(self.loop.time(), one.code, one.carrier))
        return True

    def _elsewhere(self, one: Happening, diary: Diary) -> bool:
        sides, ref = self.sides, diary.ref
        before = len(sides.marketplace.shipments())
        match one.deed:
            case Deed.ASK | Deed.CANCEL_THERE | Deed.SHIP_THERE | Deed.SHIP_PART_THERE if not sides.is_open_there(ref):
                return False
            case Deed.ASK:
                sides.marketplace.buyer_asks_to_cancel(ref)
            case Deed.WITHDRAW:
                sides.withdraw(ref)
            case Deed.CANCEL_THERE:
                sides.marketplace.cancel(ref)
            case Deed.REVERSE_THERE:
                return sides.reverse(ref)
            case Deed.SHIP_THERE:
                sides.marketplace.ship_elsewhere(ref)
            case Deed.SHIP_PART_THERE:
                if not sides.ship_part(ref):
                    return False
            case _:
                return self._at_the_hub(one, ref)
        diary.by_others |= set(range(before, len(sides.marketplace.shipments())))
        return True

    def _at_the_hub(self, one: Happening, ref: str) -> bool:
        acts: dict[Deed, Callable[[Hand], object]] = {
            Deed.RETRY: lambda by: orders.retry(by, ref),
            Deed.TAKE_OVER: lambda by: orders.handle(by, ref),
            Deed.GIVE_BACK: lambda by: orders.give_back(by, ref),
            Deed.CANCEL_HERE: lambda by: orders.cancel(by, ref),
            Deed.REFUSE: lambda by: orders.refuse(by, ref),
            Deed.PLACE_AGAIN: lambda by: joining.place_again(by, ref),
        }
        return self._by_person(acts[one.deed])

    def _visit(self, one: Happening) -> None:
        names = ("Marketplace", "Shop")
        match one.deed:
            case Deed.POLL:
                self._by_person(lambda by: [connecting.poll_now(by, name) for name in names])
            case Deed.PAUSE:
                self._by_person(lambda by: [connecting.pause(by, name) for name in names])
                self._plan(self.loop.time() + one.lasts * 60, lambda: self._resume(names))
            case _:
                self._by_person(lambda by: links.release_cancellations(by, "Marketplace"))
        self._say(str(one.deed))

    def _resume(self, names: tuple[str, ...]) -> None:
        self._by_person(lambda by: [connecting.resume(by, name) for name in names])

    def _by_person(self, act: Callable[[Hand], object]) -> bool:
        by = Hand("Tester", self.merchant_id, self.hub_clock, lambda: None, self.sides.declared)
        try:
            self.store.run(lambda: act(by))
        except (Impossible, HubError):
            return False
        self._wake.set()
        return True

    # ------------------------------------------------------------ what breaks

    def _break(self, fault: Fault) -> None:
        trouble, lasts = fault.trouble, fault.lasts * 60
        self._say(f"from now on: {trouble} ({fault.side})")
        if trouble in ON_THE_WIRE:
            self.sides.spoil(fault)
        elif trouble is Trouble.TOKENS_END:
            self.sides.end_tokens(fault.side)
        elif trouble is Trouble.OUTAGE:
            self.sides.go_down(fault.side)
            self._plan(self.loop.time() + lasts, lambda: self.sides.mend(fault.side))
        elif trouble is Trouble.SKEW:
            self._note_hit(trouble)
            self.hub_clock.skew = timedelta(seconds=fault.amount)
            self._plan(self.loop.time() + lasts, lambda: setattr(self.hub_clock, "skew", timedelta(0)))
        elif trouble is Trouble.STORE_REFUSES:
            self._note_hit(trouble)
            self._process.refusals = fault.times
        elif fault.side == HUB:
            self._arm(fault)
        else:
            self.sides.disorder(trouble)
            self._plan(self.loop.time() + lasts, lambda: self.sides.mend(fault.side))

    def _arm(self, fault: Fault) -> None:
        process = self._process

        def act() -> None:
            self._note_hit(fault.trouble)
            self._say(str(fault.trouble))
            if fault.trouble in _DEATHS:
                process.die()
            process.freeze(fault.lasts * 60)

        process.armed.append(Armed(_SEAMS[fault.trouble], fault.nth, act))

    def _note_loose_end(self, loop: object, context: dict[str, Any]) -> None:
        """A task that failed while nobody looked: those of the dead do."""
        error = context.get("exception")
        if error is not None and not isinstance(error, Died):
            self.flaws.append(f"a task broke unseen: {type(error).__name__}: {error}")

    def _note_hit(self, trouble: Trouble) -> None:
        self.hits[trouble] += 1

    def _say(self, text: str) -> None:
        self.story.append(Line(self.loop.time(), text))


async def _end(process: Process) -> None:
    process.is_dead = True
    for task in process.running.values():
        task.cancel()
    await asyncio.gather(*process.running.values(), return_exceptions=True)
    process.running.clear()


def _still_to_do() -> list[str]:
    """What keeps the hub from rest."""
    found = [
        f"{kind} of {ref} is {state}"
        for kind, ref, state in Message.objects.exclude(state__in=_NOT_OPEN).values_list("kind", "order__ref", "state")[
            :5
        ]
    ]
    found += [
        f"{ref} waits for a code"
        for ref in Order.objects.filter(wait_until__isnull=False).values_list("ref", flat=True)[:5]
    ]
    unread = Order.objects.filter(read_at__isnull=True, problems__isnull=True)
    found += [f"{ref} is still to be read" for ref in unread.values_list("ref", flat=True)[:5]]
    failing = Connection.objects.filter(failures__gt=0) | Connection.objects.exclude(state=ConnectionState.ACTIVE)
    found += [f"{name} is in trouble: {cause}" for name, cause in failing.values_list("name", "last_error")]
    return found


def _connection(
    merchant: Merchant, declaration: Declaration, name: str, settings: dict[str, str], now: datetime
) -> Connection:
    secret = {setting.key for setting in declaration.settings if setting.secret}
    given = {setting.key: setting.default for setting in declaration.settings if setting.default is not None} | settings
    return Connection.objects.create(
        merchant=merchant,
        connector=declaration.name,
        role=declaration.role,
        name=name,
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=keys.encrypt({key: value for key, value in given.items() if key in secret}),
        fingerprint=name,
        hear_at=now,
        reread_at=now if declaration.role is Role.SHOP else None,
    )


@contextmanager
def _captured(logs: list[dict[str, Any]]) -> Iterator[None]:
    """Every line of the log, the finest included."""
    kept = structlog.get_config()

    def keep(logger: Any, method: str, line: dict[str, Any]) -> Any:
        trace = {"exception": traceback.format_exc()} if sys.exc_info()[0] else {}
        logs.append({**line, **trace, "level": method})
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, keep],
        wrapper_class=structlog.BoundLogger, cache_logger_on_first_use=False,
    )  # fmt: skip
    try:
        yield
    finally:
        structlog.configure(**kept)


@contextmanager
def _fresh_store() -> Iterator[None]:
    """A migrated, empty store in memory's file system where there is one."""
    kept = connections.databases["default"]
    with tempfile.TemporaryDirectory(prefix="orderhaven-run-", dir=_home()) as folder:
        file = Path(folder) / "orderhaven.sqlite3"
        shutil.copyfile(_template(), file)
        point_store_at({**kept, "NAME": str(file)})
        yield
        point_store_at(kept)


@cache
def _template() -> Path:
    """The migrated store that each run of this process copies."""
    kept = connections.databases["default"]
    folder = Path(tempfile.mkdtemp(prefix="orderhaven-template-", dir=_home()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "template.sqlite3"
    point_store_at({**kept, "NAME": str(file)})
    setup.open_store()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    point_store_at(kept)
    return file


def _home() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
