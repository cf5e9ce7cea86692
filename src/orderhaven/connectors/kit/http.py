"""Requests and responses, and a resolver that keeps to allowed networks."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from orderhaven.core.networks import NetworkPolicy

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

    def values_of(self, name: str) -> list[str]:
        """Every value that the query has for this name."""
        return [value for one, value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True) if one == name]


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


Query = Mapping[str, str | Sequence[str]]
"""Names and values; a name with several values stands there once for each, in order: `ref=a&ref=b`."""


def pairs_of(query: Query) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        if isinstance(value, str):
            yield name, value
        else:
            yield from ((name, each) for each in value)


class NoAnswer(Exception):
    """The network gave no whole answer. `sent` is False only when surely nothing reached the other side."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.sent = sent


class Transport(Protocol):
    async def __call__(self, request: Request, timeout_s: float) -> Response:
        """Send once, follow nothing, repeat nothing. Raises NoAnswer."""
        ...
