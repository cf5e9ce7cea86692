"""A session with one side: requests with a time limit, and lists decoded row by row."""

import random
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from orderhaven.connectors.kit.decoding import (
    begins_with_a_warning,
    data_of,
    decoded_leniently,
    in_words,
    kind_of,
    not_allowed,
    refuse_wrong_clock,
)
from orderhaven.connectors.kit.http import NoAnswer, Request, Response, Transport, encode_query
from orderhaven.core.errors import OutcomeUnknown, RateLimited, SafeToRetry, UnexpectedResponse, WrongAddress
from orderhaven.ports.connector import ConnectorContext, Limits
from orderhaven.ports.sockets import Sockets

T = TypeVar("T")

_TRIES = 3
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # as JSON writes it
_FIRST_PAUSE_S = 0.4
_LONGEST_CALL_S = 300.0  # whatever a clock that jumped says
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Auth(Protocol):
    async def sign(self, request: Request) -> Request:
        """The request with this account's credentials on it."""
        ...

    async def renew(self, refused: Request) -> bool:
        """A 401 came to this signed request: whether a fresh credential may help. The next `sign` uses it."""
        ...


class NoCredentials(SafeToRetry):
    """There is nothing to sign with now: the log-in gives none. It is not for each question to try that again."""


class NotData(SafeToRetry):
    """A web page or garbage where data should be: maintenance, a log-in page, a proxy."""


class Session:
    """Everything a connector sends goes through `read` or `send`.

    Answers below 400 come back as they are, and so do the statuses that the caller names in `also`; all others are raised.
    """

    def __init__(self, side: str, base_url: str, context: ConnectorContext, auth: Auth, limits: Limits) -> None:
        self.side = side
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
        query: Mapping[str, str] | None = None,
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
        """Send once. SafeToRetry and RateLimited mean that it surely did not happen; OutcomeUnknown that it may have."""
        async with self._sockets.one() as socket:
            request = await self._auth.sign(Request(method, self._url(path), headers or {}, body))
            async with socket.turn:
                response = await self._sent(request, not_after)
        if response.status >= 500:
            raise OutcomeUnknown(f"{self.side} answered {response.status}")
        self._refuse_wrong_clock(response)
        if response.status == 401 and await self._auth.renew(request):
            raise SafeToRetry(f"{self.side} wants a fresh token")
        return self._classify(request, response, also)

    async def _sent(self, request: Request, not_after: datetime) -> Response:
        # no await between this look at the clock and the sending: a worker that was frozen sends nothing late
        left_s = min((not_after - self.clock.now()).total_seconds() / self._second_s, _LONGEST_CALL_S)
        if left_s <= 0:
            raise SafeToRetry("the time to send this had passed")
        try:
            return _without_preamble(await self._transport(request, left_s))
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
                    response = _without_preamble(await self._transport(signed, self._timeout_s))
                except NoAnswer as error:
                    raise SafeToRetry(f"{self.side} {error}") from None
        self._refuse_wrong_clock(response)
        return signed, response

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

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self.base_url}{path}" + (f"?{'&'.join(encode_query(query.items()))}" if query else "")

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


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else parts.path


Row = TypeVar("Row", bound=msgspec.Struct)

_REF = re.compile(r"(?=.*[0-9])[A-Za-z0-9._:-]{1,100}")  # it is written into logs: no words, and no address


class MalformedRow(msgspec.Struct, frozen=True):
    """A row that cannot be read. `cause` says where and why, by the names of fields and never by what stands in them."""

    ref: str  # "": not even by what it is known can be read
    cause: str


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    good: list[Row]
    malformed: list[MalformedRow] = field(default_factory=list)

    def __len__(self) -> int:
        """How many rows the other side gave."""
        return len(self.good) + len(self.malformed)


class RowsOf(Generic[Row]):
    """`key` is the field by which a row is known; `within` the one that holds the list, "" where the answer is the list.

    An answer without that field has no rows.
    """

    def __init__(self, row: type[Row], key: str, within: str = "") -> None:
        self._row = row
        self._key = key
        self._one = msgspec.json.Decoder(row)
        self._names = frozenset(field.encode_name for field in msgspec.structs.fields(row))
        self._within = within
        self._all, self._raw = _whole(row, within), _whole(msgspec.Raw, within)

    def read(self, response: Response, side: str) -> Rows[Row]:
        """Raises NotData, and UnexpectedResponse for what is no list at all."""
        try:
            return Rows(self._listed(exactly(response, self._all, side)))
        except UnexpectedResponse:
            return self.each(self._listed(exactly(response, self._raw, side)))

    def each(self, answers: list[msgspec.Raw]) -> Rows[Row]:
        rows: Rows[Row] = Rows([])
        for answer in answers:
            row = self.one(answer)
            if isinstance(row, MalformedRow):
                rows.malformed.append(row)
            else:
                rows.good.append(row)
        return rows

    def one(self, answer: msgspec.Raw) -> Row | MalformedRow:
        try:
            return self._one.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        try:
            return decoded_leniently(answer, self._row)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return malformed(answer, self._key, str(error), self._names)

    def _listed(self, whole: Any) -> list[Any]:
        found: list[Any] = getattr(whole, self._within) if self._within else whole
        return found


def malformed(answer: msgspec.Raw, key: str, cause: str, names: Collection[str]) -> MalformedRow:
    """This row, by what it is known if that can be read, and what is strange about it. `names` are the fields that it may have."""
    try:
        row = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return MalformedRow("", "a row that cannot be read at all")
    ref = row.get(key) if isinstance(row, dict) else None
    if isinstance(ref, int | str) and not isinstance(ref, bool) and _REF.fullmatch(str(ref)):
        return MalformedRow(str(ref), f"an answer of another shape: {in_words(cause)}")
    return MalformedRow("", f"a row without {key}: {_outline(row, names)}")


def _outline(row: Any, names: Collection[str]) -> str:
    """What can be shown of a row to whoever must find out what it is: the fields that we know of it, and their kinds."""
    if not isinstance(row, dict):
        return f"{kind_of(row)} instead of an object"
    found = [f"{name} ({kind_of(value)})" for name, value in row.items() if name in names]
    return ", ".join(found) or f"an object with {len(row)} fields, none of them known"


def _whole(row: Any, within: str) -> Any:
    if not within:
        return list[row]
    return msgspec.defstruct("Whole", [(within, list[row], msgspec.field(default_factory=list))])
