"""By when an order must leave, where its marketplace states only when it must arrive."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

MONDAY, SUNDAY = 1, 7  # ISO
WORKING_DAYS = (1, 2, 3, 4, 5)
CUT_OFF = time(17)
_DAY = timedelta(days=1)
_LONGEST_CLOSED = 366  # days that are looked at, one after the other, for one on which parcels leave


class Dispatch(Struct, frozen=True):
    """When a merchant's parcels leave, and how long they travel."""

    zone: ZoneInfo
    transit_days: int = 1
    working_days: frozenset[int] = frozenset(WORKING_DAYS)  # ISO weekdays
    cut_off: time = CUT_OFF  # what leaves that day is ready by then
    free_days: frozenset[date] = frozenset()

    def leaves_on(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.free_days

    def cut_off_on(self, day: date) -> datetime:
        return datetime.combine(day, self.cut_off, self.zone).astimezone(UTC)


def estimated_ship_by(deliver_by: datetime, placed_at: datetime, dispatch: Dispatch) -> datetime:
    """The last cut-off from which a parcel still arrives in time.

    Transit days are days of the calendar: who sends on Friday with one day arrives on Saturday. An order that was placed too
    late for that has to leave at the first cut-off after it was placed.
    """
    day = deliver_by.astimezone(dispatch.zone).date() - dispatch.transit_days * _DAY
    at = dispatch.cut_off_on(_working_day(day, -_DAY, dispatch))
    if at > placed_at:
        return at
    day = placed_at.astimezone(dispatch.zone).date()
    if dispatch.cut_off_on(day) <= placed_at:
        day += _DAY
    return dispatch.cut_off_on(_working_day(day, _DAY, dispatch))


def free_days_of(words: Collection[str]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, words))


def _working_day(day: date, step: timedelta, dispatch: Dispatch) -> date:
    """This one or the next one in that direction."""
    found = day
    for _ in range(_LONGEST_CLOSED):
        if dispatch.leaves_on(found):
            return found
        found += step
    return day  # closed for a year: then the day itself
