"""The sandbox's order list: which rows stand on a page, by the indexes, and how a list can go wrong."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, islice, takewhile

from orderhaven.connectors.bol.sandbox_responses import row_of
from orderhaven.connectors.bol.sandbox_rules import OrdersQuery
from orderhaven.connectors.bol.sandbox_trade import Sale, SandboxItem, SandboxTrade, dutch_day

PAGE_SIZE = 50
_FBB = {"FBR": False, "FBB": True}


class Listing:
    """What can go wrong with it, set from outside:

    `repeat_rows`: each page begins with the last row of the one before; `missing_once`: refs that are left out of
    the next page they would stand on; `lost_pages`: page numbers that are answered empty once; `after_page`: called
    when a page was made, so that a test can let something happen between two pages.
    """

    def __init__(self, trade: SandboxTrade) -> None:
        self.repeat_rows = False
        self.missing_once: set[str] = set()
        self.lost_pages: set[int] = set()
        self.after_page: Callable[[int], None] | None = None
        self.has_late_ones = False  # some orders become visible later than they were placed
        self._trade = trade

    def page(self, query: OrdersQuery, now: datetime) -> bytes:
        rows = [] if query.page in self.lost_pages else self._rows(query, now)
        self.lost_pages.discard(query.page)
        body = b'{"orders":[' + b",".join(rows) + b"]}"
        if self.after_page is not None:
            self.after_page(query.page)
        return body

    def _rows(self, query: OrdersQuery, now: datetime) -> list[bytes]:
        first = (query.page - 1) * (PAGE_SIZE - self.repeat_rows)
        sales = list(islice(self._sales(query, now), first, first + PAGE_SIZE))
        if self.missing_once:
            missing = self.missing_once & {sale.ref for sale in sales}
            self.missing_once -= missing
            sales = [sale for sale in sales if sale.ref not in missing]
        return [row_of(sale, [item for item in sale.items if _fits(item, query)]) for sale in sales]

    def _sales(self, query: OrdersQuery, now: datetime) -> Iterator[Sale]:
        """Those with a row. Where the index alone decides, no order is looked at before its page is reached."""
        found = self._indexed(query, now)
        if self.has_late_ones:
            found = (sale for sale in found if sale.visible_at <= now)
        if query.method != "ALL":
            found = (sale for sale in found if any(_fits(item, query) for item in sale.items))
        if query.status == "SHIPPED":
            found = (sale for sale in found if any(item.shipped for item in sale.items))
        if query.status == "OPEN" and (query.since or query.day):
            found = (sale for sale in found if sale.handled_at is None)
        return iter(found)

    def _indexed(self, query: OrdersQuery, now: datetime) -> Iterable[Sale]:
        trade = self._trade
        if query.day is not None:
            return trade.by_day.get(query.day, {}).values()
        if query.since is not None:
            return _changed_since(trade, query.since)
        trade.forget_handled(now)
        return trade.open.values() if query.status == "OPEN" else chain(trade.open.values(), trade.handled.values())


def _changed_since(trade: SandboxTrade, since: datetime) -> Iterator[Sale]:
    """Most recently changed first."""
    return takewhile(lambda sale: sale.changed_at >= since, reversed(trade.changed.values()))


def _fits(item: SandboxItem, query: OrdersQuery) -> bool:
    if query.method != "ALL" and item.is_fbb is not _FBB[query.method]:
        return False
    if query.since is not None:
        return item.changed_at >= query.since
    return query.day is None or dutch_day(item.changed_at) == query.day
