"""Days of the week and durations, as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

from orderhaven.core.translation import _

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday_name(day: int) -> str:
    """Of an ISO weekday."""
    return _(WEEKDAYS[day - 1])


_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?\s*", re.IGNORECASE)
_UNITS = {
    timedelta(seconds=1): ("s", "sec", "secs", "second", "seconds", "seconde", "seconden"),
    timedelta(minutes=1): ("m", "min", "mins", "minute", "minutes", "minuut", "minuten"),
    timedelta(hours=1): ("h", "hr", "hrs", "hour", "hours", "u", "uur", "uren"),
    timedelta(days=1): ("d", "day", "days", "dag", "dagen"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


def exact(seconds: float) -> str:
    """'4 min', '1 h 30 min', '1 min 35 s': nothing is rounded away but parts of a second."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [_("{hours} h", hours=hours)] if hours else []
    parts += [_("{minutes} min", minutes=minutes)] if minutes else []
    parts += [_("{seconds} s", seconds=left)] if left or not parts else []
    return " ".join(parts)


def read(text: str, alone: timedelta | None = None) -> timedelta:
    """'90s', '5m', '3 h', '1 h 30 min', '2d'; a number alone is so many of `alone`. Raises ValueError."""
    whole, at = timedelta(), 0
    text = text.strip()
    while at < len(text):
        part = _PART.match(text, at)
        unit = (_UNIT_OF.get(part[2].lower()) if part[2] else alone if part[0] == text else None) if part else None
        if part is None or unit is None:
            raise ValueError(text)
        try:
            whole += unit * float(part[1].replace(",", "."))
        except OverflowError:
            raise ValueError(text) from None
        at = part.end()
    if not text:
        raise ValueError(text)
    return whole
