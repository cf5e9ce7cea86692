"""Requests and responses, bearer tokens, and a resolver that keeps to allowed networks."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from orderhaven.core.errors import HubError
from orderhaven.core.networks import NetworkPolicy
from orderhaven.ports.connector import Clock, TokenCache, is_recent

# in threads of their own: a name server that hangs must not hold up anything else, nor the names of many dead hosts a living one.
# A name is looked up once for all who wait for it, however often they give up, so a dead one holds one of these
_LOOKUPS_AT_ONCE = 64


class NotReached(OSError):
    """A name that stands for addresses only that may not be called."""


LookUp = Callable[[str, int, socket.AddressFamily], list[ResolveResult]]


class GuardedResolver(AbstractResolver):
    """Addresses that stand in a URL as such do not come by here: whoever uses this looks at them first."""

    def __init__(self, reach: NetworkPolicy, look_up: LookUp | None = None) -> None:
        self._reach = reach
        self._look_up = look_up or _looked_up
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._look_up, host, port, family)
        allowed = [one for one in found if self._reach.allows(one["host"])]
        if not allowed:
            raise NotReached(host)
        return allowed

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _looked_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=one,
            proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for one, _, proto, _, address in found
    ]


class Request(Struct, frozen=True):
    method: str
    url: str  # absolute, already encoded
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """The query's last value per name."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


class Response(Struct, frozen=True):
    status: int
    headers: Mapping[str, str] = {}  # asked for by names in lower case
    body: bytes = b""


_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ALL_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*").fullmatch


def percent_encoded(text: str) -> str:
    """For a path or a query: all but the unreserved characters of RFC 3986, 2.3, is escaped.

    As `urllib.parse.quote` does it, which goes through the hundreds of ids of one question byte by byte.
    """
    if _ALL_UNRESERVED(text):
        return text
    if not text.isascii():
        return quote(text, safe="")
    escaped = set(text) - _UNRESERVED
    if "%" in escaped:
        text = text.replace("%", "%25")
    for character in escaped - {"%"}:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def encode_query(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Each parameter of a query as name=value, percent-encoded."""
    return [f"{percent_encoded(name)}={percent_encoded(value)}" for name, value in pairs]


class NoAnswer(Exception):
    """The network gave no whole answer. `sent` is False only when surely nothing reached the other side."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.sent = sent


class Transport(Protocol):
    async def __call__(self, request: Request, timeout_s: float) -> Response:
        """Send once, follow nothing, repeat nothing. Raises NoAnswer."""
        ...


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
