"""Who is due: a ticker that looks every second and hands connections to the queue, one cycle each at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from orderhaven.ports.clock import Clock
from orderhaven.store import connections, orders
from orderhaven.store.hop import Hop, StoreTrouble

log = structlog.get_logger()
_LOOKS_EVERY = timedelta(seconds=1)
_SHORTEST_REAL_S = 0.02  # on a fast clock
_ERASES_EVERY = timedelta(hours=1)
PERSONAL_DATA_AFTER_CLOSING = timedelta(days=30)
PERSONAL_DATA_AFTER_PLACING = timedelta(days=180)


async def tick(hop: Hop, clock: Clock, enqueue: Callable[[list[int]], Awaitable[None]], stop: asyncio.Event) -> None:
    """Enqueue what is due until `stop` is set; an hour's turn erases personal data whose time is over."""
    erase_at = clock.now()
    while not stop.is_set():
        try:
            due = await hop(connections.due, clock.now())
            if due:
                await enqueue(due)
            if clock.now() >= erase_at:
                erase_at = clock.now() + _ERASES_EVERY
                await hop(orders.erase_people, clock.now(), PERSONAL_DATA_AFTER_CLOSING, PERSONAL_DATA_AFTER_PLACING)
        except StoreTrouble as error:  # a full disk, a locked database: keep ticking, it may pass
            log.error("store_trouble", cause=str(error))
        await clock.sleep(max(_LOOKS_EVERY, clock.in_real(_SHORTEST_REAL_S)))
