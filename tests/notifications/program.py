"""A program on loopback that is called by webhooks and keeps what it got."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Call:
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        return self.headers["Webhook-Id"]

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Program:
    calls: list[Call] = field(default_factory=list)
    status: int = 204
    location: str = ""
    hangs: bool = False  # takes the call in and never answers
    url: str = ""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.ServerRunner | None = None

    async def start(self) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/told"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def kinds(self) -> list[str]:
        return [call.said["kind"] for call in self.calls]

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.calls.append(Call(dict(request.headers), await request.read()))
        self.called.set()
        if self.hangs:
            await asyncio.Event().wait()
        headers = {"Location": self.location} if self.location else {}
        return web.Response(status=self.status, headers=headers)
