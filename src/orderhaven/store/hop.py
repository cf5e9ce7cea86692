"""The one way from asynchronous code into the store: a thread with a database connection of its own."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, close_old_connections, connections

from orderhaven.store.doctor import database_trouble

P = ParamSpec("P")
R = TypeVar("R")


class StoreTrouble(Exception):
    """The database cannot be used just now, and the sentence says what to do. Nothing was half-written."""


class Hop:
    """Runs store functions: in one thread for SQLite, which has one writer; `inline`, for simulations, in the caller."""

    def __init__(self, threads: int = 1, *, inline: bool = False) -> None:
        if inline:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # one thread does everything, so nothing can be unsafe
        self._pool = None if inline else ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def __call__(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._pool is None:
            return told_apart(work, args, kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _in_thread, work, args, kwargs)

    def close(self) -> None:
        if self._pool is not None:
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
        raise StoreTrouble(sentence) from error
