"""One pull: which lists to ask for, and how to read them so that no order slips between two pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from orderhaven.connectors.bol.mapping import AMSTERDAM, last_change, summary_from
from orderhaven.connectors.bol.shapes import ListedOrder
from orderhaven.connectors.kit.session import MalformedRow, Rows
from orderhaven.core.errors import RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.ports.connector import Clock
from orderhaven.ports.marketplace import OrderSummary, SummaryPage

PAGE_SIZE = 50
_LONGEST_INTERVAL = 60  # minutes that change-interval-minute takes
_HISTORY = timedelta(days=88)  # bol lists changes of three months; the shortest three months have 89 days
_READINGS = 5
_PATIENCE = timedelta(minutes=3)  # what one pull waits in all for its turn, once its first page has come


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


@dataclass
class OrderPull:
    """`fetch` gives one page of the list and their time of answering. A row as `before` gave it is no news."""

    fetch: Fetch
    clock: Clock
    since: datetime | None
    overlap: timedelta
    before: Mapping[str, ListedOrder]
    given: dict[str, ListedOrder] = field(default_factory=dict)
    _known: set[tuple[str, datetime]] = field(default_factory=set)
    _patience: timedelta = _PATIENCE
    _malformed: set[MalformedRow] = field(default_factory=set)  # given already
    _first: Rows[ListedOrder] | None = None  # the first page, fetched to know their time
    _is_long: bool = False  # more came than one page surely holds
    _missed: bool = False  # this pass brought an order that the ones before should have had

    async def pages(self) -> AsyncIterator[SummaryPage]:
        """Read until a whole pass brings nothing that had been there before the pull began.

        A list that moves while its pages are read can hide a row; so a long list is read again. So is the first
        one ever, because no overlap of a later pull reaches back to what it lists.
        """
        windows = windows_since(self.since, self.clock.now(), self.overlap)
        self._first, began = await self.fetch(windows[0].query(1))
        if not covers(windows, self.since, began):
            windows = windows_since(self.since, began, self.overlap)
            self._first = None
        cursor, empty = began.isoformat(), True
        for snapshot in range(_READINGS):
            self._missed = False
            async for summaries, malformed in self._read(windows):
                self._missed = self._missed or bool(malformed) or any(one.changed_at < began for one in summaries)
                empty = False
                yield _page(summaries, malformed, cursor)
            if not (self._missed if snapshot else self._is_long or self.since is None):
                break
        else:
            raise SafeToRetry("the list of orders did not keep still while it was read")
        if empty:
            yield SummaryPage((), cursor)

    async def _read(
        self, windows: Sequence[Window]
    ) -> AsyncIterator[tuple[Sequence[OrderSummary], Sequence[MalformedRow]]]:
        """What is news on each page. A list ends at an empty page: a short one may be followed by more."""
        for window in windows:
            number = 1
            while rows := await self._page(window, number):
                self._is_long = self._is_long or number > 1 or len(rows) >= PAGE_SIZE
                summaries, malformed = self._news(rows)
                if summaries or malformed:
                    yield summaries, malformed
                number += 1

    async def _page(self, window: Window, number: int) -> Rows[ListedOrder]:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        while True:
            try:
                return (await self.fetch(window.query(number)))[0]
            except RateLimited as error:
                await self._wait_for_turn(error)

    async def _wait_for_turn(self, error: RateLimited) -> None:
        """A list with more pages than bol allows calls would begin again for ever if it were not read on."""
        if error.after is None or error.after > self._patience:
            raise error
        wait = max(error.after, timedelta(seconds=1))
        self._patience -= wait
        await self.clock.sleep(wait)

    def _news(self, rows: Rows[ListedOrder]) -> tuple[Sequence[OrderSummary], Sequence[MalformedRow]]:
        """Those that whoever listens does not have yet, as they stand now; and those that nobody understands."""
        news, strange = [], list(rows.malformed)
        for row in rows.good:
            if row == (self.given.get(row.order_id) or self.before.get(row.order_id)):
                self.given[row.order_id] = row
                continue
            key = (row.order_id, last_change(row))
            if key not in self._known:
                self._known.add(key)
                try:
                    news.append(summary_from(row))
                    self.given[row.order_id] = row
                except UnexpectedResponse as surprise:
                    strange.append(MalformedRow(row.order_id, surprise.cause))
        malformed = [one for one in dict.fromkeys(strange) if one not in self._malformed]
        self._malformed.update(malformed)
        return news, malformed


def _page(summaries: Sequence[OrderSummary], malformed: Sequence[MalformedRow], cursor: str) -> SummaryPage:
    named = {one.ref: one.cause for one in malformed if one.ref}
    return SummaryPage(tuple(summaries), cursor, named, tuple(one.cause for one in malformed if not one.ref))
