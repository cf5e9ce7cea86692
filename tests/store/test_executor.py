"""The way from the hub's loop into the store, on each database."""

import asyncio
import threading

import pytest
from django.db import IntegrityError, OperationalError, connection

from orderhaven.store.sql.execute import StoreExecutor, StoreFailure


def full_disk() -> None:
    raise OperationalError("database or disk is full")


def bug() -> None:
    raise IntegrityError("CHECK constraint failed: ours")


def test_sqlite_works_where_it_is_asked_and_postgresql_in_a_thread_that_waits(any_store: None) -> None:
    async def run() -> int:
        run_in_store = StoreExecutor()
        where = await run_in_store(threading.get_ident)
        run_in_store.close()
        return where

    assert (asyncio.run(run()) == threading.get_ident()) is (connection.vendor == "sqlite")


def test_between_two_steps_the_loop_takes_in_what_came(store: None) -> None:
    seen: list[str] = []

    async def run() -> None:
        run_in_store = StoreExecutor()
        await run_in_store(seen.append, "first step")
        asyncio.get_running_loop().call_soon(seen.append, "answer")
        await run_in_store(seen.append, "second step")

    asyncio.run(run())

    assert seen == ["first step", "answer", "second step"]


def test_all_tasks_of_a_loop_share_one_connection(store: None) -> None:
    """A run is a task: one that opened the database for itself would open it anew each time."""

    async def run() -> set[int]:
        run_in_store = StoreExecutor()
        found = await asyncio.gather(
            *(asyncio.create_task(run_in_store(lambda: id(connection.cursor().db))) for _ in range(3))
        )
        return {*found, await run_in_store(lambda: id(connection.cursor().db))}

    assert len(asyncio.run(run())) == 1


def test_a_full_disk_is_told_apart_from_a_bug(any_store: None) -> None:
    async def run() -> None:
        run_in_store = StoreExecutor()
        with pytest.raises(StoreFailure, match="disk"):
            await run_in_store(full_disk)
        with pytest.raises(IntegrityError):
            await run_in_store(bug)
        run_in_store.close()

    asyncio.run(run())
