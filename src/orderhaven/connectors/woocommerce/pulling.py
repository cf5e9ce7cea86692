"""Changed orders pulled from WooCommerce, and those that need no second read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import msgspec

from orderhaven.connectors.kit.decoding import Discard, date_of
from orderhaven.connectors.kit.rows import MalformedRow, RowsOf
from orderhaven.connectors.kit.session import decode
from orderhaven.connectors.woocommerce.calls import PER_PAGE, Calls
from orderhaven.connectors.woocommerce.mapping import ORDER_FIELDS, TheirOrder, utc
from orderhaven.connectors.woocommerce.responses import SIDE, raise_read_refused
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.shop_order import ShopOrderSnapshot
from orderhaven.ports.connector import Clock

_MOST_KEPT = 5000  # snapshots of about 1 kB; the oldest goes first
_ORDERS = RowsOf(TheirOrder, "id")


def decoded(answer: msgspec.Raw) -> TheirOrder:
    """Raises UnexpectedResponse for an order of another shape."""
    row = _ORDERS.one(answer)
    if isinstance(row, MalformedRow):
        raise UnexpectedResponse(row.cause)
    return row


class SnapshotCache:
    """What an answer, to the letter, was read as. Only for orders whose own answer says all there is."""

    def __init__(self) -> None:
        self._kept: dict[bytes, ShopOrderSnapshot] = {}

    def of(self, mark: bytes) -> ShopOrderSnapshot | None:
        return self._kept.get(mark)

    def keep(self, mark: bytes, snapshot: ShopOrderSnapshot) -> None:
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[mark] = snapshot


def mark_of(answer: msgspec.Raw) -> bytes:
    """The same for the same answer, and for no other."""
    return blake2b(answer, digest_size=16).digest()


_SECOND = timedelta(seconds=1)
_THEN = " then from "  # in a cursor: the shop's clock when the pull began, and how far it came
_MOST_NAMED = 400  # ids in one address; a server takes about 8,000 characters


def start_of(since: str, overlap: timedelta) -> tuple[datetime, str]:
    """From a cursor to the moment to ask from; of a pull that was broken off, also the cursor that it began with."""
    cursor, _, position = since.partition(_THEN)
    try:
        if position:
            return datetime.fromisoformat(position), cursor
        return datetime.fromisoformat(cursor).astimezone(UTC) - overlap - _SECOND, ""
    except ValueError:
        raise UnexpectedResponse("a cursor that this connector did not give") from None


class ListedShopOrder(msgspec.Struct):
    """What is needed of any order, understood or not, to ask for the ones after it."""

    id: int
    date_modified_gmt: Discard[str] = None

    def changed_at(self, before: datetime) -> datetime:
        """Orders come by their change date, so one whose date cannot be read changed no earlier than the one before it."""
        try:
            return utc(self.date_modified_gmt, "date_modified_gmt") or before
        except UnexpectedResponse:
            return before


_MARKS = RowsOf(ListedShopOrder, "id")


class ShopOrderPull:
    def __init__(self, calls: Calls, clock: Clock, cursor: str = "") -> None:
        self._calls = calls
        self._clock = clock
        self.cursor = cursor  # set by the first answer of all: the shop's clock then
        self.unidentified: list[
            str
        ] = []  # what is strange about rows of the last page that do not say which order they are
        self.position = ""  # from where the page after the last one given is asked for; "": there is none

    async def now(self) -> str:
        """A cursor at the shop's present."""
        await self._ask({"per_page": "1", "_fields": "id,status,currency,total"})
        return self.cursor

    async def pages(self, after: datetime) -> AsyncIterator[list[tuple[int, msgspec.Raw]]]:
        """The orders of a page by their ids, as they were answered."""
        seen: dict[int, datetime] = {}  # orders given so far that a question from `after` would give again
        while True:
            answers = await self._ask(_query(after, seen))
            known, changes, last = self._marked(answers, after)
            start = max(after, last - _SECOND) if len(answers) >= PER_PAGE else None
            self.position = f"{self.cursor}{_THEN}{start.isoformat()}" if start is not None and start > after else ""
            yield known
            if start is None:
                return
            if all(order_id in seen for order_id in changes):
                raise UnexpectedResponse("the shop gives the same page again: it ignores exclude and offset")
            seen |= changes
            after = start
            seen = {order_id: changed for order_id, changed in seen.items() if changed > after}

    def _marked(
        self, answers: list[msgspec.Raw], after: datetime
    ) -> tuple[list[tuple[int, msgspec.Raw]], dict[int, datetime], datetime]:
        """The answers by their ids, when each order changed, and the last change of all."""
        known, changes, last = [], {}, after
        self.unidentified = []
        for answer in answers:
            row = _MARKS.one(answer)
            if isinstance(row, MalformedRow):
                self.unidentified.append(row.cause)
                continue
            last = changes[row.id] = row.changed_at(last)
            known.append((row.id, answer))
        return known, changes, last

    async def _ask(self, query: dict[str, str]) -> list[msgspec.Raw]:
        response = await self._calls.ask("/orders", query)
        if response.status != 200:
            raise_read_refused(response)
        if not self.cursor:
            at = date_of(response) or self._clock.now().astimezone(UTC)
            self.cursor = at.replace(microsecond=0).isoformat()
        return decode(response, list[msgspec.Raw], SIDE)


def _query(after: datetime, seen: dict[int, datetime]) -> dict[str, str]:
    query = {
        # whole seconds, UTC without saying so: with fractions WooCommerce forgets the zone
        "modified_after": f"{after:%Y-%m-%dT%H:%M:%S}",
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "status": "any",
        "per_page": str(PER_PAGE),
        "_fields": ORDER_FIELDS,
    }
    if len(seen) > _MOST_NAMED:
        return {**query, "offset": str(len(seen))}
    return {**query, "exclude": ",".join(map(str, seen))} if seen else query
