"""The real network, by aiohttp: one request is one request."""

import asyncio
import errno
import os
import ssl
import weakref
from collections.abc import Mapping
from functools import lru_cache
from math import inf
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from orderhaven import __version__
from orderhaven.connectors.kit.http import GuardedResolver, NoAnswer, NotReached, Request, Response
from orderhaven.core.networks import PLAIN_HTTP, PRIVATE, PUBLIC, NetworkPolicy

_BEHIND_SCHEME = len("https://")
_LARGEST_ANSWER = 32 * 1024 * 1024
# OpenSSL's numbers (x509_vfy.h) of what a person can do something about; any other is quoted in its words
_CERTIFICATES: Mapping[int, str] = {
    9: "its certificate is not valid yet: look at the clocks on both sides",
    10: "its certificate has expired and must be renewed there",
    62: "its certificate is for another address: use the one that stands in it",
    64: "its certificate is for another address: use the one that stands in it",
    **dict.fromkeys(
        (2, 18, 19, 20, 21),
        "its certificate is signed by an authority that is not trusted here. Whoever runs Orderhaven can name that "
        "authority's certificate in ORDERHAVEN_CA_FILE",
    ),
}
_ERRORS: Mapping[int, str] = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.ECONNRESET: "the connection was closed",
    errno.EPIPE: "the connection was closed",
    errno.ENETUNREACH: "there is no way to it from this machine",
    errno.EHOSTUNREACH: "there is no way to it from this machine",
    errno.EMFILE: "this machine lets Orderhaven open no more connections: raise its limit of open files",
}


class _Writes:
    """Takes the place of a connection's `write`, and counts."""

    def __init__(self, wire: asyncio.Transport) -> None:
        self.count = 0
        self._wire = weakref.ref(wire)
        self._write = type(wire).write

    def __call__(self, data: bytes) -> None:
        self.count += 1
        wire = self._wire()
        if wire is not None:
            self._write(wire, data)


def _counted(wire: Any) -> _Writes:
    writes = wire.write = _Writes(wire)
    wire.writelines = lambda parts: writes(b"".join(parts))
    return writes


class _Connector(aiohttp.TCPConnector):
    """Knows of each task whether anything of its request was written. One that got no connection has written nothing, nor has
    one whose kept connection the other side closed in the moment before."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._connected: dict[asyncio.Task[Any] | None, tuple[_Writes, int]] = {}

    async def connect(self, *given: Any, **named: Any) -> Any:
        connection = await super().connect(*given, **named)
        wire: Any = connection.transport
        if wire is not None:  # it may be closed again by now
            writes = vars(wire).get("write") or _counted(wire)
            self._connected[asyncio.current_task()] = writes, writes.count
        return connection

    def has_written(self, task: asyncio.Task[Any] | None) -> bool:
        writes, before = self._connected.get(task) or (None, 0)
        return writes is not None and writes.count > before

    def forget(self, task: asyncio.Task[Any] | None) -> None:
        self._connected.pop(task, None)


class AiohttpTransport:
    """Connections are kept and shared by every connector of one process. Make it inside the running loop; close it at the end.

    `trusts`: whose certificates are believed; without it those that the machine trusts. `reach`: which machines are called.
    """

    def __init__(self, trusts: ssl.SSLContext | None = None, reach: NetworkPolicy = PUBLIC) -> None:
        self._reach = reach
        self._known: set[str] = set()  # beginnings of addresses that may be called
        self._resolver = GuardedResolver(reach)
        # no limit of all: each session has its own, and hosts that never answer keep no other account waiting
        self._connector = _Connector(limit=0, keepalive_timeout=30, ssl=trusts or True, resolver=self._resolver)
        self._client = aiohttp.ClientSession(
            connector=self._connector,
            headers={"User-Agent": f"Orderhaven/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )
        # aiohttp repeats a PUT by itself when a kept connection breaks; a command must be one request, so nothing is repeated here
        self._client._retry_connection = False

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        self._demand_allowed(request.url)
        task = asyncio.current_task()
        try:
            async with self._client.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=_within(timeout_s),
            ) as reply:
                return Response(reply.status, reply.headers, await _whole(reply))  # headers find a name in any case
        except aiohttp.ClientConnectorCertificateError as error:
            raise NoAnswer(f"cannot be reached: {_about_certificate(error.certificate_error)}", sent=False) from None
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            why = PRIVATE if isinstance(getattr(error, "os_error", None), NotReached) else _why(error)
            raise NoAnswer(f"cannot be reached ({why})", sent=False) from None
        except TimeoutError:
            raise NoAnswer("did not answer in time", sent=self._connector.has_written(task)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"broke off ({_why(error)})", sent=self._connector.has_written(task)) from None
        except ValueError:  # as what is no name, and a line break in a key
            if self._connector.has_written(task):
                raise
            raise NoAnswer("cannot be reached (its address or a key holds what no request may)", sent=False) from None
        finally:
            self._connector.forget(task)

    def _demand_allowed(self, url: str) -> None:
        """What stands in the address itself, once for each place: names are looked at when they are looked up."""
        origin = url[: url.find("/", _BEHIND_SCHEME)]
        if origin in self._known:
            return
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NoAnswer("cannot be reached (not a web address)", sent=False)
        if not self._reach.allows_host(parts.hostname):
            raise NoAnswer(f"cannot be reached ({PRIVATE})", sent=False)
        if self._reach.may_be_read(url):
            raise NoAnswer(f"cannot be reached ({PLAIN_HTTP})", sent=False)
        self._known.add(origin)

    async def close(self) -> None:
        await self._client.close()
        await self._resolver.close()


@lru_cache(maxsize=64)  # each account's questions have the same
def _within(seconds: float) -> aiohttp.ClientTimeout:
    """To the moment, not to whole seconds."""
    return aiohttp.ClientTimeout(total=seconds, ceil_threshold=inf)


def _about_certificate(error: Exception) -> str:
    number = getattr(error, "verify_code", 0)
    words = getattr(error, "verify_message", "") or "no reason is given"
    return _CERTIFICATES.get(number) or f"its certificate is not valid ({words})"


def _why(error: BaseException) -> str:
    """In a person's words; what is seldom is quoted as the system says it."""
    match error:
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "not a web address"
        case aiohttp.ClientConnectorDNSError():
            return "no such host"
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return "no encrypted connection could be made"
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed"
        case aiohttp.ClientPayloadError():
            return "the answer ended halfway"
        case OSError() if error.errno:
            return _ERRORS.get(error.errno) or os.strerror(error.errno)
        case _:
            return "not what a web server says"


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    """Its body, read no further than an answer can be long: a small one may unpack to more than the memory holds."""
    parts: list[bytes] = []
    left = _LARGEST_ANSWER
    while not reply.content.at_eof():
        part = await reply.content.readany()
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise NoAnswer("answered more than can be right", sent=True)
    return b"".join(parts)
