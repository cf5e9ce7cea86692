"""Requests and responses as plain values, and the one seam to the network that tests and simulations replace."""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from msgspec import Struct


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


def written(pairs: Iterable[tuple[str, str]]) -> list[str]:
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
