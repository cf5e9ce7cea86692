"""How one row of a list is bent out of shape, for connectors that speak JSON: a transport that bends what it brings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from orderhaven.connectors.kit.http import Request, Response, Transport
from orderhaven.ports.sandbox import EVERY_ROW, Malformation, SandboxList


@dataclass(frozen=True, slots=True)
class JsonRows:
    """Where the rows of a list stand in an answer, and what of a row decides something."""

    asks: Callable[[Request], bool]  # whether a request asks for this list
    key: str  # the field by which a row is known
    decides: str  # the way to a field without which nothing can be done, as "items.0.quantity"
    word: str  # the way to a field that holds one of a few words, or an amount
    within: str = ""  # the field that holds the list; "" where the answer is the list
    detail: Callable[[Request, str], bool] = lambda request, ref: False  # whether it asks for this one by itself
    word_alone: str = ""  # the way to the word in an answer about one; "" where it is the same


@dataclass
class MalformedRows:
    """Stands between a connector and its sandbox. `malform` is what a `Subject` wants."""

    inner: Transport
    lists: Mapping[SandboxList, JsonRows]
    malformed: list[tuple[SandboxList, str, Malformation, bool]] = field(default_factory=list)

    def malform(self, listing: SandboxList, ref: str, how: Malformation, detail: bool) -> None:
        self.malformed.append((listing, ref, how, detail))

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        response = await self.inner(request, timeout_s)
        if response.status != 200:
            return response
        for listing, ref, how, detail in self.malformed:
            rows = self.lists[listing]
            if rows.asks(request):
                response = _changed(response, partial(_in_list, rows=rows, ref=ref, how=how))
            elif detail and rows.detail(request, ref):
                response = _changed(response, partial(_malformed, rows=rows, how=how, word=rows.word_alone))
        return response

    async def close(self) -> None:
        return None


def _changed(response: Response, change: Callable[[Any], Any]) -> Response:
    return replace(response, body=msgspec.json.encode(change(msgspec.json.decode(response.body))))


def _in_list(whole: Any, rows: JsonRows, ref: str, how: Malformation) -> Any:
    found = whole.get(rows.within, []) if rows.within else whole
    changed = [_malformed(row, rows, how) if ref in (EVERY_ROW, str(row.get(rows.key))) else row for row in found]
    return {**whole, rows.within: changed} if rows.within else changed


def _malformed(row: dict[str, Any], rows: JsonRows, how: Malformation, word: str = "") -> Any:
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
            return _with(row, word or rows.word, "SOMETHING_NEW")


def _with(value: Any, way: str, put: Any, *, drop: bool = False) -> Any:
    """The same with something else at the end of the way, or with nothing there."""
    name, _, rest = way.partition(".")
    if isinstance(value, list):
        return [_with(one, rest, put, drop=drop) if str(index) == name else one for index, one in enumerate(value)]
    if rest:
        return {**value, name: _with(value[name], rest, put, drop=drop)}
    left = {key: one for key, one in value.items() if key != name}
    return left if drop else {**left, name: put}
