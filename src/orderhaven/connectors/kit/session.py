"""One account's HTTP session: reads that may be repeated, tellings that never are, and every answer sorted by whose turn it is."""

import asyncio
import random
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from orderhaven.connectors.kit.http import NoAnswer, Request, Response, Transport, written
from orderhaven.connectors.kit.mending import mended
from orderhaven.connectors.kit.preamble import begins_with_a_warning, data_of
from orderhaven.connectors.kit.refusals import not_allowed, refuse_wrong_clock
from orderhaven.connectors.kit.shape_words import in_words
from orderhaven.core.errors import RateLimited, Surprise, TryLater, Unclear, WrongAddress
from orderhaven.ports.connector import Limits, Outside

T = TypeVar("T")

_TRIES = 3
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # as JSON writes it
_FIRST_PAUSE_S = 0.4
_LONGEST_CALL_S = 300.0  # whatever a clock that jumped says
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Auth(Protocol):
    async def sign(self, request: Request) -> Request:
        """The request with this account's credentials on it."""
        ...

    async def renew(self, refused: Request) -> bool:
        """A 401 came to this signed request: whether a fresh credential may help. The next `sign` uses it."""
        ...


class NoCredentials(TryLater):
    """There is nothing to sign with now: the log-in gives none. It is not for each question to try that again."""


class NotData(TryLater):
    """A web page or garbage where data should be: maintenance, a log-in page, a proxy."""


class Session:
    """Everything a connector sends goes through `read` or `tell`.

    Answers below 400 come back as they are, and so do the statuses that the caller names in `also`; all others are raised.
    """

    def __init__(self, side: str, base_url: str, outside: Outside, auth: Auth, limits: Limits) -> None:
        self.side = side
        self.base_url = base_url.rstrip("/")
        self.clock = outside.clock
        self._transport: Transport = outside.transport
        self._auth = auth
        self._timeout_s = limits.call_timeout_s
        self._second_s = outside.clock.in_real(1.0).total_seconds()  # how far the clock moves in a real one
        self._slots = asyncio.Semaphore(limits.calls_at_once)

    async def read(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        also: Iterable[int] = (),
    ) -> Response:
        """Ask, with a few tries. Raises RateLimited, TryLater, AuthRefused, AccessRefused, WrongAddress, Surprise."""
        request = Request(method, self._url(path, query), headers or {}, body)
        for attempt in range(_TRIES):
            try:
                return await self._read_once(request, also)
            except (RateLimited, NoCredentials):
                raise
            except TryLater:
                if attempt == _TRIES - 1:
                    raise
                await self._pause(attempt)
        raise AssertionError("unreachable")

    async def tell(
        self,
        method: str,
        path: str,
        *,
        not_after: datetime,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        also: Iterable[int] = (),
    ) -> Response:
        """Send once. TryLater and RateLimited mean that it surely did not happen; Unclear that it may have."""
        async with self._slots:
            request = await self._auth.sign(Request(method, self._url(path), headers or {}, body))
            # no await between this look at the clock and the sending: a worker that was frozen sends nothing late
            left_s = min((not_after - self.clock.now()).total_seconds() / self._second_s, _LONGEST_CALL_S)
            if left_s <= 0:
                raise TryLater("the time to send this had passed")
            try:
                response = _without_preamble(await self._transport(request, left_s))
            except NoAnswer as error:
                if error.sent:
                    raise Unclear(f"{self.side} {error}") from None
                raise TryLater(f"{self.side} {error}") from None
        if response.status >= 500:
            raise Unclear(f"{self.side} answered {response.status}")
        self._refuse_wrong_clock(response)
        if response.status == 401 and await self._auth.renew(request):
            raise TryLater(f"{self.side} wants a fresh token")
        return self._sorted(request, response, also)

    async def _read_once(self, request: Request, also: Iterable[int]) -> Response:
        signed, response = await self._answer(request)
        if response.status == 401 and await self._auth.renew(signed):
            _, response = await self._answer(request)
        if response.status in _REDIRECTS and request.method == "GET":
            _, response = await self._answer(self._redirected(request, response))
        if response.status >= 500 and response.status not in also:
            raise TryLater(f"{self.side} answered {response.status}", retry_after(response, self.clock.now()))
        return self._sorted(request, response, also)

    async def _answer(self, request: Request) -> tuple[Request, Response]:
        async with self._slots:
            signed = await self._signed(request)
            try:
                response = _without_preamble(await self._transport(signed, self._timeout_s))
            except NoAnswer as error:
                raise TryLater(f"{self.side} {error}") from None
        self._refuse_wrong_clock(response)
        return signed, response

    def _refuse_wrong_clock(self, response: Response) -> None:
        """A clock that is off makes good keys refused ones."""
        if response.status in (401, 403):
            allowed = max(_CLOCKS_MAY_DIFFER, self.clock.in_real(self._timeout_s))
            refuse_wrong_clock(self.side, response, self.clock.now(), allowed)

    async def _signed(self, request: Request) -> Request:
        try:
            return await self._auth.sign(request)
        except RateLimited:
            raise
        except TryLater as error:
            raise NoCredentials(error.cause, error.after) from None

    def _sorted(self, request: Request, response: Response, also: Iterable[int]) -> Response:
        status = response.status
        if status < 300 or status in also:
            return response
        if status in _REDIRECTS:
            raise WrongAddress(self.base_url, f"it redirects to {_place(response.headers.get('location', '?'))}")
        if status in (401, 403):
            raise not_allowed(self.side, response)
        if status == 429:
            raise RateLimited(f"{self.side} asks to slow down", retry_after(response, self.clock.now()))
        if status == 408:
            raise TryLater(f"{self.side} answered 408")
        raise Surprise(f"status {status} on {request.method} {urlsplit(request.url).path}")

    def _redirected(self, request: Request, response: Response) -> Request:
        """The same question at the new place, if that is the same host: credentials go nowhere else."""
        target = urljoin(request.url, response.headers.get("location", ""))
        old, new = urlsplit(request.url), urlsplit(target)
        if (new.scheme, new.netloc) != (old.scheme, old.netloc):
            raise WrongAddress(self.base_url, f"it redirects to {_place(target)}")
        return Request(request.method, target, request.headers, request.body)

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self.base_url}{path}" + (f"?{'&'.join(written(query.items()))}" if query else "")

    async def _pause(self, attempt: int) -> None:
        await self.clock.sleep(self.clock.in_real(_FIRST_PAUSE_S * 2**attempt * random.uniform(0.7, 1.3)))


