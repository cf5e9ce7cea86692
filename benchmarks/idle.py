"""idle_ratio: what an hour costs in which nothing happens, against the bare calls that it must make."""

from collections.abc import Sequence
from functools import partial
from statistics import median

from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK

from . import stores
from .minimal import MinimalLoop, Recorder
from .story import Spent, orders_go_round
from .trade import Sides, Trade

TARGET = 3.0
_POLLS = 11  # of 330 seconds each: a little more than the interval with its jitter


async def measure(quick: bool) -> float:
    open_orders, hours = (60, 2) if quick else (400, 9)
    stores.use_fresh("idle")
    sides = Sides()
    recorder = Recorder(AiohttpTransport(reach=LOOPBACK))
    trade, bare = Trade(sides, recorder), MinimalLoop(sides)
    await trade.connect()
    next(orders_go_round(sides, 1, open_orders))
    await trade.settle()
    sides.pass_time(minutes=40)  # until no pull reaches back to these orders
    await trade.settle()
    recorder.taken()
    sides.calls()
    hub: list[float] = []
    alone: list[float] = []
    for _ in range(hours):
        busy, called = await _hour(sides, trade, recorder, bare)
        hub.append(busy)
        alone.append(called)
    _report(sides, hub, alone, open_orders)
    await trade.close()
    await bare.close()
    sides.stop()
    return median(hub) / median(alone)


async def _hour(sides: Sides, trade: Trade, recorder: Recorder, bare: MinimalLoop) -> tuple[float, float]:
    """CPU seconds of the hub's polls, and of what it called, all of it once more without a hub."""
    hub, alone = Spent(), Spent()
    polls = []
    for _ in range(_POLLS):
        sides.pass_time(seconds=330)
        await hub.on(sides, "hub", trade.settle)
        polls.append(recorder.taken())
    for made in polls:
        await alone.on(sides, "bare", partial(bare.make, made))
    return hub.cpu_s, alone.cpu_s


def _report(sides: Sides, hub: Sequence[float], alone: Sequence[float], open_orders: int) -> None:
    print(f"calls in an idle hour with {open_orders} open orders, hub and bare loop alike")
    for name, count in sorted(sides.calls().items()):
        print(f"  {name:50} {count / 2 / len(hub):7.1f}")
    for name, hours in (("hub", hub), ("bare", alone)):
        print(f"{name:5} {1000 * median(hours) / _POLLS:6.2f} ms CPU a poll of both sides")
