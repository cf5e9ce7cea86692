"""The real network on loopback: one request is one request."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from typing import Any

import pytest
from aiohttp import web

from orderhaven.connectors.kit import transport as module
from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> Any:
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def sends(answer: Answer, *requests: tuple[str, str], timeout_s: float = 5.0) -> list[Response | NoAnswer]:
    """What each request brought, one after the other on kept connections."""

    async def run() -> list[Response | NoAnswer]:
        found: list[Response | NoAnswer] = []
        network = AiohttpTransport(reach=LOOPBACK)
        async with serving(answer) as url:
            for method, path in requests:
                try:
                    found.append(await network(Request(method, url + path, {}, b"x"), timeout_s))
                except NoAnswer as error:
                    found.append(error)
            await network.close()
        return found

    return asyncio.run(run())


def test_an_answer_comes_back_as_it_is() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=404, headers={"X-Total": "3"}, body=b"no")

    [response] = sends(answer, ("GET", "/"))

    assert isinstance(response, Response)
    assert (response.status, response.headers["x-total"], response.body) == (404, "3", b"no")


def test_a_url_goes_out_as_it_was_encoded() -> None:
    seen = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.raw_path)
        return web.Response()

    sends(answer, ("GET", "/a%2Fb?after=1%3A2&q=%7Ba%7D"))

    assert seen == ["/a%2Fb?after=1%3A2&q=%7Ba%7D"]


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
def test_nothing_is_repeated_on_a_kept_connection_that_breaks(method: str) -> None:
    seen = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.path)
        if request.path == "/breaks":
            assert request.transport is not None
            request.transport.abort()
        return web.Response()

    answers = sends(answer, ("GET", "/first"), (method, "/breaks"))

    assert seen == ["/first", "/breaks"]
    assert isinstance(answers[1], NoAnswer)
    assert answers[1].sent


def test_a_redirect_is_not_followed() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "/other"})

    [response] = sends(answer, ("GET", "/"))

    assert isinstance(response, Response)
    assert (response.status, response.headers["location"]) == (302, "/other")


def test_an_answer_that_takes_too_long_may_have_happened() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        await asyncio.get_running_loop().create_future()
        return web.Response()

    [failure] = sends(answer, ("POST", "/"), timeout_s=0.1)

    assert isinstance(failure, NoAnswer)
    assert (str(failure), failure.sent) == ("did not answer in time", True)


def test_an_answer_that_comes_drop_by_drop_has_no_more_time_than_any_other() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        dripping = web.StreamResponse()
        await dripping.prepare(request)
        while True:
            await dripping.write(b" ")
            await asyncio.sleep(0.02)

    [failure] = sends(answer, ("GET", "/"), timeout_s=0.3)

    assert isinstance(failure, NoAnswer)
    assert (str(failure), failure.sent) == ("did not answer in time", True)


def test_what_gets_no_connection_in_time_was_not_sent() -> None:
    async def run(place: str) -> NoAnswer:
        network = AiohttpTransport(reach=LOOPBACK)
        with pytest.raises(NoAnswer) as raised:
            await network(Request("POST", f"https://{place}/"), 1.0)
        await network.close()
        return raised.value

    # the system lets the client in, and nobody answers its TLS greeting
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        failure = asyncio.run(run(f"127.0.0.1:{silent.getsockname()[1]}"))

    assert (str(failure), failure.sent) == ("did not answer in time", False)


def test_hosts_that_never_answer_keep_no_other_waiting() -> None:
    async def silent(request: web.BaseRequest) -> web.Response:
        await asyncio.get_running_loop().create_future()
        return web.Response()

    async def well(request: web.BaseRequest) -> web.Response:
        return web.Response()

    async def run() -> Response:
        network = AiohttpTransport(reach=LOOPBACK)
        async with AsyncExitStack() as servers:
            stuck = [await servers.enter_async_context(serving(silent)) for _ in range(16)]
            healthy = await servers.enter_async_context(serving(well))
            waiting = [
                asyncio.ensure_future(network(Request("POST", url + "/"), 30.0)) for url in stuck for _ in range(5)
            ]
            await asyncio.wait(waiting, timeout=0.5)
            answer = await network(Request("POST", healthy + "/"), 3.0)
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            await network.close()
        return answer

    assert asyncio.run(run()).status == 200


def test_where_nothing_listens_nothing_was_sent() -> None:
    async def run() -> NoAnswer:
        async def nobody(request: web.BaseRequest) -> web.Response:
            return web.Response()

        async with serving(nobody) as url:
            free = url
        network = AiohttpTransport(reach=LOOPBACK)
        with pytest.raises(NoAnswer) as raised:
            await network(Request("POST", free + "/"), 5.0)
        await network.close()
        return raised.value

    assert not asyncio.run(run()).sent


@pytest.mark.parametrize(
    "url",
    [
        "http://no.such.host.invalid/", "not a url", "ftp://127.0.0.1/", "http://a..b/", f"http://{'a' * 70}.test/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:http/",
    ],
)  # fmt: skip
def test_an_address_that_is_none_was_not_sent_to(url: str) -> None:
    async def run() -> NoAnswer:
        network = AiohttpTransport(reach=LOOPBACK)
        with pytest.raises(NoAnswer) as raised:
            await network(Request("GET", url), 5.0)
        await network.close()
        return raised.value

    assert not asyncio.run(run()).sent


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_key_that_no_request_may_hold_was_not_sent(method: str) -> None:
    async def run() -> tuple[NoAnswer, list[str]]:
        seen = []

        async def answer(request: web.BaseRequest) -> web.Response:
            seen.append(request.path)
            return web.Response()

        network = AiohttpTransport(reach=LOOPBACK)
        async with serving(answer) as url:
            with pytest.raises(NoAnswer) as raised:
                await network(Request(method, url + "/", {"Authorization": "Bearer a\nb"}), 5.0)
        await network.close()
        return raised.value, seen

    failure, seen = asyncio.run(run())

    assert (failure.sent, seen) == (False, [])
    assert "a\nb" not in str(failure)


def test_a_kept_connection_that_closes_before_the_first_byte_has_sent_nothing() -> None:
    async def run() -> tuple[NoAnswer, list[str]]:
        seen = []

        async def answer(request: web.BaseRequest) -> web.Response:
            seen.append(request.path)
            return web.Response()

        network = AiohttpTransport(reach=LOOPBACK)
        async with serving(answer) as url:
            await network(Request("POST", url + "/first", {}, b"x"), 5.0)
            second = asyncio.ensure_future(network(Request("POST", url + "/second", {}, b"x"), 5.0))
            await asyncio.sleep(0)
            for kept in network._connector._acquired:
                assert kept.transport is not None
                kept.transport.close()
            with pytest.raises(NoAnswer) as raised:
                await second
        await network.close()
        return raised.value, seen

    failure, seen = asyncio.run(run())

    assert failure.sent == ("/second" in seen)
    assert not failure.sent


def test_an_answer_larger_than_any_can_be_is_not_taken() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * (module._LARGEST_ANSWER + 1))

    [failure] = sends(answer, ("GET", "/"), timeout_s=20)

    assert isinstance(failure, NoAnswer)
    assert failure.sent


def test_an_answer_without_end_is_not_waited_for() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x" * 1_000_000)
        return response

    [failure] = sends(answer, ("GET", "/"), timeout_s=20)

    assert isinstance(failure, NoAnswer)
    assert "more than can be right" in str(failure)


def test_cookies_are_not_kept() -> None:
    seen = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "session=1"})

    sends(answer, ("GET", "/"), ("GET", "/"))

    assert seen == [None, None]
