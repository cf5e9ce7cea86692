"""The one way from asynchronous code into the store."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, close_old_connections, connections

from orderhaven.store.upkeep.doctor import database_trouble

P = ParamSpec("P")
R = TypeVar("R")


class StoreFailure(Exception):
    """The database cannot be used just now, and the sentence says what to do. Nothing was half-written."""


class StoreExecutor:
    """Runs store functions: with SQLite here and now, with PostgreSQL in `threads` that wait for its answers.

    Make it inside the running loop: all tasks that begin afterwards share its connection.
    """

    def __init__(self, threads: int = 1) -> None:
        self._pool = None
        if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Django cannot know that this is meant
        else:
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def __call__(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._pool is not None:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _in_thread, work, args, kwargs)
        await asyncio.sleep(0)  # between two steps into the store, answers that came are taken in
        return told_apart(work, args, kwargs)

    def close(self) -> None:
        if self._pool is None:
            connections.close_all()
        else:
            self._pool.submit(connections.close_all).result()
            self._pool.shutdown()


def _in_thread(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    close_old_connections()
    return told_apart(work, args, kwargs)


def told_apart(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    """A full disk is nobody's bug: told apart from those by its own exception."""
    try:
        return work(*args, **kwargs)
    except DatabaseError as error:
        sentence = database_trouble(error)
        if not sentence:
            raise
        raise StoreFailure(sentence) from error
