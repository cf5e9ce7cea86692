"""The one way from asynchronous code into the store: a thread with a database connection of its own."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
R = TypeVar("R")


class Hop:
    """Runs store functions. One thread for SQLite, which has one writer; `inline` runs them in the caller, for simulations."""

    def __init__(self, threads: int = 1, *, inline: bool = False) -> None:
        if inline:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # one thread does everything, so nothing can be unsafe
        self._pool = None if inline else ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def __call__(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._pool is None:
            return work(*args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, _in_thread, work, args, kwargs)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.submit(connections.close_all).result()
            self._pool.shutdown()


def _in_thread(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    close_old_connections()
    return work(*args, **kwargs)
