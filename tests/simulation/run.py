"""One run: a plan is played with the real sync code, then everything is mended and the hub settles."""

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from django.db import connections
from django.db.models import Q

from orderhaven.ports.connector import ConnectorSpec, Side, is_time
from orderhaven.store.connections import connections as schedule
from orderhaven.store.connections import keys, links
from orderhaven.store.models import Connection, ConnectionState, Link, Merchant, Message, Order, Problem
from orderhaven.store.orders import marketplace_snapshots as orders_in_store
from orderhaven.store.sql.execute import StoreFailure
from orderhaven.store.upkeep import clock_ahead
from orderhaven.sync import worker
from tests.simulation import neighbour
from tests.simulation.breaking import break_it
from tests.simulation.diary import Diary, Look
from tests.simulation.neighbour import Neighbour
from tests.simulation.people import People
from tests.simulation.plan import Deed, Plan, Trouble
from tests.simulation.process import Died, Process, Store
from tests.simulation.sides import Sides
from tests.simulation.storage import captured, fresh_store
from tests.simulation.virtual import LoopClock, VirtualLoop

_NOT_OPEN = ("done", "blocked", "withdrawn", "on_hold")
_SHIPS_AFTER_S = 15 * 60.0
_CHECKS_TIMES_EVERY = timedelta(minutes=1)
_ERASES_EVERY = timedelta(hours=1)
_CONTACTS_AT_MOST = timedelta(days=180)
_ERASES = 500
_SETTLES_FOR_S = 900.0  # at least: whatever is to be pulled is pulled, and pushed
_SETTLES_WITHIN = timedelta(hours=16)


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
        self.sandbox_clock, self.hub_clock = LoopClock(self.loop, plan.start), LoopClock(self.loop, plan.start)
        self.sides = Sides(plan.pair, self.sandbox_clock, random.Random(plan.seed + 1), self.note_hit)
        self.neighbour = (
            Neighbour(self.sandbox_clock, random.Random(plan.seed + 2), self.note_hit) if plan.neighbour else None
        )
        self.store = Store()
        self.link_id = 0
        self.merchant_id = 0
        self.look: Look | None = None
        self.stops: list[float] = []  # when the hub died or froze
        self.people = People(self)
        self.process = self._start_process()
        self._frozen: list[Process] = []
        self._wake = asyncio.Event()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    # ------------------------------------------------------------ from outside

    def play(self) -> None:
        """The whole of it. What the store holds at the end is there for the judge until `close`."""
        random.seed(self.plan.seed)  # the pauses of a connector's session are drawn from the process's own
        with fresh_store(), captured(self.logs):
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
            if self.neighbour is not None:
                _linked(neighbour.MERCHANT, self.neighbour.sides, now, from_at=now, wait_s=3600)
            from_at = now + timedelta(minutes=self.plan.from_minutes)
            link = _linked("Wolkenwinkel", self.sides, now, from_at=from_at, wait_s=int(self.plan.wait_minutes * 60))
            return link.merchant_id, link.pk

        self.merchant_id, self.link_id = self.store.run(make)
        self.sides.marketplace.list_whole_orders(self.plan.lists_whole_orders)
        if self.plan.answers_at_once:
            self.sides.marketplace.answer_after(None)

    async def _play(self) -> None:
        # first, so that nothing else of that moment has happened yet
        self.plan_at(self.plan.backoff_until * 60, self._take_a_look)
        for happening in self.plan.happenings:
            self.plan_at(happening.at * 60, partial(self.people.do, happening))
        for fault in self.plan.faults:
            self.plan_at(fault.at * 60, partial(break_it, self, fault))
        if self.neighbour is not None:
            self._plan_the_neighbour(self.neighbour)
        driving = self.loop.create_task(self._drive())
        await self._keep_agenda(self.plan.minutes * 60)
        self._mend_everything()
        await self._settle()
        if full_pages := self.sides.shop.full_pages:
            self.hits[Trouble.MANY_PAGES] += full_pages
        driving.cancel()
        for process in (self.process, *self._frozen):
            await _end(process)

    def _plan_the_neighbour(self, one: Neighbour) -> None:
        for happening in self.plan.neighbour:
            self.plan_at(happening.at * 60, partial(one.sell, happening))
            self.plan_at(happening.at * 60 + _SHIPS_AFTER_S, one.ship_what_came)

    def plan_at(self, at: float, act: Callable[[], None]) -> None:
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
            process = self.process
            ticking = self.loop.create_task(self._tick(process))
            await process.stopped.wait()
            ticking.cancel()
            if process.is_dead:
                await _end(process)
                self.say("the hub is dead")
                await asyncio.sleep(self.chance.choice((1, 20, 300)))
            else:
                self._frozen.append(process)
                await asyncio.sleep(self.chance.uniform(1, 30))
            self.process = self._start_process()
            self.say("a hub is started")

    async def _tick(self, process: Process) -> None:
        """As `sync.worker.tick` does, with the seed's pace."""
        erase_at = mend_at = self.hub_clock.now()
        while True:
            try:
                if is_time(mend_at, self.hub_clock.now(), _CHECKS_TIMES_EVERY):
                    mend_at = self.hub_clock.now() + _CHECKS_TIMES_EVERY
                    await process(clock_ahead.mend, self.hub_clock.now())
                due = await process(schedule.due, self.hub_clock.now())
                if is_time(erase_at, self.hub_clock.now(), _ERASES_EVERY):
                    erase_at = self.hub_clock.now() + _ERASES_EVERY
                    await self._erase(process)
            except (StoreFailure, Died):
                due = []
            for one in due:
                if one not in process.running:
                    process.running[one] = self.loop.create_task(worker.run(process.hub, one))
            await self._until_something(process)
            self._look_after(process)

    async def _erase(self, process: Process) -> None:
        kept_for = timedelta(hours=self.plan.people_kept_hours)
        if await process(orders_in_store.erase_contacts, self.hub_clock.now(), kept_for, _CONTACTS_AT_MOST, _ERASES):
            self.note_hit(Trouble.ERASING)

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
        columns = ("pull_at", "push_at", "wait_at", "refresh_at", "backoff_until")
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
        return Process(
            self.loop, self.store, self.sides.wire, self.sides.specs_by_name, chance, self.hub_clock, self.flaws
        )

    async def _settle(self) -> None:
        began = self.loop.time()
        least = max(began + _SETTLES_FOR_S, self._thrown_away_is_seen_at())
        while self.loop.time() - began < _SETTLES_WITHIN.total_seconds():
            await self._keep_agenda(self.loop.time() + 240)
            if self.loop.time() > least and not self.store.run(_still_to_do):
                self.settled_at = self.loop.time()
                return
        self.flaws.append("it does not settle: " + "; ".join(self.store.run(_still_to_do)))

    def _thrown_away_is_seen_at(self) -> float:
        """No list shows the trash: the hub finds out when it reads open orders again, and no sooner."""
        every_s = max(one.limits.refresh_every.total_seconds() for one in self.sides.specs_by_name.values())
        last = max((diary.last(Deed.TRASH, Deed.DELETE) for diary in self.diaries.values()), default=-1.0)
        return last + 1.1 * every_s + _SETTLES_FOR_S if last >= 0 else 0.0

    def _mend_everything(self) -> None:
        self.say("everything works again")
        self.sides.mend()
        self.sides.marketplace.faults.clear()
        self.hub_clock.skew = timedelta(0)
        for process in (self.process, *self._frozen):
            process.armed.clear()
            process.refusals = 0
            process.wake_up()
        self._agenda.clear()
        self.people.resume_what_stands_still()
        self._wake.set()

    def _take_a_look(self) -> None:
        def at_the_hub() -> tuple[dict[str, list[str]], dict[str, str]]:
            found: dict[str, list[str]] = {}
            mine = Problem.objects.filter(resolved_at=None, order__link=self.link_id)
            for ref, kind in mine.values_list("order__ref", "kind"):
                found.setdefault(ref, []).append(kind)
            own = Connection.objects.filter(merchant=self.merchant_id)
            return found, dict(own.values_list("name", "state"))

        problems, states = self.store.run(at_the_hub)
        self.look = Look(
            self.loop.time(),
            {one.ref: self.sides.in_shop(one.ref) for one in self.diaries.values()},
            list(self.sides.marketplace.shipments()),
            self.sides.marketplace.cancelled(),
            problems,
            states,
        )

    def note_hit(self, trouble: Trouble) -> None:
        self.hits[trouble] += 1

    def say(self, text: str) -> None:
        self.story.append(Line(self.loop.time(), text))

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def _note_loose_end(self, loop: object, context: dict[str, Any]) -> None:
        """A task that failed while nobody looked: those of the dead do."""
        error = context.get("exception")
        if error is not None and not isinstance(error, Died):
            self.flaws.append(f"a task broke unseen: {type(error).__name__}: {error}")


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
    unread = Order.objects.filter(Q(problems__isnull=True) | Q(read_due_at__isnull=False), read_at__isnull=True)
    found += [f"{ref} is still to be read" for ref in unread.distinct().values_list("ref", flat=True)[:5]]
    failing = Connection.objects.filter(failures__gt=0) | Connection.objects.exclude(state=ConnectionState.ACTIVE)
    found += [f"{name} is in trouble: {cause}" for name, cause in failing.values_list("name", "last_error")]
    return found


