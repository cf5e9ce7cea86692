"""How requests are signed: with static keys in headers, or with a token that ends and is fetched anew."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from msgspec.structs import replace

from orderhaven.connectors.kit.http import Request
from orderhaven.core.errors import HubError
from orderhaven.ports.connector import Clock, TokenCache, is_recent


class Auth(Protocol):
    async def sign(self, request: Request) -> Request:
        """The request with this account's credentials on it."""
        ...

    async def renew(self, refused: Request) -> bool:
        """A 401 came to this signed request: whether a fresh credential may help. The next `sign` uses it."""
        ...


class HeaderKeys:
    """The same headers on every request; nothing to renew. `HeaderKeys({})` signs nothing."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def sign(self, request: Request) -> Request:
        return replace(request, headers={**request.headers, **self._headers})

    async def renew(self, refused: Request) -> bool:
        return False


def basic(user: str, password: str) -> dict[str, str]:
    """The header of RFC 7617."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


_SPARE_S = 20.0  # real seconds: a token that ends within a call's time is not used for it
_AFTER_FAILING_S = 10.0  # real seconds in which a log-in that failed is not tried again, however many ask


class BearerToken:
    """Signs with a token and fetches a new one when it ends. `fetch` gives the token and its lifetime.

    One log-in is under way at a time, and whoever waits for it gets what comes of it, its failure too: many that each log in
    by themselves, and again with every repetition, are what servers close their doors to.
    """

    def __init__(self, fetch: Callable[[], Awaitable[tuple[str, timedelta]]], tokens: TokenCache, clock: Clock) -> None:
        self._fetch = fetch
        self._tokens = tokens
        self._clock = clock
        self._header = "Bearer "
        self._good_until = clock.now()
        self._fetched_at: datetime | None = None  # None: this process has fetched none yet
        self._doubted_at: datetime | None = None  # when a fresh one was last refused; None: never
        self._failed: tuple[datetime, HubError] | None = None  # the last log-in; None: it came to something
        self._turn = asyncio.Lock()

    async def sign(self, request: Request) -> Request:
        await self._make_current()
        headers = {**request.headers, "Authorization": self._header}
        return Request(request.method, request.url, headers, request.body)

    async def renew(self, refused: Request) -> bool:
        """Forget the token, unless the one before it was refused as fresh as this: then another would be refused as well.

        Several calls may be under way with a token that ends: only the first of them has to renew it.
        """
        if refused.headers.get("Authorization") != self._header:
            return True
        if self._is_recent(self._fetched_at):
            if self._is_recent(self._doubted_at):
                return False
            self._doubted_at = self._clock.now()
        await self.forget()
        return True

    async def forget(self) -> None:
        """Whatever token there is, here and in the cache: the next request fetches one."""
        self._good_until = now = self._clock.now()
        self._failed = None
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
        if self._failed is not None and is_recent(self._failed[0], now, self._clock.in_real(_AFTER_FAILING_S)):
            raise self._failed[1]
        try:
            token, lifetime = await self._fetch()
        except HubError as error:
            self._failed = (self._clock.now(), error)
            raise
        self._fetched_at, self._failed = now, None
        self._take(token, now + lifetime)
        await self._tokens.put(token, now + lifetime)

    def _take(self, token: str, ends_at: datetime) -> None:
        self._header, self._good_until = f"Bearer {token}", ends_at - self._spare()

    def _is_recent(self, moment: datetime | None) -> bool:
        return is_recent(moment, self._clock.now(), self._spare())

    def _still_good(self) -> bool:
        return self._clock.now() < self._good_until

    def _spare(self) -> timedelta:
        # on a fast clock a token may live less than the spare time
        return min(self._clock.in_real(_SPARE_S), timedelta(seconds=60))
