"""The recipe for lists that move while they are read: what changes meanwhile goes to another place in them, and hides a row.

    first, began = await ...                # one call before all others: its time is the cursor of the next pull
    moving = MovingList(CHANGES, clock, before)
    async for news, malformed in moving.read([fetch], began, first):
        yield ...

A whole list is read again until a reading brings nothing that had been there before the first call.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from orderhaven.connectors.kit.rows import MalformedRow, Rows
from orderhaven.core.errors import RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.ports.connector import Clock

Row = TypeVar("Row", bound=msgspec.Struct)
Item = TypeVar("Item")

Fetch = Callable[[int], Awaitable[Rows[Row]]]
"""A page of one list, by its number from 1. A list ends at its first empty page: a short one may be followed by more."""

_READINGS = 5
_PATIENCE = timedelta(minutes=3)  # what one pull waits in all for its turn, once its first page has come


@dataclass(frozen=True)  # with slots it could not be called with its parameters
class ListOfChanges(Generic[Row, Item]):
    """What a connector says of such a list."""

    page_size: int  # a list with fewer rows than this cannot have hidden one
    key: Callable[[Row], str]  # what a row is about
    changed_at: Callable[[Row], datetime]
    item: Callable[[Row], Item]  # what is made of it. Raises UnexpectedResponse


@dataclass
class MovingList(Generic[Row, Item]):
    """A row as `before` gave it is no news; `given` is what to hand to the next pull as `before` once this one came to its end."""

    kind: ListOfChanges[Row, Item]
    clock: Clock
    before: Mapping[str, Row] = field(default_factory=dict)
    given: dict[str, Row] = field(default_factory=dict)
    _known: set[tuple[str, datetime]] = field(default_factory=set)
    _malformed: set[MalformedRow] = field(default_factory=set)  # given already
    _patience: timedelta = _PATIENCE
    _first: Rows[Row] | None = None  # the first page of the first list, fetched to know their time
    _has_begun: bool = False  # a first page has come
    _is_long: bool = False  # more came than one page surely holds
    _missed: bool = False  # this reading brought what the ones before should have had

    async def read(
        self, lists: Sequence[Fetch[Row]], began: datetime, first: Rows[Row] | None = None, *, twice: bool = False
    ) -> AsyncIterator[tuple[Sequence[Item], Sequence[MalformedRow]]]:
        """Page by page, what is news, and what nobody understands. `began` is when the first call was answered, by their clock.

        A short list is read once; `twice`: that too again, because no overlap of a later pull reaches back to what it lists.
        Raises SafeToRetry when the list never keeps still, and what `lists` raise.
        """
        self._first = first
        self._has_begun = first is not None
        for nth in range(_READINGS):
            self._missed = False
            async for news, malformed in self._read_once(lists, began):
                yield news, malformed
            if not (self._missed if nth else self._is_long or twice):
                return
        raise SafeToRetry("the list of orders did not keep still while it was read")

    async def _read_once(
        self, lists: Sequence[Fetch[Row]], began: datetime
    ) -> AsyncIterator[tuple[Sequence[Item], Sequence[MalformedRow]]]:
        for fetch in lists:
            number = 1
            while rows := await self._page(fetch, number):
                self._is_long = self._is_long or number > 1 or len(rows) >= self.kind.page_size
                news, malformed = self._news(rows, began)
                if news or malformed:
                    yield news, malformed
                number += 1

    async def _page(self, fetch: Fetch[Row], number: int) -> Rows[Row]:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        while True:
            try:
                rows = await fetch(number)
            except RateLimited as error:
                await self._wait_for_turn(error)
            else:
                self._has_begun = True
                return rows

    async def _wait_for_turn(self, error: RateLimited) -> None:
        """A list with more pages than they allow calls would begin again for ever if it were not read on."""
        if not self._has_begun or error.after is None or error.after > self._patience:
            raise error
        wait = max(error.after, timedelta(seconds=1))
        self._patience -= wait
        await self.clock.sleep(wait)

    def _news(self, rows: Rows[Row], began: datetime) -> tuple[Sequence[Item], Sequence[MalformedRow]]:
        """Those that whoever listens does not have yet, as they stand now; and those that nobody understands."""
        news, strange = [], list(rows.malformed)
        for row in rows.good:
            key = self.kind.key(row)
            if row == (self.given.get(key) or self.before.get(key)):
                self.given[key] = row
                continue
            change = (key, self.kind.changed_at(row))
            if change not in self._known:
                self._known.add(change)
                try:
                    news.append(self.kind.item(row))
                    self.given[key] = row
                    self._missed = self._missed or change[1] < began
                except UnexpectedResponse as surprise:
                    strange.append(MalformedRow(key, surprise.cause))
        malformed = [one for one in dict.fromkeys(strange) if one not in self._malformed]
        self._malformed.update(malformed)
        self._missed = self._missed or bool(malformed)
        return news, malformed
