"""The yardstick: the same calls by aiohttp alone. It signs in, signs, sends, parses JSON, and keeps nothing."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp
import msgspec
from yarl import URL

from orderhaven.connectors.kit.http import Request, Response

from .sides import shape
from .trade import Sides


@dataclass(frozen=True)
class Made:
    """A call that the hub made."""

    request: Request
    at_once: int  # calls under way when it was made, itself included

    @property
    def shape(self) -> str:
        return shape(self.request.method, self.request.path)


class Recorder:
    """A transport that notes what goes through it."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._under_way = 0
        self._made: list[Made] = []

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        self._under_way += 1
        self._made.append(Made(request, self._under_way))
        try:
            response: Response = await self._transport(request, timeout_s)
            return response
        finally:
            self._under_way -= 1

    def taken(self) -> list[Made]:
        """What was noted since the last time."""
        made, self._made = self._made, []
        return made

    async def close(self) -> None:
        await self._transport.close()


class MinimalLoop:
    """Make it inside the running loop."""

    def __init__(self, sides: Sides) -> None:
        self._clock = sides.clock
        self._marketplace, self._shop = sides.marketplace.settings, sides.shop.settings
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._bearer = ""

    async def make(self, calls: Sequence[Made]) -> None:
        """These calls, as many at once as the hub had under way."""
        for _, group in groupby(calls, key=lambda made: made.shape):
            same = list(group)
            left = iter(same)
            workers = max(made.at_once for made in same)
            await asyncio.gather(*(self._work(left) for _ in range(workers)))

    async def close(self) -> None:
        await self._client.close()

    async def _work(self, calls: Any) -> None:
        for made in calls:
            await self._call(made.request)

    async def _call(self, request: Request) -> None:
        if request.path == "/token":
            await self._sign_in(request)
        elif "/wp-json/" in request.path:
            url = self._signed(request.method, self._at(self._shop["url"], request), request)
            await self._send(request.method, url, _kept(request), request.body)
        else:
            headers = {**_kept(request), "Authorization": self._bearer}
            await self._send(request.method, self._at(self._marketplace["api_url"], request), headers, request.body)

    async def _sign_in(self, request: Request) -> None:
        pair = f"{self._marketplace['client_id']}:{self._marketplace['client_secret']}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json"}
        answer = await self._send("POST", self._at(self._marketplace["login_url"], request), headers, b"")
        self._bearer = f"Bearer {answer['access_token']}"

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Any:
        async with self._client.request(
            method, URL(url, encoded=True), headers=headers, data=body or None, allow_redirects=False
        ) as reply:
            answer = await reply.read()
            if reply.status >= 300:
                raise RuntimeError(f"{method} {url}: {reply.status} {answer[:300]!r}")
            return msgspec.json.decode(answer)

    def _at(self, base: str, request: Request) -> str:
        parts = urlsplit(request.url)
        pairs = [pair for pair in parts.query.split("&") if pair and not pair.startswith("oauth_")]
        return f"{base}{parts.path}" + (f"?{'&'.join(pairs)}" if pairs else "")

    def _signed(self, method: str, url: str, request: Request) -> str:
        """OAuth 1.0a, as WooCommerce wants it over plain http."""
        address, _, query = url.partition("?")
        oauth = {
            "oauth_consumer_key": self._shop["key"],
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self._clock.now().timestamp())),
        }
        pairs = [(_encoded(name), _encoded(value)) for name, value in [*parse_qsl(query), *oauth.items()]]
        text = "&".join(f"{name}={value}" for name, value in pairs)
        base = f"{method}&{_encoded(address)}&{_encoded('&'.join(f'{name}={value}' for name, value in sorted(pairs)))}"
        digest = hmac.new(f"{self._shop['secret']}&".encode(), base.encode(), hashlib.sha256).digest()
        return f"{address}?{text}&oauth_signature={_encoded(base64.b64encode(digest).decode())}"


def _kept(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name != "Authorization"}


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
