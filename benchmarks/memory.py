"""peak_mb: the most memory that the hub's process ever held while 20,000 orders went round."""

import resource

import psutil

from . import stores
from .story import Spent, orders_go_round
from .trade import Sides, Trade, told

TARGET = 200.0


async def measure(quick: bool) -> float:
    waves, orders = (4, 50) if quick else (40, 500)
    stores.use_fresh("memory")
    sides = Sides()
    trade = Trade(sides)
    await trade.connect()
    spent = Spent()
    print(f"before the first order {_held_mb():6.1f} MB")
    for quarter in range(1, 5):
        for step in orders_go_round(sides, waves // 4, orders):
            await spent.on(sides, step, trade.settle)
            sides.calls()
        done = quarter * (waves // 4) * orders
        print(f"after {done:6} orders    {_held_mb():6.1f} MB, {done / spent.wall_s:.0f} orders/s so far", flush=True)
    if await told(trade) != waves * orders:
        raise RuntimeError("not every order went round")
    await trade.close()
    sides.stop()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _held_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1024 / 1024
