"""Where a page of orders ends: opaque to whoever gets it, and given back for the next page."""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from orderhaven.core.language import _

# an order's key, behind the moment that a list goes by where it goes by one
Position: TypeAlias = tuple[int] | tuple[datetime, int]
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(Exception):
    """This is not an `after` that a page gave."""


def cursor_of(position: Position) -> str:
    if len(position) == 1:
        return f"o{position[0]:x}"
    at, key = position
    return f"o{key:x}t{max((at - _EPOCH) // _MICROSECOND, 0):x}"


def position_of(after: str, *, by_moment: bool) -> Position | None:
    """None: a list begins. Raises BadCursor."""
    if not after:
        return None
    if not by_moment:
        found = re.fullmatch(r"o([0-9a-f]{1,15})", after)
        if found:
            return (int(found[1], 16),)
    else:
        found = re.fullmatch(r"o([0-9a-f]{1,15})t([0-9a-f]{1,16})", after)
        if found and int(found[2], 16) <= (LATEST - _EPOCH) // _MICROSECOND:
            return (_EPOCH + int(found[2], 16) * _MICROSECOND, int(found[1], 16))
    raise BadCursor(
        _("'{after}' is not the end of a page. Take it from the page before, or leave it out.", after=after[:60])
    )
