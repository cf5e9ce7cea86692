"""Connectors reach the internet, and whatever networks the operator allows: by whatever name, also when a redirect leads there."""

import asyncio
import socket
import threading

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from orderhaven.connectors.kit.http import GuardedResolver, NoAnswer, Request
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import EVERYWHERE, LOOPBACK, PUBLIC, NetworkPolicy, parse_policy
from tests.connectors.kit.test_transport import serving

PRIVATE = "cannot be reached (it leads into a private network)"


def came_of(url: str, reach: NetworkPolicy) -> tuple[str, int]:
    """What the transport says, and how many requests a server on this machine saw."""

    async def run() -> tuple[str, int]:
        seen = 0

        async def answer(request: web.BaseRequest) -> web.Response:
            nonlocal seen
            seen += 1
            return web.Response(text="here")

        network = AiohttpTransport(reach=reach)
        try:
            async with serving(answer) as here:
                port = here.rpartition(":")[2]
                try:
                    body = (await network(Request("GET", url.format(port=port)), 5.0)).body
                    return body.decode(), seen
                except NoAnswer as error:
                    return f"{'perhaps sent: ' if error.sent else ''}{error}", seen
        finally:
            await network.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_sent_to_this_machine_by_whatever_name(scheme: str, host: str) -> None:
    said, seen = came_of(f"{scheme}://{host}:{{port}}/", PUBLIC)

    assert seen == 0
    assert said.startswith("cannot be reached")
    if scheme == "https" and host in ("127.0.0.1", "localhost", "[::1]"):
        assert said == PRIVATE


@pytest.mark.parametrize("reach", [LOOPBACK, EVERYWHERE, parse_policy("loopback")])
def test_where_it_is_allowed_it_is_reached(reach: NetworkPolicy) -> None:
    said, seen = came_of("http://127.0.0.1:{port}/", reach)

    assert (said, seen) == ("here", 1)


def test_plain_http_goes_over_no_network() -> None:
    said, _seen = came_of("http://example.com/", parse_policy("loopback, 10.0.0.0/8"))

    assert said == "cannot be reached (plain http can be read on its way)"


def test_networks_are_read_as_a_person_writes_them() -> None:
    reach = parse_policy(" 192.168.1.0/24,fd00::/8 , 10.0.0.7")

    assert [reach.allows(one) for one in ("192.168.1.9", "fd00::1", "10.0.0.7", "::ffff:192.168.1.9", "8.8.8.8")] == [
        True
    ] * 5
    assert [reach.allows(one) for one in ("192.168.2.1", "10.0.0.8", "127.0.0.1", "::1", "nonsense")] == [False] * 5


def test_names_of_which_nobody_knows_the_address_hold_up_no_other() -> None:
    ended = threading.Event()

    def look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        if host.startswith("dead"):
            ended.wait()
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def run() -> list[ResolveResult]:
        resolver = GuardedResolver(LOOPBACK, look_up)
        stuck = [asyncio.ensure_future(resolver.resolve(f"dead{number}.test")) for number in range(16)]
        try:
            return await asyncio.wait_for(resolver.resolve("healthy.test"), 5.0)
        finally:
            ended.set()
            await asyncio.gather(*stuck)
            await resolver.close()

    assert [one["hostname"] for one in asyncio.run(run())] == ["healthy.test"]
