"""Sockets are granted before anything is begun: so many for each connection, so many at each host."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from orderhaven.core.errors import SafeToRetry
from orderhaven.ports.sockets import HostSockets, Socket, Sockets

SOON = 5.0


def accounts(count: int, *, most: int, at_one_host: int, host: str = "api.test") -> list[Sockets]:
    hosts = HostSockets(at_one_host)
    return [Sockets(most, hosts).at(host) for _ in range(count)]


def running(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), SOON))


async def a_moment() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def take(sockets: Sockets, wanted: int = 1, within_s: float = SOON) -> list[Socket]:
    return await sockets.take(wanted, within_s)


def give_back(*taken: Socket) -> None:
    for one in taken:
        with one:
            pass


def test_a_connection_has_no_more_than_its_own() -> None:
    async def test() -> None:
        [account] = accounts(1, most=3, at_one_host=10)

        assert len(await take(account, 8)) == 3

    running(test)


def test_many_accounts_at_one_host_share_what_it_has_beside_one_each() -> None:
    async def test() -> None:
        several = accounts(16, most=8, at_one_host=20)

        taken = [len(await take(account, 8)) for account in several]

        assert sum(taken) == 20 + 16
        assert min(taken) == 1

    running(test)


def test_stuck_accounts_keep_no_other_of_their_host_from_going_on() -> None:
    async def test() -> None:
        *stuck, healthy = accounts(16, most=8, at_one_host=20)
        for account in stuck:
            await take(account, 8)

        for _ in range(100):
            async with asyncio.timeout(0.5), healthy.one():
                pass

    running(test)


def test_what_one_host_holds_is_no_other_hosts() -> None:
    async def test() -> None:
        hosts = HostSockets(4)
        for number in range(16):
            await take(Sockets(8, hosts).at(f"dead{number}.test"), 8)

        assert len(await take(Sockets(8, hosts).at("healthy.test"), 5)) == 5

    running(test)


def test_where_none_comes_free_in_time_it_is_safe_to_retry() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        held = await take(account)

        with pytest.raises(SafeToRetry):
            await take(account, within_s=0.01)

        give_back(*held)
        assert len(await take(account)) == 1

    running(test)


def test_accounts_that_wait_are_served_in_turns_however_much_each_wants() -> None:
    async def test() -> None:
        busy, greedy, modest = accounts(3, most=9, at_one_host=1)
        held, own = await take(busy, 2), [await take(greedy), await take(modest)]
        served: list[str] = []

        async def call(account: Sockets, name: str) -> None:
            async with account.one():
                served.append(name)
                await a_moment()

        calls = [asyncio.ensure_future(call(greedy, "greedy")) for _ in range(3)]
        await a_moment()
        calls.append(asyncio.ensure_future(call(modest, "modest")))
        await a_moment()
        give_back(*held)
        await asyncio.gather(*calls)

        assert len(own) == 2
        assert served == ["greedy", "modest", "greedy", "greedy"]

    running(test)


def test_who_no_longer_waits_is_passed_over() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        [held] = await take(account)
        gone, waiting = asyncio.ensure_future(take(account)), asyncio.ensure_future(take(account))
        await a_moment()

        gone.cancel()
        give_back(held)

        assert len(await waiting) == 1

    running(test)


def test_one_that_was_served_and_gave_up_in_the_same_moment_gives_it_back() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        [held] = await take(account)
        waiting = asyncio.ensure_future(take(account))
        await a_moment()

        give_back(held)
        waiting.cancel()
        await a_moment()

        assert len(await take(account)) == 1

    running(test)


def test_what_is_called_while_a_socket_is_held_goes_by_that_socket() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        [held] = await take(account)

        with held:
            async with account.one() as outer, account.one() as inner:
                assert (outer, inner) == (held, held)

    running(test)


def test_many_questions_by_one_socket_go_one_after_the_other() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        under_way, most = 0, 0

        async def ask() -> None:
            nonlocal under_way, most
            async with account.one() as socket, socket.turn:
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        [held] = await take(account)
        with held:
            await asyncio.gather(*(ask() for _ in range(10)))

        assert most == 1

    running(test)


def test_a_task_that_outlives_the_socket_it_began_with_takes_one_of_its_own() -> None:
    async def test() -> None:
        [account] = accounts(1, most=1, at_one_host=10)
        go_on = asyncio.Event()

        async def later() -> Socket:
            await go_on.wait()
            async with account.one() as socket:
                return socket

        [held] = await take(account)
        with held:
            outliving = asyncio.ensure_future(later())
        go_on.set()

        assert await outliving is not held

    running(test)


def test_the_socket_of_one_connection_is_none_of_another() -> None:
    async def test() -> None:
        mine, theirs = accounts(2, most=1, at_one_host=10)
        [held] = await take(mine)

        with held:
            async with theirs.one() as socket:
                assert socket is not held

    running(test)


def test_nothing_is_lost_of_many_that_come_and_go() -> None:
    async def test() -> None:
        several = accounts(10, most=4, at_one_host=6)
        under_way, most = 0, 0

        async def call(account: Sockets) -> None:
            nonlocal under_way, most
            async with account.one():
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(call(account) for account in several for _ in range(50)))

        assert most == 6 + 10
        assert sum([len(await take(account, 4)) for account in several]) == 6 + 10

    running(test)
