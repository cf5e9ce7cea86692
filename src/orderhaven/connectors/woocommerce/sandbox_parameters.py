"""What a query's parameters may be, as strictly and as loosely as WordPress checks them."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, Unplayed
from orderhaven.connectors.woocommerce.sandbox_not_simulated import NO_OTHER_ORDER
from orderhaven.connectors.woocommerce.sandbox_query import Query, words
from orderhaven.connectors.woocommerce.sandbox_schema import Check, integer, is_integer, one_of
from orderhaven.connectors.woocommerce.sandbox_schema import is_true as flag

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)([Tt ])(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d(?::\d\d)?)?",
)


Parameters: TypeAlias = Mapping[str, Check]


def integer_from(least: int, most: int | None = None) -> Check:
    def check(value: Any, at: str) -> str:
        number = whole_number(value) if isinstance(value, str) else None
        if number is None:
            return f"{at} is not of type integer."
        if most is not None and not least <= number <= most:
            return f"{at} must be between {least} (inclusive) and {most} (inclusive)"
        return "" if number >= least else f"{at} must be greater than or equal to {least}"

    return check


def ordering(allowed: tuple[str, ...], others: tuple[str, ...]) -> Check:
    """A column to sort by. WooCommerce has others, which are not played."""

    def check(value: Any, at: str) -> str:
        if value in others:
            raise Unplayed(f"{at}={value}: {NO_OTHER_ORDER}")
        return one_of((*allowed, *others))(value, at)

    return check


def not_simulated_parameter(reason: str) -> Check:
    def check(value: Any, at: str) -> str:
        raise Unplayed(f"{at}: {reason}")

    return check


def each_of(allowed: Callable[[], Collection[str]]) -> Check:
    """A list, as one text or by name[]."""

    def check(value: Any, at: str) -> str:
        is_known = one_of(allowed())
        wrong = (is_known(word, f"{at}[{place}]") for place, word in enumerate(listed(value)))
        return next(filter(None, wrong), "")

    return check


def date(value: Any, at: str) -> str:
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


PAGES: Parameters = {"page": integer_from(1), "per_page": integer_from(1, 100), "offset": integer}


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
