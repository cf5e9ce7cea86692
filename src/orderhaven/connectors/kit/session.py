"""A session with one side: requests with a time limit, and answers decoded."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from orderhaven.connectors.kit.auth import Auth
from orderhaven.connectors.kit.decoding import (
    begins_with_a_warning,
    data_of,
    decoded_leniently,
    in_words,
    not_allowed,
    refuse_wrong_clock,
)
from orderhaven.connectors.kit.http import NoAnswer, Query, Request, Response, Transport, encode_query, pairs_of
from orderhaven.core.errors import OutcomeUnknown, RateLimited, SafeToRetry, UnexpectedResponse, WrongAddress
from orderhaven.ports.connector import ConnectorContext, Limits
from orderhaven.ports.sockets import Sockets

T = TypeVar("T")

_TRIES = 3
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # as JSON writes it
_FIRST_PAUSE_S = 0.4
_LONGEST_CALL_S = 300.0  # whatever a clock that jumped says
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NoCredentials(SafeToRetry):
    """There is nothing to sign with now: the log-in gives none. It is not for each question to try that again."""


class NotData(SafeToRetry):
    """A web page or garbage where data should be: maintenance, a log-in page, a proxy."""


class Session:
    """Everything a connector sends goes through `read` or `send`.

    Answers below 400 come back as they are, and so do the statuses that the caller names in `also`; all others are raised.
    """

    def __init__(
        self,
        side: str,
        base_url: str,
        context: ConnectorContext,
        auth: Auth,
        limits: Limits,
        meaning: Callable[[Response], int] = lambda response: response.status,
    ) -> None:
        """`meaning` is the status that an answer should have had, where an API says "log in" or "slow down" in a body with 200."""
        self.side = side
        self._meaning = meaning
        self.base_url = base_url.rstrip("/")
        self.clock = context.clock
        self._transport: Transport = context.transport
        self._auth = auth
        self._timeout_s = limits.call_timeout_s
        self._second_s = context.clock.in_real(1.0).total_seconds()  # how far the clock moves in a real one
        sockets = context.sockets or Sockets(limits.concurrent_calls)
        self._sockets = sockets.at(_host(base_url))

    async def read(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        also: Iterable[int] = (),
    ) -> Response:
        """Ask, with a few tries. Raises RateLimited, SafeToRetry, AuthRejected, AccessRejected, WrongAddress, UnexpectedResponse."""
        request = Request(method, self._url(path, query), headers or {}, body)
        for attempt in range(_TRIES):
            try:
                return await self._read_once(request, also)
            except (RateLimited, NoCredentials):
                raise
            except SafeToRetry:
                if attempt == _TRIES - 1:
                    raise
                await self._pause(attempt)
        raise AssertionError("unreachable")

    async def send(
        self,
        method: str,
        path: str,
        *,
        not_after: datetime,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        also: Iterable[int] = (),
    ) -> Response:
        """Send once. SafeToRetry and RateLimited mean that it surely did not happen; OutcomeUnknown that it may have.

        A status in `also` is the caller's to read, a server error and a web page too: whether it means no is what their API says.
        """
        async with self._sockets.one() as socket:
            request = await self._auth.sign(Request(method, self._url(path), headers or {}, body))
            async with socket.turn:
                response = await self._sent(request, not_after)
        if response.status >= 500 and response.status not in also:
            raise OutcomeUnknown(f"{self.side} answered {response.status}")
        self._refuse_wrong_clock(response)
        if response.status == 401 and await self._auth.renew(request):
            raise SafeToRetry(f"{self.side} wants a fresh token")
        if response.status < 300 and response.status not in also and is_web_page(response):
            # a proxy's, or one that says "back soon": no yes of an API
            raise OutcomeUnknown(f"{self.side} answered a web page instead of data")
        return self._classify(request, response, also)

    async def _sent(self, request: Request, not_after: datetime) -> Response:
        # no await between this look at the clock and the sending: a worker that was frozen sends nothing late
        left_s = min((not_after - self.clock.now()).total_seconds() / self._second_s, _LONGEST_CALL_S)
        if left_s <= 0:
            raise SafeToRetry("the time to send this had passed")
        try:
            return self._as_it_means(await self._transport(request, left_s))
        except NoAnswer as error:
            if error.sent:
                raise OutcomeUnknown(f"{self.side} {error}") from None
            raise SafeToRetry(f"{self.side} {error}") from None

    async def _read_once(self, request: Request, also: Iterable[int]) -> Response:
        signed, response = await self._answer(request)
        if response.status == 401 and await self._auth.renew(signed):
            _, response = await self._answer(request)
        if response.status in _REDIRECTS and request.method == "GET":
            _, response = await self._answer(self._redirected(request, response))
        if response.status >= 500 and response.status not in also:
            raise SafeToRetry(f"{self.side} answered {response.status}", retry_after(response, self.clock.now()))
        return self._classify(request, response, also)

    async def _answer(self, request: Request) -> tuple[Request, Response]:
        async with self._sockets.one() as socket:
            signed = await self._signed(request)
            async with socket.turn:
                try:
                    response = self._as_it_means(await self._transport(signed, self._timeout_s))
                except NoAnswer as error:
                    raise SafeToRetry(f"{self.side} {error}") from None
        self._refuse_wrong_clock(response)
        return signed, response

    def _as_it_means(self, response: Response) -> Response:
        """So that refusals too are read behind whatever stands before them."""
        body = data_of(response.body)
        plain = response if body is response.body else Response(response.status, response.headers, body)
        status = self._meaning(plain)
        return plain if status == plain.status else Response(status, plain.headers, plain.body)

    def _refuse_wrong_clock(self, response: Response) -> None:
        """A clock that is off makes good keys refused ones."""
        if response.status in (401, 403):
            refuse_wrong_clock(self.side, response, self.clock, self._timeout_s)

    async def _signed(self, request: Request) -> Request:
        try:
            return await self._auth.sign(request)
        except RateLimited:
            raise
        except SafeToRetry as error:
            raise NoCredentials(error.cause, error.after) from None

    def _classify(self, request: Request, response: Response, also: Iterable[int]) -> Response:
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
            raise SafeToRetry(f"{self.side} answered 408")
        raise UnexpectedResponse(f"status {status} on {request.method} {urlsplit(request.url).path}")

    def _redirected(self, request: Request, response: Response) -> Request:
        """The same question at the new place, if that is the same host: credentials go nowhere else."""
        target = urljoin(request.url, response.headers.get("location", ""))
        old, new = urlsplit(request.url), urlsplit(target)
        if (new.scheme, new.netloc) != (old.scheme, old.netloc):
            raise WrongAddress(self.base_url, f"it redirects to {_place(target)}")
        return Request(request.method, target, request.headers, request.body)

    def _url(self, path: str, query: Query | None = None) -> str:
        return f"{self.base_url}{path}" + (f"?{'&'.join(encode_query(pairs_of(query)))}" if query else "")

    async def _pause(self, attempt: int) -> None:
        await self.clock.sleep(self.clock.in_real(_FIRST_PAUSE_S * 2**attempt * random.uniform(0.7, 1.3)))


def decode(response: Response, shape: type[T], side: str) -> T:
    """The body as our type; what decides nothing gives way (`kit.decoding`). Raises NotData for what is not JSON,
    UnexpectedResponse for JSON of another shape (its path, never its values)."""
    try:
        return exactly(response, shape, side)
    except UnexpectedResponse as surprise:
        try:
            return decoded_leniently(_without_nul(data_of(response.body)), shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise surprise from None


def exactly(response: Response, shape: type[T], side: str) -> T:
    """The same where the body fits as it stands."""
    try:
        return msgspec.json.decode(_without_nul(data_of(response.body)), type=shape)
    except msgspec.ValidationError as error:
        raise UnexpectedResponse(f"an answer of another shape: {in_words(str(error))}") from None
    except RecursionError:
        raise UnexpectedResponse("an answer that is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _not_data(response, side) from None


def _not_data(response: Response, side: str) -> NotData:
    if begins_with_a_warning(response.body):
        return NotData(f"{side} answered a PHP warning and no whole data after it: switch off display_errors there")
    if is_web_page(response):
        return NotData(f"{side} answered a web page instead of data")
    return NotData(f"{side} answered something unreadable instead of data")


def is_web_page(response: Response) -> bool:
    return response.body.lstrip()[:1] == b"<" and not begins_with_a_warning(response.body)


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


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path
