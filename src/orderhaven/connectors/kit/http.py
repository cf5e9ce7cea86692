"""Requests and responses as plain values, and the one seam to the network that tests and simulations replace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str  # absolute, already encoded
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """The query's last value per name."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


class NoAnswer(Exception):
    """The network gave no whole answer. `sent` is False only when surely nothing reached the other side."""

    def __init__(self, cause: str, *, sent: bool) -> None:
        super().__init__(cause)
        self.sent = sent


class Transport(Protocol):
    async def __call__(self, request: Request, timeout_s: float) -> Response:
        """Send once, follow nothing, repeat nothing. Raises NoAnswer."""
        ...
