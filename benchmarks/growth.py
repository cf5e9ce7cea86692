"""growth_ratio: a run, and the first page of the order list, in a store of 300,000 orders against one of 1,000."""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from django.db import DEFAULT_DB_ALIAS, connections

from orderhaven.store.listing.rows import list_orders
from orderhaven.store.models import Merchant

from . import stores
from .history import copy_orders
from .story import orders_go_round
from .trade import Sides, Trade

TARGET = 1.5
_PAGES_A_ROUND = 10


class Merchantry:
    """One hub with a history of so many orders, and what its work took, round by round."""

    def __init__(self, trade: Trade) -> None:
        self.trade = trade
        self._store = connections[DEFAULT_DB_ALIAS]
        self.cycles_s: list[float] = []
        self.pages_s: list[float] = []

    @classmethod
    async def with_orders(cls, total: int, template: int) -> "Merchantry":
        stores.use_fresh(f"growth-{total}")
        trade = Trade(Sides())
        await trade.connect()
        for _ in orders_go_round(trade.sides, 1, template):
            await trade.settle()
        began = perf_counter()
        there = await trade.hub.run_in_store(copy_orders, total // template - 1)
        print(f"a store of {there} orders, made in {perf_counter() - began:.1f} s", flush=True)
        return cls(trade)

    async def round(self, news: int) -> None:
        """Some orders go round; then somebody looks at the list."""
        connections[DEFAULT_DB_ALIAS] = self._store
        took = 0.0
        for _ in orders_go_round(self.trade.sides, 1, news):
            began = perf_counter()
            await self.trade.settle()
            took += perf_counter() - began
        self.cycles_s.append(took)
        self.pages_s.append(await self.trade.hub.run_in_store(_time_of_a_page))

    async def close(self) -> None:
        await self.trade.close()
        self.trade.sides.stop()


async def measure(quick: bool) -> float:
    few, many, rounds = (100, 1_000, 3) if quick else (1_000, 300_000, 15)
    small, large = await Merchantry.with_orders(few, 50), await Merchantry.with_orders(many, 50)
    for merchant in (small, large):
        await merchant.round(20)
        merchant.cycles_s.clear()
        merchant.pages_s.clear()
    for number in range(rounds):
        for merchant in (small, large)[:: 1 if number % 2 else -1]:
            await merchant.round(20)
    sync_run = _compared("a round of cycles with 20 orders", small.cycles_s, large.cycles_s)
    page = _compared("page 1 of the order list", small.pages_s, large.pages_s)
    await small.close()
    await large.close()
    return max(sync_run, page)


def _compared(what: str, small: Sequence[float], large: Sequence[float]) -> float:
    print(f"{what}: {1000 * median(small):.2f} ms with few orders, {1000 * median(large):.2f} ms with many")
    return median(large) / median(small)


def _time_of_a_page() -> float:
    merchant = Merchant.objects.get()
    began = perf_counter()
    for _ in range(_PAGES_A_ROUND):
        assert list_orders(merchant.pk, now=datetime.now(UTC)).rows
    return (perf_counter() - began) / _PAGES_A_ROUND
