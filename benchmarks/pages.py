"""pages_ratio: pages of the web interface in a store of 300,000 orders against one of 1,000; the slowest against its like.

Both stores hold the same last month; what is searched for stands in both, frequently or in the oldest orders alone, and nobody
was erased.
"""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode

from django.test import Client

from orderhaven.store.listing.filters import Sort, Tab

from . import stores
from .bought import (
    OLD_ARTICLE,
    OLD_CARRIER,
    OLD_MARKETPLACE,
    OLD_NAME,
    OLD_POSTCODE,
    TOP_ARTICLE,
    TOP_CARRIER,
    TOP_NAME,
    TOP_POSTCODE,
    age_of,
)
from .years import MARKETPLACES, SHOPS, code_of, ean_of, ref_of, shop_number_of, sku_of, write_years

TARGET = 3.0
T = TypeVar("T")
_PAGES_ON = 4  # a page that is reached by so many clicks on "next"


@dataclass
class MerchantContext:
    """A browser of somebody who works for the merchant, in a thread of its own: threads have a store each."""

    orders: int
    now: datetime
    client: Client = field(default_factory=lambda: Client(SERVER_NAME="localhost"))
    took_s: dict[str, list[float]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        stores.use_fresh(f"pages-{self.orders}")
        began = perf_counter()
        self._run(self._open)
        print(f"a store of {self.orders} orders, made in {perf_counter() - began:.1f} s", flush=True)
        self.pages = addresses(self.orders, self.now)
        for name, address in list(self.pages.items()):
            if name in ("all orders", "tab shipped"):
                self.pages[f"{name}, page {_PAGES_ON + 1}"] = self._further(address)

    def look_at(self, name: str) -> None:
        took, page = self._run(partial(self._get, self.pages[name]))
        self.took_s.setdefault(name, []).append(took)
        self.rows[name] = page.count('name="order"')

    def close(self) -> None:
        self._thread.shutdown()

    def _open(self) -> None:
        accounts = write_years(self.orders, self.now)
        self.client.force_login(accounts.person, backend="django.contrib.auth.backends.ModelBackend")

    def _further(self, address: str) -> str:
        for _ in range(_PAGES_ON):
            _took, page = self._run(partial(self._get, address))
            found = re.search(r'href="([^"]*)" rel="next"', page)
            if found is None:
                return address
            address = LISTS + found[1].replace("&amp;", "&")
        return address

    def _get(self, address: str) -> tuple[float, str]:
        began = perf_counter()
        response = self.client.get(address)
        took = perf_counter() - began
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")
        return took, response.content.decode()

    def _run(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result()


async def measure(quick: bool) -> float:
    few, many, rounds = (400, 1_000, 2) if quick else (1_000, 300_000, 9)
    now = datetime.now(UTC)
    small, large = MerchantContext(few, now), MerchantContext(many, now)
    for number in range(rounds + 1):
        for name in small.pages:
            for merchant_context in (small, large)[:: 1 if number % 2 else -1]:
                merchant_context.look_at(name)
        if number == 0:  # to warm up
            small.took_s.clear()
            large.took_s.clear()
    ratios = [_compared(name, small, large) for name in small.pages]
    small.close()
    large.close()
    return max(ratios)


def _compared(name: str, small: MerchantContext, large: MerchantContext) -> float:
    few, many = min(small.took_s[name]), min(large.took_s[name])  # what else the machine does slows the others
    rows = str(small.rows[name]) if small.rows[name] == large.rows[name] else f"{small.rows[name]}, {large.rows[name]}"
    print(f"{name:34} {1000 * few:7.1f} ms, {1000 * many:7.1f} ms: {many / few:5.2f}  ({rows} rows)")
    return many / few


# below: which pages

LISTS = "/benchmark/orders"


def addresses(orders: int, now: datetime) -> dict[str, str]:
    """By what they show; as `write_years` fills the store."""
    listed: dict[str, dict[str, str]] = {
        "all orders": {},
        **{f"tab {tab}": {"tab": str(tab)} for tab in Tab if tab is not Tab.ALL},
        **_narrowed(age_of(orders - 350, orders), now),
        **{f"search {name}": {"q": word} for name, word in _searched(orders).items()},
    }
    return {
        **{name: f"{LISTS}?{urlencode(asked)}" for name, asked in listed.items()},
        "an order of today": f"{LISTS}/{MARKETPLACES[0]}/{ref_of(orders - orders % 5 - 3)}",
        "the oldest order": f"{LISTS}/{MARKETPLACES[0]}/{ref_of(1)}",
        "overview, 24 hours": "/benchmark/overview",
        "overview, 14 days": "/benchmark/overview?period=days",
        **{name: f"/benchmark/{name}" for name in ("connections", "links", "users", "audit", "api-clients")},
    }


def _narrowed(age_of_old: timedelta, now: datetime) -> dict[str, dict[str, str]]:
    this_week = f"{now - timedelta(days=6):%Y-%m-%d}"
    long_ago = f"{now - age_of_old:%Y-%m-%d}"
    return {
        "most frequent marketplace": {"marketplace": MARKETPLACES[0]},
        "marketplace of old": {"marketplace": MARKETPLACES[OLD_MARKETPLACE]},
        "most frequent shop": {"shop": SHOPS[0]},
        "shop of old": {"shop": SHOPS[1]},
        "shipped by us": {"fulfilment": "merchant"},
        "shipped by the marketplace": {"fulfilment": "marketplace"},
        "most frequent carrier": {"carrier": TOP_CARRIER},
        "carrier of old": {"carrier": OLD_CARRIER},
        "carrier of nobody": {"carrier": "chronopost"},
        "dates: this week": {"since": this_week},
        "dates: the oldest": {"until": long_ago},
        "problems of a kind": {"problem": "unknown_product"},
        "oldest first": {"sort": Sort.OLDEST},
        "to be sent first": {"sort": Sort.SHIP_BY},
        "cancelled, of a carrier": {"tab": Tab.CANCELLED, "carrier": TOP_CARRIER},
        "cancelled, of a name": {"tab": Tab.CANCELLED, "q": OLD_NAME},
        "this week, of a carrier": {"since": this_week, "carrier": TOP_CARRIER},
        "this week, of a marketplace of old": {
            "since": this_week,
            "marketplace": MARKETPLACES[OLD_MARKETPLACE],
        },
        "waiting, placed before yesterday": {"tab": Tab.WAITING, "until": f"{now - timedelta(days=2):%Y-%m-%d}"},
        "of a shop, with a problem": {"shop": SHOPS[0], "problem": "unknown_product"},
        "the oldest, of two letters": {"q": OLD_NAME[:2], "until": long_ago},
    }


def _searched(orders: int) -> dict[str, str]:
    return {
        "order number": ref_of(orders - 20),
        "shop number": shop_number_of(orders - 20),
        "code": code_of(7),
        "most frequent SKU": sku_of(TOP_ARTICLE),
        "SKU of old": sku_of(OLD_ARTICLE),
        "EAN": ean_of(TOP_ARTICLE),
        "most frequent last name": TOP_NAME,
        "last name of old": OLD_NAME,
        "two letters": "de",
        "postcode": TOP_POSTCODE,
        "postcode of old": OLD_POSTCODE,
        "what is nowhere": "zzzzqq",
    }
