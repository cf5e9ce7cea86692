"""Many calls, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def at_once(most: int, things: Collection[T], call: Callable[[T], Awaitable[R]]) -> list[R | Exception]:
    """What each call gave or raised, in the order of the things; `most` are under way at any moment.

    By as many tasks, each with one call after another, however many things there are.
    """
    given: dict[int, R | Exception] = {}
    left = enumerate(things)

    async def one_after_another() -> None:
        for place, thing in left:
            try:
                given[place] = await call(thing)
            except Exception as error:  # noqa: BLE001 - told apart by whoever asked: one of many holds up no other
                given[place] = error

    await asyncio.gather(*(one_after_another() for _ in range(min(most, len(things)))))
    return [given[place] for place in range(len(things))]
