"""How the sandbox of an API that speaks JSON bends one row of a list out of shape."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import msgspec
from msgspec import structs

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.ports.sandbox import EVERY_ROW, FIRST_ROW, Malformation, SandboxList


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Where the rows of a list stand in an answer, and what of a row decides something."""

    asks: Callable[[Request], bool]  # whether a request asks for this list
    key: str  # the field by which a row is known
    decides: str  # the way to a field without which nothing can be done, as "items.0.quantity"
    word: str  # the way to a field that holds one of a few words, or an amount
    within: str = ""  # the way to the list, as "data.orders.items"; "" where the answer is the list
    # whether it asks for this one by itself; a record of one thing is asked for so alone
    detail: Callable[[Request, str], bool] = lambda request, ref: False
    # the ways to both in an answer about one; "" where they are the same
    decides_alone: str = ""
    word_alone: str = ""

    def alone(self) -> Self:
        return replace(self, decides=self.decides_alone or self.decides, word=self.word_alone or self.word)


def asks(method: str, path: str, *names: str) -> Callable[[Request], bool]:
    """A request for this list, narrowed by one of these where any are named."""

    def is_meant(request: Request) -> bool:
        here = (request.method, request.path) == (method, path)
        return here and (not names or any(name in request.query for name in names))

    return is_meant


def asks_one(path: str) -> Callable[[Request, str], bool]:
    def is_meant(request: Request, ref: str) -> bool:
        parent, _, asked = request.path.rpartition("/")
        return (request.method, parent) == ("GET", path) and ref in (EVERY_ROW, asked)

    return is_meant


@dataclass
class _Malformed:
    listing: SandboxList
    key: str
    how: Malformation
    alone: bool
    met: Callable[[str], None]


@dataclass
class RowBender:
    """What a sandbox's `malform` and `straighten` do: `with_malformed_rows` is what becomes of each of its answers."""

    lists: Mapping[SandboxList, JsonRows]
    malformed: list[_Malformed] = field(default_factory=list)

    def malform(
        self,
        listing: SandboxList,
        key: str,
        how: Malformation,
        alone: bool = False,
        met: Callable[[str], None] = lambda key: None,
    ) -> None:
        self.malformed.append(_Malformed(listing, key, how, alone, met))

    def straighten(self) -> None:
        self.malformed.clear()

    def with_malformed_rows(self, request: Request, response: Response) -> Response:
        if not self.malformed or response.status != 200:
            return response
        for one in self.malformed:
            rows = self.lists.get(one.listing)
            if rows is None:
                continue
            if rows.asks(request):
                response = _changed(response, partial(_in_list, rows=rows, one=one))
            elif (one.alone or one.listing is SandboxList.RECORDS) and rows.detail(request, one.key):
                response = _changed(response, partial(_malformed, rows=rows.alone(), how=one.how))
        return response


def _changed(response: Response, change: Callable[[Any], Any]) -> Response:
    try:
        whole = msgspec.json.decode(response.body)
    except msgspec.DecodeError:  # another fault was there first
        return response
    return structs.replace(response, body=msgspec.json.encode(change(whole)))


def _in_list(whole: Any, rows: JsonRows, one: _Malformed) -> Any:
    found = _at(whole, rows.within)
    if one.key == FIRST_ROW and found:
        one.key = str(found[0].get(rows.key))
    changed = []
    for row in found:
        key = str(row.get(rows.key))
        is_meant = one.key in (EVERY_ROW, key)
        changed.append(_malformed(row, rows, one.how) if is_meant else row)
        if is_meant:
            one.met(key)
    if not found:
        return whole
    return _with(whole, rows.within, changed) if rows.within else changed


def _at(whole: Any, way: str) -> Sequence[Any]:
    """The list that stands there; nothing where an answer is without one."""
    for name in filter(None, way.split(".")):
        whole = (whole or {}).get(name)
    return whole or ()


def _malformed(row: dict[str, Any], rows: JsonRows, how: Malformation) -> Any:
    match how:
        case Malformation.UNIDENTIFIED:
            return _with(row, rows.key, None, drop=True)
        case Malformation.MISSING:
            return _with(row, rows.decides, None, drop=True)
        case Malformation.NULL:
            return _with(row, rows.decides, None)
        case Malformation.OTHER_TYPE:
            return _with(row, rows.decides, {"is": ["another", "thing"]})
        case Malformation.UNKNOWN_WORD:
            return _with(row, rows.word, "SOMETHING_NEW")


def _with(value: Any, way: str, put: Any, *, drop: bool = False) -> Any:
    """The same with something else at the end of the way, or with nothing there."""
    name, _, rest = way.partition(".")
    if isinstance(value, list):
        return [_with(one, rest, put, drop=drop) if str(index) == name else one for index, one in enumerate(value)]
    if rest:
        return {**value, name: _with(value[name], rest, put, drop=drop)}
    left = {key: one for key, one in value.items() if key != name}
    return left if drop else {**left, name: put}
