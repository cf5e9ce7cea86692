"""The embedded worker: ticker and cycles in one process, over PgQueuer's in-memory queue. All truth is in the store."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog
from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.models import Job

from orderhaven.sync import beats
from orderhaven.sync.hub import Hub
from orderhaven.sync.schedule import tick

log = structlog.get_logger()
_CYCLE = "cycle"
_STOPS_WITHIN_S = 40.0
_FORGETS_JOBS_EVERY_S = 60.0


class AlreadyRunning(Exception):
    """Another hub runs on this data folder."""


@contextmanager
def only_hub_on(lock_file: Path) -> Iterator[None]:
    """Hold the operating system's lock on the data folder: it goes with the process, however that ends.

    Raises AlreadyRunning, naming the process that has it.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock_file.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise AlreadyRunning(
                f"Another Orderhaven (process {held.read().strip() or '?'}) runs on {lock_file.parent}. "
                "Stop it first, or give this one another folder with ORDERHAVEN_DATA."
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def hub_is_running(lock_file: Path) -> bool:
    """Whether a hub holds the lock of this data folder now."""
    try:
        with only_hub_on(lock_file):
            return False
    except AlreadyRunning:
        return True


async def work(hub: Hub, stop: asyncio.Event) -> None:
    """Run cycles until `stop` is set; then finish those in flight and close."""
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