def _linked(name: str, sides: Sides, now: datetime, *, from_at: datetime, wait_s: int) -> Link:
    """A merchant with both sides connected and linked."""
    merchant = Merchant.objects.create(name=name, slug=name.lower())
    by_role = {one.side: one for one in sides.specs_by_name.values()}
    there, here = (
        _connection(merchant, by_role[role], title, sides, now)
        for role, title in ((Side.MARKETPLACE, "Marketplace"), (Side.SHOP, "Shop"))
    )
    made = Link.objects.create(
        merchant=merchant, name=there.name, marketplace=there, shop=here, from_at=from_at, wait_s=wait_s
    )
    links.write_scope(made)
    return made


def _connection(merchant: Merchant, spec: ConnectorSpec, name: str, sides: Sides, now: datetime) -> Connection:
    settings = sides.settings(spec.side)
    secret = {setting.key for setting in spec.settings if setting.secret}
    given = {setting.key: setting.default for setting in spec.settings if setting.default is not None} | settings
    return Connection.objects.create(
        merchant=merchant,
        connector=spec.name,
        side=spec.side,
        name=name,
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=keys.encrypt({key: value for key, value in given.items() if key in secret}),
        fingerprint=f"{merchant.slug} {name}",
        account=sides.accounts[spec.name],
        pull_at=now,
        refresh_at=now if spec.side is Side.SHOP else None,
    )
