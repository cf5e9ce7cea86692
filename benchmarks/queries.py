"""query_ratio: what finds the orders of a page, in a store of 300,000 orders against one of 1,000; the slowest against its like.

The processor's time alone, without the page around it: the lists are those of `pages`, and the counts on their tabs.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import thread_time
from urllib.parse import urlsplit

from django.db import DEFAULT_DB_ALIAS, connections
from django.http import QueryDict

from orderhaven.store.listing.pages import count_tabs, find_page
from orderhaven.web.orders import filter_of

from . import stores
from .pages import LISTS, addresses
from .years import write_years

TARGET = 5.0
TARGET_MS = 60.0  # of each query, with many orders
_A_PAGE = 50


class Store:
    """One store, and the least time that each query took there."""

    def __init__(self, orders: int, now: datetime) -> None:
        stores.use_fresh(f"queries-{orders}")
        began = thread_time()
        merchant = write_years(orders, now).merchant
        print(f"a store of {orders} orders, made in {thread_time() - began:.1f} s", flush=True)
        self._connection = connections[DEFAULT_DB_ALIAS]
        self.queries = _queries(merchant, orders, now)
        self.took_s: dict[str, float] = {}

    def run(self, name: str) -> None:
        connections[DEFAULT_DB_ALIAS] = self._connection
        began = thread_time()
        self.queries[name]()
        took = thread_time() - began
        self.took_s[name] = min(took, self.took_s.get(name, took))


async def measure(quick: bool) -> float:
    return await asyncio.to_thread(_measure, quick)


def _measure(quick: bool) -> float:
    few, many, rounds = (400, 1_000, 2) if quick else (1_000, 300_000, 9)
    now = datetime.now(UTC)
    small, large = Store(few, now), Store(many, now)
    for _ in range(rounds + 1):
        for name in small.queries:
            small.run(name)
            large.run(name)
    ratios = [_compared(name, small.took_s[name], large.took_s[name]) for name in small.queries]
    slowest = 1000 * max(large.took_s.values())
    print(f"the slowest takes {slowest:.1f} ms; {TARGET_MS:.0f} or less is the aim")
    return max(ratios)


def _compared(name: str, few: float, many: float) -> float:
    print(f"{name:36} {1000 * few:7.2f} ms, {1000 * many:7.2f} ms: {many / few:5.2f}")
    return many / few


def _queries(merchant: int, orders: int, now: datetime) -> Mapping[str, Callable[[], object]]:
    asked = {name: urlsplit(address) for name, address in addresses(orders, now).items()}
    filters = {
        name: filter_of(QueryDict(one.query), by_person=True) for name, one in asked.items() if one.path == LISTS
    }
    return {
        **{name: partial(find_page, merchant, wanted, "", _A_PAGE, now) for name, wanted in filters.items()},
        "counts on the tabs": partial(count_tabs, merchant, now),
    }
