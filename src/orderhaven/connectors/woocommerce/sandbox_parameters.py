"""What a query's parameters may be, as strictly and as loosely as WordPress checks them."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, Unplayed, invalid_params
from orderhaven.connectors.woocommerce.sandbox_not_simulated import NO_OTHER_ORDER
from orderhaven.connectors.woocommerce.sandbox_query import Query, words
from orderhaven.connectors.woocommerce.sandbox_schema import boolean, is_integer, string
from orderhaven.connectors.woocommerce.sandbox_schema import is_true as flag

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d(?::\d\d)?)?",
)


class Parameter(Protocol):
    def complaint(self, name: str, value: str | list[str]) -> str:
        """ "" when it is right."""


Parameters: TypeAlias = Mapping[str, Parameter]


def check(query: Query, parameters: Parameters) -> None:
    """Raises what WordPress answers, with every wrong one in it. Unknown parameters are not looked at."""
    wrong = {
        name: said
        for name, value in query.items()
        if name in parameters and (said := parameters[name].complaint(name, value))
    }
    if wrong:
        raise invalid_params(wrong)


@dataclass(frozen=True)
class Integer:
    least: int | None = None
    most: int | None = None

    def complaint(self, name: str, value: str | list[str]) -> str:
        number = whole_number(value) if isinstance(value, str) else None
        if number is None:
            return f"{name} is not of type integer."
        if self.least is not None and self.most is not None and not self.least <= number <= self.most:
            return f"{name} must be between {self.least} (inclusive) and {self.most} (inclusive)"
        if self.least is not None and number < self.least:
            return f"{name} must be greater than or equal to {self.least}"
        return ""


@dataclass(frozen=True)
class Boolean:
    def complaint(self, name: str, value: str | list[str]) -> str:
        return boolean(value, name)


@dataclass(frozen=True)
class TextParameter:
    def complaint(self, name: str, value: str | list[str]) -> str:
        return string(value, name)


@dataclass(frozen=True)
class OneOf:
    allowed: tuple[str, ...]

    def complaint(self, name: str, value: str | list[str]) -> str:
        return "" if value in self.allowed else f"{name} is not one of {_listed(self.allowed)}."


@dataclass(frozen=True)
class Ordering:
    """A column to sort by. WooCommerce has others, which are not played."""

    allowed: tuple[str, ...]
    others: tuple[str, ...]

    def complaint(self, name: str, value: str | list[str]) -> str:
        if value in self.others:
            raise Unplayed(f"{name}={value}: {NO_OTHER_ORDER}")
        return OneOf((*self.allowed, *self.others)).complaint(name, value)


@dataclass(frozen=True)
class NotSimulatedParameter:
    reason: str

    def complaint(self, name: str, value: str | list[str]) -> str:
        raise Unplayed(f"{name}: {self.reason}")


@dataclass(frozen=True)
class Words:
    """A list, as one text or by name[]."""

    allowed: Callable[[], Collection[str]]

    def complaint(self, name: str, value: str | list[str]) -> str:
        allowed = self.allowed()
        for at, word in enumerate(listed(value)):
            if word not in allowed:
                return f"{name}[{at}] is not one of {_listed(allowed)}."
        return ""


@dataclass(frozen=True)
class Date:
    def complaint(self, name: str, value: str | list[str]) -> str:
        return "" if isinstance(value, str) and _date(value) is not None else "Invalid date."


def whole_number(text: str) -> int | None:
    """rest_is_integer: also "2.0" and "1e2"."""
    return int(float(text)) if is_integer(text) else None


def listed(value: str | list[str]) -> list[str]:
    return words(value) if isinstance(value, str) else value


def ids(value: str | list[str]) -> list[int]:
    """wp_parse_id_list: a word counts as 0, a negative number without its sign, each once."""
    return list(dict.fromkeys(absint(word) for word in listed(value)))


def absint(text: str) -> int:
    found = re.match(r"\s*[+-]?(\d+)", text)
    return int(found[1]) if found else 0


def is_true(query: Query, name: str) -> bool:
    return flag(query.text(name))


def number(query: Query, name: str, otherwise: int) -> int:
    """One that was checked."""
    found = whole_number(query.text(name)) if name in query else None
    return otherwise if found is None else abs(found)


PAGES: Parameters = {"page": Integer(1), "per_page": Integer(1, 100), "offset": Integer()}


def page_of(query: Query) -> tuple[int, int]:
    """(first row, rows per page). An offset counts without its sign, and makes the page's number mean nothing."""
    rows = number(query, "per_page", 10)
    start = number(query, "offset", 0) if "offset" in query else (number(query, "page", 1) - 1) * rows
    return start, rows


@lru_cache(maxsize=1024)
def moment(text: str, zone: ZoneInfo, *, gmt: bool) -> int:
    """A date of a query in seconds, once it was checked, by all the detours that it takes in WooCommerce.

    With dates_are_gmt, WordPress reads it in the shop's time and compares that as if it were UTC. Without, WooCommerce
    reads it, and only in one way of writing does it keep the zone; else the zone is applied, and the result is then
    taken for the shop's time.
    """
    read = _date(text)
    if read is None:
        raise ApiError(400, "rest_invalid_param", "Invalid date.")
    naive, offset, is_plain = read
    if gmt:
        wall = naive if offset is None else (naive - offset).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        return int(wall.replace(tzinfo=UTC).timestamp())
    if offset is not None and is_plain:
        return int((naive - offset).replace(tzinfo=UTC).timestamp())
    return int((naive - (offset or timedelta(0))).replace(tzinfo=zone).timestamp())


def _date(text: str) -> tuple[datetime, timedelta | None, bool] | None:
    """(date and time, the zone's offset, whether written in the one way whose zone is kept).

    PHP takes a 31 February for 3 March, and midnight at the end of a day for the next day.
    """
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[at]) for at in (1, 2, 3, 5, 6, 7))
    if not (1 <= month <= 12 and day <= 31 and minute <= 59 and second <= 59):
        return None
    if hour > 24 or (hour == 24 and (minute or second)):
        return None
    first = datetime(year, month, 1)  # noqa: DTZ001 - its zone, if any, is applied later
    naive = first + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
    whole = found[9] == "Z" or (found[9] is not None and found[9][3:4] == ":")
    return naive, _offset(found[9]), found[4] == "T" and not found[8] and whole


def _offset(zone: str | None) -> timedelta | None:
    if zone is None:
        return None
    if zone == "Z":
        return timedelta(0)
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].lstrip(":") or 0))


def _listed(allowed: Collection[str]) -> str:
    *first, last = allowed
    return f"{', '.join(first)}, and {last}" if len(first) > 1 else " and ".join([*first, last])
