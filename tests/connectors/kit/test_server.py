"""A sandbox reached without a socket, and on one."""

import asyncio

import pytest

from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.connectors.kit.server import InProcessTransport, SandboxServer
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK


class Echo:
    """Says what it was asked; `/never` waits for good and `/breaks` gives no answer."""

    async def handle(self, request: Request) -> Response:
        if request.path == "/never":
            await asyncio.get_running_loop().create_future()
        if request.path == "/breaks":
            raise NoAnswer("broke off", sent=True)
        said = f"{request.method} {request.path} {request.query} {request.headers.get('x-key')} {request.body!r}"
        return Response(201, {"X-Made": "1", "Content-Length": "999"}, said.encode())


def direct(url: str, timeout_s: float = 5.0) -> Response:
    return asyncio.run(InProcessTransport({"shop.test": Echo()})(Request("PUT", url, {"X-Key": "k"}, b"b"), timeout_s))


def served(path: str) -> Response:
    async def run() -> Response:
        there, network = SandboxServer(Echo()), AiohttpTransport(reach=LOOPBACK)
        url = await there.start()
        try:
            return await network(Request("PUT", url + path, {"X-Key": "k"}, b"b"), 5.0)
        finally:
            await network.close()
            await there.stop()

    return asyncio.run(run())


def test_both_ways_bring_the_same_request_and_answer() -> None:
    near, far = direct("http://shop.test/orders?page=2"), served("/orders?page=2")

    assert near.body == far.body == b"PUT /orders {'page': '2'} k b'b'"
    assert (near.status, near.headers["x-made"]) == (far.status, far.headers["x-made"]) == (201, "1")


@pytest.mark.parametrize("way", [lambda: direct("http://shop.test/breaks"), lambda: served("/breaks")])
def test_both_ways_break_off_where_the_sandbox_gives_no_answer(way: object) -> None:
    with pytest.raises(NoAnswer) as raised:
        way()  # type: ignore[operator]

    assert raised.value.sent


def test_a_sandbox_that_never_answers_times_out() -> None:
    with pytest.raises(NoAnswer, match="did not answer in time") as raised:
        direct("http://shop.test/never", timeout_s=0.05)

    assert raised.value.sent


def test_another_host_cannot_be_reached() -> None:
    with pytest.raises(NoAnswer) as raised:
        direct("http://elsewhere.test/")

    assert not raised.value.sent
