"""A sandbox on a socket (for people, the demo and real-process tests) and, for everything else, called directly as a transport."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Protocol

from aiohttp import web
from msgspec.structs import replace

from orderhaven.connectors.kit.http import NoAnswer, Request, Response


class Handles(Protocol):
    async def handle(self, request: Request) -> Response: ...


class InProcessTransport:
    """A transport that calls sandboxes by the host in the URL, without a socket. Times out on `handle` like a network does."""

    def __init__(self, hosts: dict[str, Handles]) -> None:
        self._hosts = hosts

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        host = request.url.split("/")[2]
        if host not in self._hosts:
            raise NoAnswer("cannot be reached (no such host)", sent=False)
        try:
            response = await asyncio.wait_for(self._hosts[host].handle(_as_received(request)), timeout_s)
        except TimeoutError:
            raise NoAnswer("did not answer in time", sent=True) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, response.body)

    async def close(self) -> None:
        return None


def _as_received(request: Request) -> Request:
    return replace(request, headers={name.lower(): value for name, value in request.headers.items()})


class SandboxServer:
    """A sandbox listening on loopback. `url` is known once `start` returned; `stop` ends it."""

    def __init__(self, sandbox: Handles, port: int = 0) -> None:
        self._sandbox = sandbox
        self._port = port
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self) -> str:
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self.url

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        url = f"http://{request.host}{request.raw_path}"
        try:
            response = await self._sandbox.handle(
                Request(request.method, url, {name.lower(): value for name, value in request.headers.items()}, body)
            )
        except NoAnswer:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        return web.Response(status=response.status, headers=headers, body=response.body)


@lru_cache(maxsize=64)
def http_date(second: int) -> str:
    """The Date header of a sandbox's answer."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
