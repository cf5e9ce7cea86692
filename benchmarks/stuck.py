"""stuck_ratio: the slowest calls (p95) of a healthy connection beside 16 hosts that never answer, against those it makes alone."""

import asyncio
import multiprocessing
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from datetime import timedelta
from itertools import count
from multiprocessing.connection import Connection as Pipe
from statistics import quantiles
from time import perf_counter

from aiohttp import web

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.session import Session
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.errors import SafeToRetry
from orderhaven.core.networks import LOOPBACK
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache, Limits, RealClock
from orderhaven.ports.sockets import HostSockets, Sockets

TARGET = 1.2
_HOSTS = 16
_LIMITS = Limits(poll_floor=timedelta(minutes=5), call_timeout_s=5.0, concurrent_calls=8)
_AT_ONCE = 4  # of the healthy connection's calls


async def measure(quick: bool) -> float:
    """In turns, so that what else the machine does meets both alike."""
    rounds, calls = (4, 100) if quick else (20, 400)
    network, hosts = AiohttpTransport(reach=LOOPBACK), HostSockets()
    with ExitStack() as stack:
        url = stack.enter_context(_Healthy()).url
        silent = [
            stack.enter_context(closing(socket.create_server((f"127.0.1.{n}", 0), backlog=1024)))
            for n in range(1, _HOSTS + 1)
        ]
        healthy = _session(url, network, hosts)
        stuck = [_session(_url(one), network, hosts) for one in silent]
        await _timed(healthy, calls)
        alone: list[float] = []
        beside: list[float] = []
        for _ in range(rounds):
            alone += await _timed(healthy, calls)
            async with _calling(stuck):
                beside += await _timed(healthy, calls)
        await network.close()
    for name, taken in (("alone", alone), (f"beside {_HOSTS} that never answer", beside)):
        print(f"{name:30} p95 {1000 * _p95(taken):6.2f} ms, of {len(taken)} calls")
    return _p95(beside) / _p95(alone)


async def _timed(session: Session, calls: int) -> list[float]:
    taken: list[float] = []
    left = iter(range(calls))

    async def one_after_another() -> None:
        for _ in left:
            began = perf_counter()
            await session.read("POST", "/orders", body=b"{}")
            taken.append(perf_counter() - began)

    await asyncio.gather(*(one_after_another() for _ in range(_AT_ONCE)))
    return taken


@asynccontextmanager
async def _calling(stuck: Sequence[Session]) -> AsyncIterator[None]:
    """Each as often at once as it may, and again as soon as it gives one up."""
    calling = [asyncio.ensure_future(_again_and_again(one)) for one in stuck for _ in range(_LIMITS.concurrent_calls)]
    await asyncio.sleep(0.2)
    yield
    for one in calling:
        one.cancel()
    await asyncio.gather(*calling, return_exceptions=True)


async def _again_and_again(session: Session) -> None:
    while True:
        with suppress(SafeToRetry):
            await session.read("POST", "/orders", body=b"{}")


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]


def _session(url: str, network: AiohttpTransport, hosts: HostSockets) -> Session:
    sockets = Sockets(_LIMITS.concurrent_calls, hosts)
    context = ConnectorContext(RealClock(), network, InMemoryTokenCache(), sockets)
    return Session("The marketplace", url, context, _Nobody(), _LIMITS)


def _url(listening: socket.socket) -> str:
    address, port = listening.getsockname()
    return f"http://{address}:{port}"


class _Nobody:
    async def sign(self, request: Request) -> Request:
        return request

    async def renew(self, refused: Request) -> bool:
        return False


class _Healthy:
    """A server in a process of its own, which answers at once, and hangs up after each tenth answer: who calls again connects anew."""

    def __enter__(self) -> "_Healthy":
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        self.url: str = self._pipe.recv()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join(10)


def _serve(pipe: Pipe) -> None:
    asyncio.run(_answer(pipe))


async def _answer(pipe: Pipe) -> None:
    answers = count(1)

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        response = web.Response(body=b"{}")
        if next(answers) % 10 == 0:
            response.force_close()
        return response

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.Event().wait()
