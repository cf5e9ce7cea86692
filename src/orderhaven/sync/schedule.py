"""Who is due: a ticker that looks every second and hands connections to the queue, one cycle each at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from orderhaven.ports.clock import is_time
from orderhaven.store import access, clock_ahead, connections, orders
from orderhaven.store.sql.hop import StoreTrouble
from orderhaven.sync.hub import Hub

log = structlog.get_logger()
_LOOKS_EVERY = timedelta(seconds=1)
_SHORTEST_REAL_S = 0.02  # on a fast clock
_ERASES_EVERY = timedelta(hours=1)
_LOOKS_AT_TIMES_EVERY = timedelta(minutes=1)
_ERASES = 500  # rows at once; the next ones a second later, until none is due
_PEOPLE_AT_MOST = timedelta(days=180)  # after placing, whatever became of the order


async def tick(hub: Hub, enqueue: Callable[[list[int]], Awaitable[None]], stop: asyncio.Event) -> None:
    """Enqueue what is due until `stop` is set; every hour, erase all personal data whose time is over."""
    clock = hub.clock
    erase_at = mend_at = clock.now()
    while not stop.is_set():
        try:
            if is_time(mend_at, clock.now(), _LOOKS_AT_TIMES_EVERY):
                await hub.hop(_mend_times, clock.now(), clock.in_real(1.0) / timedelta(seconds=1))
                mend_at = clock.now() + _LOOKS_AT_TIMES_EVERY
            due = await hub.hop(connections.due, clock.now())
            if due:
                await enqueue(due)
            if is_time(erase_at, clock.now(), _ERASES_EVERY):
                erased = await hub.hop(orders.erase_people, clock.now(), hub.people_kept_for, _PEOPLE_AT_MOST, _ERASES)
                if erased < _ERASES:
                    erase_at = clock.now() + _ERASES_EVERY
                await hub.hop(access.forget_ended, clock.now())
        except StoreTrouble as error:  # a full disk, a locked database: keep ticking, it may pass
            log.error("store_trouble", cause=str(error))
        await clock.sleep(max(_LOOKS_EVERY, clock.in_real(_SHORTEST_REAL_S)))


def _mend_times(now: datetime, pace: float) -> None:
    mended = clock_ahead.mend(now, pace)
    if mended:
        log.warning("clock_was_ahead", connections=mended)
