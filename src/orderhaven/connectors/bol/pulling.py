"""One pull: which lists to ask for, and how to read them so that no order slips between two pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from orderhaven.connectors.bol.mapping import AMSTERDAM, last_change, summary_from
from orderhaven.connectors.bol.shapes import ListedOrder
from orderhaven.connectors.kit.moving_list import Fetch as PageOf
from orderhaven.connectors.kit.moving_list import ListOfChanges, MovingList
from orderhaven.connectors.kit.rows import MalformedRow, Rows
from orderhaven.ports.connector import Clock
from orderhaven.ports.marketplace import OrderSummary, SummaryPage

PAGE_SIZE = 50
_LONGEST_INTERVAL = 60  # minutes that change-interval-minute takes
_HISTORY = timedelta(days=88)  # bol lists changes of three months; the shortest three months have 89 days


@dataclass(frozen=True, slots=True)
class Window:
    """One list to read: everything open, what changed in the last minutes, or what changed on a day."""

    minutes: int | None = None
    day: date | None = None

    def query(self, page: int) -> dict[str, str]:
        # both filters are always said: left out, bol means FBR and OPEN, and other lists would look empty
        query = {"page": str(page), "fulfilment-method": "ALL", "status": "ALL"}
        if self.minutes is not None:
            return {**query, "change-interval-minute": str(self.minutes)}
        if self.day is not None:
            return {**query, "latest-change-date": self.day.isoformat()}
        return {**query, "status": "OPEN"}


OPEN = Window()


def windows_since(since: datetime | None, now: datetime, overlap: timedelta) -> tuple[Window, ...]:
    """The lists that show every change from `overlap` before `since` until now, oldest first."""
    if since is None:
        return (OPEN,)
    start = since - overlap
    minutes = -((start - now) // timedelta(minutes=1)) + 1  # rounded up, and one for the call
    if minutes <= _LONGEST_INTERVAL:
        return (Window(minutes=max(minutes, 1)),)
    if now - start > _HISTORY:
        return (OPEN, *_days(now - _HISTORY, now))
    return _days(start, now)


def covers(windows: Sequence[Window], since: datetime | None, now: datetime) -> bool:
    """Whether these windows, asked for at `now` by their clock, reach back to `since` and up to `now`."""
    last = windows[-1]
    if since is None:
        return True
    if last.minutes is not None:
        return now - timedelta(minutes=last.minutes) <= since
    return last.day is not None and last.day >= now.astimezone(AMSTERDAM).date()


def _days(start: datetime, now: datetime) -> tuple[Window, ...]:
    # bol does not say whose days it means: from the earlier date (UTC) to the later one (Amsterdam)
    first, last = start.astimezone(UTC).date(), now.astimezone(AMSTERDAM).date()
    return tuple(Window(day=first + timedelta(days=step)) for step in range((last - first).days + 1))


Fetch = Callable[[Mapping[str, str]], Awaitable[tuple[Rows[ListedOrder], datetime]]]


@dataclass(frozen=True, slots=True)
class FinishedPull:
    """A pull that came to its end, so that whoever asked for it has taken in all of it."""

    cursor: str = ""
    rows: Mapping[str, ListedOrder] = field(default_factory=dict)  # order id -> as it was given


_CHANGES = ListOfChanges(PAGE_SIZE, key=lambda row: row.order_id, changed_at=last_change, item=summary_from)


class OrderPull:
    """`fetch` gives one page of the list and their time of answering. A row as `before` gave it is no news."""

    def __init__(
        self,
        fetch: Fetch,
        clock: Clock,
        since: datetime | None,
        overlap: timedelta,
        before: Mapping[str, ListedOrder],
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._since = since
        self._overlap = overlap
        self._list = MovingList(_CHANGES, clock, before)

    @property
    def given(self) -> Mapping[str, ListedOrder]:
        return self._list.given

    async def pages(self) -> AsyncIterator[SummaryPage]:
        """All that changed, however the list moves. The first one ever is read twice: no overlap of a later pull reaches back to
        what it lists."""
        windows = windows_since(self._since, self._clock.now(), self._overlap)
        first: Rows[ListedOrder] | None
        first, began = await self._fetch(windows[0].query(1))
        if not covers(windows, self._since, began):
            windows = windows_since(self._since, began, self._overlap)
            first = None
        cursor, empty = began.isoformat(), True
        lists = [self._pages_of(window) for window in windows]
        async for summaries, malformed in self._list.read(lists, began, first, twice=self._since is None):
            empty = False
            yield _page(summaries, malformed, cursor)
        if empty:
            yield SummaryPage((), cursor)

    def _pages_of(self, window: Window) -> PageOf[ListedOrder]:
        async def page(number: int) -> Rows[ListedOrder]:
            return (await self._fetch(window.query(number)))[0]

        return page


def _page(summaries: Sequence[OrderSummary], malformed: Sequence[MalformedRow], cursor: str) -> SummaryPage:
    named = {one.ref: one.cause for one in malformed if one.ref}
    return SummaryPage(tuple(summaries), cursor, named, tuple(one.cause for one in malformed if not one.ref))
