"""A list that moves while it is read hides no row: it is read until a reading brings nothing new."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
import pytest

from orderhaven.connectors.kit.moving_list import ListOfChanges, MovingList
from orderhaven.connectors.kit.rows import MalformedRow, Rows
from orderhaven.core.errors import RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.testing.clock import START, ManualClock

BEFORE = START - timedelta(hours=1)
AFTER = START + timedelta(seconds=5)


class Row(msgspec.Struct, frozen=True):
    ref: str
    at: datetime = BEFORE


def named(row: Row) -> str:
    if row.ref == "strange":
        raise UnexpectedResponse("a row of another shape")
    return row.ref


KIND = ListOfChanges(page_size=2, key=lambda row: row.ref, changed_at=lambda row: row.at, item=named)


class Shelf:
    """Their list, two on a page. `moves` is called after each page."""

    def __init__(self, *refs: str, moves: Callable[["Shelf"], None] = lambda shelf: None) -> None:
        self.rows = [Row(ref) for ref in refs]
        self.moves = moves
        self.asked: list[int] = []

    async def page(self, number: int) -> Rows[Row]:
        self.asked.append(number)
        shown = Rows(self.rows[2 * number - 2 : 2 * number])
        self.moves(self)
        return shown


def read(shelf: Shelf, before: Mapping[str, Row] | None = None, *, twice: bool = False) -> list[str]:
    return asyncio.run(_all(MovingList(KIND, ManualClock(), before or {}), shelf, twice=twice))


async def _all(moving: MovingList[Row, str], shelf: Shelf, *, twice: bool) -> list[str]:
    return [ref async for news, _ in moving.read([shelf.page], START, twice=twice) for ref in news]


def test_a_short_list_is_read_once_and_what_may_never_be_listed_again_twice() -> None:
    once, twice = Shelf("a"), Shelf("a")

    assert (read(once), read(twice, twice=True)) == (["a"], ["a"])
    assert (once.asked, twice.asked) == ([1, 2], [1, 2, 1, 2])


def test_a_row_that_moved_behind_the_page_that_is_read_is_found() -> None:
    def move_first_to_the_end(shelf: Shelf) -> None:
        if shelf.asked == [1]:
            shelf.rows = [*shelf.rows[1:], shelf.rows[0]]

    shelf = Shelf("a", "b", "c", "d", "e", moves=move_first_to_the_end)

    assert sorted(read(shelf)) == ["a", "b", "c", "d", "e"]
    assert shelf.asked.count(1) == 3  # the second reading brought c, so there is a third


def test_what_came_after_the_first_call_is_given_and_begins_no_further_reading() -> None:
    def arrive(shelf: Shelf) -> None:
        if len(shelf.asked) == 3:
            shelf.rows.append(Row("new", AFTER))

    shelf = Shelf("a", "b", moves=arrive)

    assert read(shelf) == ["a", "b", "new"]
    assert shelf.asked.count(1) == 2


def test_a_list_that_never_keeps_still_is_safe_to_read_later() -> None:
    def grow(shelf: Shelf) -> None:
        shelf.rows.insert(0, Row(f"old {len(shelf.asked)}"))

    with pytest.raises(SafeToRetry, match="did not keep still"):
        read(Shelf("a", "b", moves=lambda shelf: grow(shelf) if shelf.asked[-1] == 1 else None))


def test_a_row_as_the_pull_before_gave_it_is_no_news_and_a_changed_one_is() -> None:
    before = {"a": Row("a"), "b": Row("b", BEFORE - timedelta(hours=1))}

    assert read(Shelf("a", "b"), before) == ["b"]


def test_a_row_that_nobody_understands_is_named_once_and_holds_up_no_other() -> None:
    shelf = Shelf("strange", "a", "b")
    moving = MovingList(KIND, ManualClock())

    async def all_of_it() -> list[MalformedRow]:
        return [row async for _, malformed in moving.read([shelf.page], START) for row in malformed]

    assert asyncio.run(all_of_it()) == [MalformedRow("strange", "a row of another shape")]
    assert sorted(moving.given) == ["a", "b"]


def test_a_list_longer_than_they_bear_at_once_is_read_on_and_not_begun_again() -> None:
    shelf, clock = Shelf("a", "b", "c"), ManualClock()
    slowed = [RateLimited("asks to slow down", timedelta(seconds=50))]

    async def page(number: int) -> Rows[Row]:
        if number == 2 and slowed:
            raise slowed.pop()
        return await shelf.page(number)

    async def all_of_it() -> list[str]:
        return [ref async for news, _ in MovingList(KIND, clock).read([page], START) for ref in news]

    assert asyncio.run(all_of_it()) == ["a", "b", "c"]
    assert clock.now() >= START + timedelta(seconds=50)
    assert shelf.asked[:2] == [1, 2]


def test_who_is_asked_to_slow_down_before_the_first_page_came_does_not_wait() -> None:
    async def page(number: int) -> Rows[Row]:
        raise RateLimited("asks to slow down", timedelta(seconds=11))

    async def all_of_it() -> None:
        async for _ in MovingList(KIND, ManualClock()).read([page], START):
            pass

    with pytest.raises(RateLimited) as slowed:
        asyncio.run(all_of_it())

    assert slowed.value.after == timedelta(seconds=11)
