"""Lists decoded row by row, so that one malformed row holds up no other."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from orderhaven.connectors.kit.decoding import decoded_leniently, in_words, kind_of
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.session import exactly
from orderhaven.core.errors import UnexpectedResponse

Row = TypeVar("Row", bound=msgspec.Struct)

_REF = re.compile(r"(?=.*[0-9])[A-Za-z0-9._:-]{1,100}")  # it is written into logs: no words, and no address


class MalformedRow(msgspec.Struct, frozen=True):
    """A row that cannot be read. `cause` says where and why, by the names of fields and never by what stands in them."""

    ref: str  # "": not even by what it is known can be read
    cause: str


@dataclass(frozen=True)  # with slots it could not be called with its parameters, as Rows[Some]([])
class Rows(Generic[Row]):
    good: list[Row]
    malformed: list[MalformedRow] = field(default_factory=list)

    def __len__(self) -> int:
        """How many rows the other side gave."""
        return len(self.good) + len(self.malformed)


class RowsOf(Generic[Row]):
    """`key` is the field by which a row is known; `within` the way to the list, as "data.orders.items"; "" where the answer is
    the list.

    An answer without it has no rows.
    """

    def __init__(self, row: type[Row], key: str, within: str = "") -> None:
        self._row = row
        self._key = key
        self._one = msgspec.json.Decoder(row)
        self._names = frozenset(field.encode_name for field in msgspec.structs.fields(row))
        self._within = tuple(filter(None, within.split(".")))
        self._all, self._raw = _whole(row, self._within), _whole(msgspec.Raw, self._within)

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
        for name in self._within:
            whole = getattr(whole, name)
            if whole is None:
                return []
        found: list[Any] = whole
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


def _whole(row: Any, within: Sequence[str]) -> Any:
    if not within:
        return list[row]
    name, *below = within
    if below:
        return msgspec.defstruct("Whole", [(name, _whole(row, below) | None, None)])
    return msgspec.defstruct("Whole", [(name, list[row], msgspec.field(default_factory=list))])
