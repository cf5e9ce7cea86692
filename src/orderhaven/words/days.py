"""The days of the week."""

from orderhaven.core.language import _

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday_name(day: int) -> str:
    """Of an ISO weekday."""
    return _(WEEKDAYS[day - 1])
