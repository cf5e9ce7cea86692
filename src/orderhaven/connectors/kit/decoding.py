"""Answers decoded: past what stands before the data, row by row, with errors and rejections in words."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.core.errors import AccessRejected, AccountProblem, AuthRejected, ClockOff
from orderhaven.ports.connector import Clock

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DATA = (b"{", b"[")
# PHP's display_errors, in HTML or plain: "<br />\n<b>Warning</b>:  words in <b>/a/file.php</b> on line <b>12</b><br />\n"
_NOTICE = re.compile(
    rb"\s*(?:<br ?/?>\s*)?(?:<b>)?(?:PHP )?(?:Warning|Notice|Deprecated|Strict [Ss]tandards|[A-Z]?[a-z ]*[Ee]rror)(?:</b>)?:\s"
    rb".+? on line (?:<b>)?\d+(?:</b>)?\s*(?:<br ?/?>)?\s*",
    re.DOTALL,
)
_READ_SO_FAR = 64 * 1024  # a server that warns more than that before its data is past helping


def data_of(body: bytes) -> bytes:
    """The answer without what stands before its data; as it is where that is nothing known."""
    if body[:1] in _DATA:
        return body
    at = _end_of_marks(body, 0)
    while (notice := _NOTICE.match(body, at, _READ_SO_FAR)) is not None:
        at = _end_of_marks(body, notice.end())
    return body[at:] if body[at : at + 1] in _DATA else body.removeprefix(_BYTE_ORDER_MARK)


def begins_with_a_warning(body: bytes) -> bool:
    return _NOTICE.match(body, _end_of_marks(body, 0), _READ_SO_FAR) is not None


def _end_of_marks(body: bytes, at: int) -> int:
    """Each file of a program that was saved with a mark writes one."""
    while body.startswith(_BYTE_ORDER_MARK, at):
        at += len(_BYTE_ORDER_MARK)
    return at


_KINDS = {
    "str": "text", "int": "a number", "float": "a number", "decimal": "a number", "bool": "yes or no", "null": "nothing",
    "NoneType": "nothing", "list": "a list", "tuple": "a list", "array": "a list", "dict": "an object", "object": "an object",
    "datetime": "a moment", "date": "a day", "string": "a number",
}  # fmt: skip
_OF_A_KIND = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<found>[^`]+)`(?: - at `\$(?P<place>.*)`)?")
_OUT_OF_BOUNDS = re.compile(
    r"Expected `(?P<wanted>\w+)`(?P<bounds> (?:of length )?[<>]=? -?[0-9.]+)(?: - at `\$(?P<place>.*)`)?"
)
_INVALID = re.compile(
    r"Invalid (?P<wanted>RFC3339 encoded datetime|RFC3339 encoded date|decimal string)(?: - at `\$(?P<place>.*)`)?"
)
# of the others some quote the value
_ANY_OTHER = re.compile(r".*? - at `\$(?P<place>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`(?: - at `\$(?P<place>.*)`)?")


def kind_of(value: Any) -> str:
    return _KINDS.get(type(value).__name__, "something else")


def in_words(said: str) -> str:
    """Of msgspec's own words for it."""
    if found := _OF_A_KIND.fullmatch(said):
        return f"{_named(found['place'])} is {_kind(found['found'])} instead of {_kind(found['wanted'])}"
    if found := _MISSING.fullmatch(said):
        within = f" in {found['place'].lstrip('.')}" if found["place"] else ""
        return f"{found['name']} is missing{within}"
    if found := _OUT_OF_BOUNDS.fullmatch(said):
        return f"{_named(found['place'])} should be {_kind(found['wanted'])}{found['bounds']}"
    if found := _INVALID.fullmatch(said):
        return f"{_named(found['place'])} should be {_kind(found['wanted'].split()[-1])}"
    found = _ANY_OTHER.fullmatch(said)
    return f"{_named(found['place'] if found else '')} cannot be read"


def _named(path: str | None) -> str:
    return (path or "").lstrip(".") or "it"


def _kind(words: str) -> str:
    return " or ".join(dict.fromkeys(_KINDS.get(word.strip(), word.strip()) for word in words.split("|")))


Value = TypeVar("Value")


class _Mark:
    """What an annotation says of a field, for this module alone."""


_DECIDES_NOTHING, _DECIDES = _Mark(), _Mark()
Discard = Annotated[Value | None, _DECIDES_NOTHING]
"""A field on which nothing hangs. It needs a default: that is what it says when it cannot be read. Of a list the entries that
can be read are kept."""
Word = Annotated[str, _DECIDES]
"""A text that decides something (a status, a currency): a number in its place is no word."""


