"""JSON that is not quite of our shape: what decides nothing gives way, what decides something never does.

Numbers sent as text, text sent as a number, a list that PHP wrote as an object: the same thing is meant, and it is read so.
A field that is said `Aside` is left out where it cannot be read. All this is tried only once an answer did not fit as it
stands, so that one that fits costs nothing more.
"""

from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

T = TypeVar("T")


class _Mark:
    """What an annotation says of a field, for this module alone."""


_DECIDES_NOTHING, _DECIDES = _Mark(), _Mark()
Aside = Annotated[T | None, _DECIDES_NOTHING]
"""A field on which nothing hangs. It needs a default: that is what it says when it cannot be read. Of a list the entries that
can be read are kept."""
Word = Annotated[str, _DECIDES]
"""A text that decides something (a status, a currency): a number in its place is no word."""


def mended(body: bytes | memoryview | msgspec.Raw, shape: type[T]) -> T:
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
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        if name not in found:
            continue
        found[name] = _mended(found[name], field.type)
        if _is_aside(field.type) and not _fits(found[name], field.type):
            readable = _readable(found[name], field.type)
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
