"""The kinds of values that a request may hold, each as strict as its description says."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import BeforeValidator, ConfigDict, StringConstraints, ValidationInfo, WithJsonSchema, model_validator

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no NUL in a text
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LEAP_SECOND = re.compile(r":60(?=[.Z+-])")
_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
Text = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
LongText = Annotated[str, StringConstraints(max_length=20_000, pattern=_NO_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NO_NUL)]
Channel = Annotated[str, StringConstraints(max_length=100, pattern=_NO_NUL)]
Settings = Annotated[
    dict[Name, LongText],
    Field(max_length=100),
    # a pattern of keys would only say what holds for those that are like it
    WithJsonSchema({
        "type": "object",
        "maxProperties": 100,
        "propertyNames": {"minLength": 1, "maxLength": 100, "pattern": _NO_NUL},
        "additionalProperties": {"type": "string", "maxLength": 20_000, "pattern": _NO_NUL},
    }),
]  # fmt: skip
Country = Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{2})?$", max_length=2)]


class QueryIn(Schema):
    """The parameters behind the question mark: an unknown one is a slip, which would list what nobody asked for."""

    @model_validator(mode="before")
    @classmethod
    def _require_known(cls, given: Any, info: ValidationInfo) -> Any:
        request = info.context["request"] if info.context else None
        unknown = sorted(set(request.GET) - set(cls.model_fields)) if request is not None else []
        if unknown:
            raise ValueError(f"There is no parameter {unknown[0][:50]!r}. There are: {', '.join(cls.model_fields)}.")
        return given


class BodyIn(Schema):
    """A body: nothing in it is left unread."""

    model_config = ConfigDict(extra="forbid")


def _moment(given: object) -> object:
    """As RFC 3339 writes it, leap seconds included; a moment beyond the calendar is its end."""
    if not isinstance(given, str) or not _RFC_3339.fullmatch(given):
        raise ValueError("A moment is written as 2026-01-31T14:00:00Z, with its zone.")
    at = datetime.fromisoformat(_LEAP_SECOND.sub(":59", given.upper()))
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


_AS_MOMENT = WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")
Moment = Annotated[datetime, BeforeValidator(_moment), _AS_MOMENT]
# a parameter that may be left out, and cannot be said to be null
MomentOrNone = Annotated[Moment | None, _AS_MOMENT]


def word_of(words: type[StrEnum]) -> WithJsonSchema:
    """The same for a word of a list."""
    return WithJsonSchema({"type": "string", "enum": [*words]}, mode="validation")


def _flag(given: object) -> object:
    if given not in ("true", "false"):
        raise ValueError("This is either true or false.")
    return given == "true"


def _number(given: object) -> object:
    if not isinstance(given, str) or not _NUMBER.fullmatch(given):
        raise ValueError("This is a whole number.")
    return int(given)


def _whole(given: object) -> object:
    """As JSON has it: 5.0 is 5, and true is no number."""
    is_whole = isinstance(given, int) or (isinstance(given, float) and given.is_integer())
    if isinstance(given, bool) or not is_whole:
        raise ValueError("This is a whole number.")
    return int(given)  # type: ignore[call-overload]


Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[int, Field(ge=1, le=200, description="How many on a page."), BeforeValidator(_number)]
EverySeconds = Annotated[int, Field(ge=1, le=86_400), BeforeValidator(_whole)]
WaitSeconds = Annotated[int, Field(ge=0, le=14 * 86_400), BeforeValidator(_whole)]
Number = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_whole)]
TransitDays = Annotated[int, Field(ge=0, le=30), BeforeValidator(_whole)]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 is Monday."), BeforeValidator(_whole)]
CutOff = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


def amount(value: Decimal) -> str:
    """With two decimals, and more only where it has them."""
    shown = value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value.normalize()
    return f"{shown:f}"


class MoneyOut(Schema):
    """Exact: as text, so that no program turns it into a binary fraction."""

    amount: str = Field(description="A decimal number, as in `12.99`.")
    currency: str = Field(description='As in `EUR`; `""` while the order was only seen in a list.')

    @classmethod
    def of(cls, value: Decimal, currency: str) -> "MoneyOut":
        return cls(amount=amount(value), currency=currency)


def columns_of(shape: type[Schema], row: object, **others: Any) -> dict[str, Any]:
    """What a shape is made of: what the row calls the same, and the others."""
    return {**{name: getattr(row, name) for name in shape.model_fields if name not in others}, **others}


class DoneOut(Schema):
    """What came of it."""

    sentence: str = Field(description="For people, in the language of `Accept-Language`.")


# where a page begins: a letter for the kind of list, and the place in it
def cursor(letter: str, place: int | None) -> str:
    return f"{letter}{place:x}" if place is not None else ""


def place_of(after: str) -> int | None:
    return int(after[1:], 16) if after else None