def decoded_leniently(body: bytes | memoryview | msgspec.Raw, shape: type[Value]) -> Value:
    """The body as our type, with whatever decides nothing read as it is meant. Raises ValidationError, DecodeError."""
    try:
        return msgspec.convert(_mended(msgspec.json.decode(body), shape), shape, strict=False)
    except RecursionError:
        raise msgspec.ValidationError("it is nested too deeply") from None


def _mended(value: Any, kind: Any) -> Any:
    """The same value, so changed that it can be converted if it can at all."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(value, arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return value if value is None else _mended(value, next(one for one in arguments if one is not NoneType))
    if origin is list:
        return _entries(value, arguments[0])
    if kind is str:
        return _text(value)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _object(value, kind)
    return value


def _marked(value: Any, kind: Any, marks: tuple[Any, ...]) -> Any:
    return value if _DECIDES in marks else _mended(value, kind)


def _object(value: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    found = dict(value)
    for member in msgspec.structs.fields(kind):
        name = member.encode_name
        if name not in found:
            continue
        found[name] = _mended(found[name], member.type)
        if _is_aside(member.type) and not _fits(found[name], member.type):
            readable = _readable(found[name], member.type)
            if readable is None:
                del found[name]
            else:
                found[name] = readable
    return found


def _is_aside(kind: Any) -> bool:
    return get_origin(kind) is Annotated and _DECIDES_NOTHING in get_args(kind)


def _readable(value: Any, kind: Any) -> list[Any] | None:
    """Of a list said aside, the entries that can be read; None where it is no list."""
    lists = [one for one in get_args(get_args(kind)[0]) if get_origin(one) is list]
    if not lists or not isinstance(value, list):
        return None
    (entry,) = get_args(lists[0])
    return [one for one in value if _fits(one, entry)]


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def _entries(value: Any, kind: Any) -> Any:
    """PHP writes a list whose numbers have a gap as an object. An entry that holds nothing is none."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return value
    return [_mended(one, kind) for one in value if one or not _is_object(kind)]


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _text(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


CLOCKS_MAY_DIFFER = timedelta(minutes=5)  # a signature is good for 15, and a pull reaches back 10
_LONGEST = 200
_TAG = re.compile(r"<[^>]*>")
_OF_THE_KEY = re.compile(
    r"client|credential|secret|api.?key|consumer|signature|password|invalid.?(access.?)?(token|key)", re.IGNORECASE
)
_OF_EVERY_REFUSAL = frozenset({"", "unauthorized", "unauthorised", "forbidden", "access denied", "error"})


class _OneError(msgspec.Struct):
    """As RFC 9457 has it, and as GraphQL and JSON:API have it in a list."""

    detail: Discard[str] = None
    message: Discard[str] = None
    title: Discard[str] = None


class _ErrorBody(_OneError):
    """The same, with the words of OAuth 2.0 (RFC 6749, 5.2)."""

    error_description: Discard[str] = None
    error: Discard[str] = None
    errors: Discard[list[_OneError]] = None


def date_of(response: Response) -> datetime | None:
    """The time of their answer in UTC, by its Date header; None where that says nothing usable."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def refuse_wrong_clock(side: str, response: Response, clock: Clock, timeout_s: float) -> None:
    """Raises ClockOff when their answer was made at another time than it is here."""
    theirs = date_of(response)
    off = timedelta(0) if theirs is None else abs(theirs - clock.now())
    if off > max(CLOCKS_MAY_DIFFER, clock.in_real(timeout_s)):
        raise ClockOff(side, int(off.total_seconds()))


def not_allowed(side: str, response: Response, of_the_key: str = "") -> AccountProblem:
    """What a 401 or 403 means. `of_the_key`: how to say that the key is refused, instead of in their words."""
    if response.body.lstrip()[:1] == b"<":
        return AccessRejected(side, f"status {response.status}, from a firewall or a security plugin in front of it")
    said = reasons(response)
    words = next(iter(said), "")
    if not words or any(_OF_THE_KEY.search(one) for one in said):
        return AuthRejected(side, of_the_key or words or f"status {response.status}")
    return AccessRejected(side, words)


def reasons(response: Response) -> list[str]:
    """What the answer says of it, the fullest first; nothing that it would say of any refusal."""
    try:
        body = decoded_leniently(response.body, _ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    said = [body.detail, body.error_description, body.message, body.title, body.error]
    said += [words for one in body.errors or () for words in (one.detail, one.message, one.title)]
    return [words for one in said if (words := _plain(one or "")).casefold() not in _OF_EVERY_REFUSAL]


def _plain(words: str) -> str:
    return " ".join(_TAG.sub("", words).split())[:_LONGEST].rstrip(". ")
