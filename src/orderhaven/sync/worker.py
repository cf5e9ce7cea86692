"""The worker: a ticker that hands due connections to the queue, and the steps that each side's run takes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.models import Job

from orderhaven.ports.connector import Side, is_time
from orderhaven.store.access import credentials
from orderhaven.store.connections import connections
from orderhaven.store.orders import marketplace_snapshots
from orderhaven.store.sql.execute import StoreFailure
from orderhaven.store.upkeep import clock_ahead
from orderhaven.sync.account import read_account_again
from orderhaven.sync.garbage import collect_rarely
from orderhaven.sync.pulling import end_waits, pull_marketplace, pull_shop, refresh_open
from orderhaven.sync.pushing import push_marketplace, push_shop
from orderhaven.sync.sync_run import Hub, Step, guard, run_sync

log = structlog.get_logger()
_CHECKS_EVERY = timedelta(seconds=1)
_SHORTEST_REAL_S = 0.02  # on a fast clock
_ERASES_EVERY = timedelta(hours=1)
_CHECKS_TIMES_EVERY = timedelta(minutes=1)
_ERASES = 500  # rows at once; the next ones a second later, until none is due
_CONTACTS_AT_MOST = timedelta(days=180)  # after creating, whatever became of the order


async def tick(hub: Hub, enqueue: Callable[[list[int]], Awaitable[None]], stop: asyncio.Event) -> None:
    """Enqueue what is due until `stop` is set; every hour, erase all personal data whose time is over."""
    clock = hub.clock
    erase_at = mend_at = clock.now()
    while not stop.is_set():
        try:
            if is_time(mend_at, clock.now(), _CHECKS_TIMES_EVERY):
                await hub.run_in_store(_mend_times, clock.now(), clock.in_real(1.0) / timedelta(seconds=1))
                mend_at = clock.now() + _CHECKS_TIMES_EVERY
            due = await hub.run_in_store(connections.due, clock.now())
            if due:
                await enqueue(due)
            if is_time(erase_at, clock.now(), _ERASES_EVERY):
                erased = await hub.run_in_store(
                    marketplace_snapshots.erase_contacts, clock.now(), hub.contacts_kept_for, _CONTACTS_AT_MOST, _ERASES
                )
                if erased < _ERASES:
                    erase_at = clock.now() + _ERASES_EVERY
                await hub.run_in_store(credentials.forget_ended, clock.now())
        except StoreFailure as error:  # a full disk, a locked database: keep ticking, it may pass
            log.error("store_failure", cause=str(error))
        await clock.sleep(max(_CHECKS_EVERY, clock.in_real(_SHORTEST_REAL_S)))


def _mend_times(now: datetime, pace: float) -> None:
    mended = clock_ahead.mend(now, pace)
    if mended:
        log.warning("clock_was_ahead", connections=mended)


# last: nobody waits for what an account is asked once a day
_READ_ACCOUNT = Step("account_due_at", read_account_again)
STEPS: Mapping[Side, tuple[Step, ...]] = {
    Side.MARKETPLACE: (
        Step("pull_at", pull_marketplace),
        Step("push_at", push_marketplace),
        _READ_ACCOUNT,
    ),
    Side.SHOP: (
        Step("wait_at", end_waits, in_trouble=True),
        Step("pull_at", pull_shop),
        Step("refresh_at", refresh_open),
        Step("push_at", push_shop),
        _READ_ACCOUNT,
    ),
}


async def run(hub: Hub, connection_id: int) -> None:
    """One sync run of one connection, from claim to plan."""
    await run_sync(hub, connection_id, STEPS, guard)


_ENTRYPOINT = "cycle"  # as versions before called it: what they left in the queue is run
_STOPS_WITHIN_S = 40.0
_FORGETS_JOBS_EVERY_S = 60.0


async def work(hub: Hub, stop: asyncio.Event) -> None:
    """Sync until `stop` is set; then finish those in flight and close."""
    collect_rarely()
    queries = InMemoryQueries(driver=InMemoryDriver())
    queue = PgQueuer(connection=queries.driver, queries=queries)

    @queue.entrypoint(_ENTRYPOINT)
    async def sync_run(job: Job) -> None:
        await run(hub, int(job.payload or b"0"))

    async def enqueue(connection_ids: list[int]) -> None:
        count = len(connection_ids)
        keys = [str(one) for one in connection_ids]
        await queries.enqueue(
            [_ENTRYPOINT] * count,
            [key.encode() for key in keys],
            [0] * count,
            dedupe_key=list(keys),
            on_conflict="skip",
        )

    async def forget_jobs() -> None:
        # the queue's own history of finished jobs would grow for as long as the hub runs
        while True:
            await asyncio.sleep(_FORGETS_JOBS_EVERY_S)
            await queries.clear_queue_log()

    running = asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=1), batch_size=10))
    housekeeping = asyncio.create_task(forget_jobs())
    try:
        await tick(hub, enqueue, stop)
    finally:
        housekeeping.cancel()
        queue.shutdown.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(running, _STOPS_WITHIN_S)
        await hub.close()