def shaped(response: Response, shape: type[T], side: str) -> T:
    """The body as our type; what decides nothing gives way (`kit.mending`). Raises NotData for what is not JSON, Surprise for
    JSON of another shape (its path, never its values)."""
    try:
        return exactly(response, shape, side)
    except Surprise as surprise:
        try:
            return mended(_without_nul(data_of(response.body)), shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise surprise from None


def exactly(response: Response, shape: type[T], side: str) -> T:
    """The same where the body fits as it stands."""
    try:
        return msgspec.json.decode(_without_nul(data_of(response.body)), type=shape)
    except msgspec.ValidationError as error:
        raise Surprise(f"an answer of another shape: {in_words(str(error))}") from None
    except RecursionError:
        raise Surprise("an answer that is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _not_data(response.body, side) from None


def _not_data(body: bytes, side: str) -> NotData:
    if begins_with_a_warning(body):
        return NotData(f"{side} answered a PHP warning and no whole data after it: switch off display_errors there")
    if _is_page(body):
        return NotData(f"{side} answered a web page instead of data")
    return NotData(f"{side} answered something unreadable instead of data")


def is_web_page(response: Response) -> bool:
    return _is_page(response.body)


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<" and not begins_with_a_warning(body)


def _without_preamble(response: Response) -> Response:
    """So that refusals too are read behind whatever stands before them."""
    body = data_of(response.body)
    return response if body is response.body else Response(response.status, response.headers, body)


def _without_nul(body: bytes) -> bytes:
    """PostgreSQL takes none in text, and nobody means one."""
    if b"\\" in body and b"\\u0000" in body:  # one byte is found at once, and most answers have none
        return _NUL.sub(rb"\1", body)
    return body


def retry_after(response: Response, now: datetime) -> timedelta | None:
    """What Retry-After says, in seconds or as a date (RFC 9110, 10.2.3); None when it says nothing usable."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return timedelta(seconds=int(text[:6]))
    try:
        return max(parsedate_to_datetime(text) - now, timedelta(0))
    except (TypeError, ValueError):
        return None


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
