"""Credentials that every HTTP API shares: a bearer token that ends, kept between cycles by whoever opened the connector."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from orderhaven.connectors.kit.http import Request
from orderhaven.ports.clock import Clock
from orderhaven.ports.connector import TokenCache

_SPARE_S = 20.0  # real seconds: a token that ends within a call's time is not used for it


class BearerToken:
    """Signs with a token and fetches a new one when it ends. `fetch` gives the token and its lifetime."""

    def __init__(self, fetch: Callable[[], Awaitable[tuple[str, timedelta]]], tokens: TokenCache, clock: Clock) -> None:
        self._fetch = fetch
        self._tokens = tokens
        self._clock = clock
        self._header = "Bearer "
        self._good_until = clock.now()
        self._fetched_at: datetime | None = None  # None: this process has fetched none yet
        self._turn = asyncio.Lock()

    async def sign(self, request: Request) -> Request:
        await self._make_current()
        headers = {**request.headers, "Authorization": self._header}
        return Request(request.method, request.url, headers, request.body)

    async def renew(self, refused: Request) -> bool:
        """Forget the token, unless it is so fresh that another one would be refused as well.

        Several calls may be under way with a token that ends: only the first of them has to renew it.
        """
        if refused.headers.get("Authorization") != self._header:
            return True
        if self._fetched_at is not None and self._clock.now() - self._fetched_at < self._spare():
            return False
        await self.forget()
        return True

    async def forget(self) -> None:
        """Whatever token there is, here and in the cache: the next request fetches one."""
        self._good_until = now = self._clock.now()
        await self._tokens.put("", now)

    async def _make_current(self) -> None:
        if self._still_good():
            return
        async with self._turn:
            if not self._still_good():
                await self._take_kept_or_new()

    async def _take_kept_or_new(self) -> None:
        if self._fetched_at is None and (kept := await self._tokens.get()) and kept[0]:
            self._take(*kept)
            if self._still_good():
                return
        now = self._clock.now()
        token, lifetime = await self._fetch()
        self._fetched_at = now
        self._take(token, now + lifetime)
        await self._tokens.put(token, now + lifetime)

    def _take(self, token: str, ends_at: datetime) -> None:
        self._header, self._good_until = f"Bearer {token}", ends_at - self._spare()

    def _still_good(self) -> bool:
        return self._clock.now() < self._good_until

    def _spare(self) -> timedelta:
        # on a fast clock a token may live less than the spare time
        return min(self._clock.in_real(_SPARE_S), timedelta(seconds=60))
