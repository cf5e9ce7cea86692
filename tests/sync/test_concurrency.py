"""Many calls, a few at a time."""

import asyncio

import pytest

from orderhaven.sync.sync_run import gather_limited


def test_answers_come_in_the_order_of_the_questions() -> None:
    async def answer(number: int) -> int:
        for _ in range(5 - number):
            await asyncio.sleep(0)
        return number * 10

    assert asyncio.run(gather_limited(3, range(5), answer)) == [0, 10, 20, 30, 40]


def test_no_more_are_under_way_than_were_allowed() -> None:
    under_way: set[int] = set()
    most = 0

    async def call(number: int) -> None:
        nonlocal most
        under_way.add(number)
        most = max(most, len(under_way))
        await asyncio.sleep(0)
        under_way.remove(number)

    asyncio.run(gather_limited(4, range(20), call))

    assert most == 4


def test_one_that_fails_holds_up_no_other() -> None:
    async def call(number: int) -> int:
        if number == 1:
            raise ValueError("one of many")
        return number

    first, failed, last = asyncio.run(gather_limited(1, range(3), call))

    assert (first, last) == (0, 2)
    assert isinstance(failed, ValueError)


def test_nothing_is_asked_of_nobody() -> None:
    async def call(number: int) -> int:
        raise AssertionError

    assert asyncio.run(gather_limited(4, [], call)) == []


def test_the_end_of_the_process_is_no_answer() -> None:
    class Died(BaseException):
        pass

    async def call(number: int) -> int:
        raise Died

    with pytest.raises(Died):
        asyncio.run(gather_limited(2, range(3), call))
