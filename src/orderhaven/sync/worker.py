"""The embedded worker: ticker and cycles in one process, over PgQueuer's in-memory queue. All truth is in the store."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import structlog
from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.models import Job

from orderhaven.sync import beats
from orderhaven.sync.garbage import collect_rarely
from orderhaven.sync.hub import Hub
from orderhaven.sync.schedule import tick

log = structlog.get_logger()
_CYCLE = "cycle"
_STOPS_WITHIN_S = 40.0
_FORGETS_JOBS_EVERY_S = 60.0


async def work(hub: Hub, stop: asyncio.Event) -> None:
    """Run cycles until `stop` is set; then finish those in flight and close."""
    collect_rarely()
    queries = InMemoryQueries(driver=InMemoryDriver())
    queue = PgQueuer(connection=queries.driver, queries=queries)

    @queue.entrypoint(_CYCLE)
    async def cycle(job: Job) -> None:
        await beats.run(hub, int(job.payload or b"0"))

    async def enqueue(connection_ids: list[int]) -> None:
        count = len(connection_ids)
        keys = [str(one) for one in connection_ids]
        await queries.enqueue(
            [_CYCLE] * count, [key.encode() for key in keys], [0] * count, dedupe_key=list(keys), on_conflict="skip"
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
