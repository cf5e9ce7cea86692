"""idle_ratio: what an hour costs in which nothing happens, against the bare calls that it must make."""

from statistics import median

from orderhaven.connectors.kit.transport import AioTransport

from . import stores
from .bare import BareLoop, Recorder
from .story import Spent, orders_go_round
from .trade import Sides, Trade

TARGET = 3.0
_POLLS = 11  # of 330 seconds each: a little more than the interval with its jitter


async def measure(quick: bool) -> float:
    open_orders, hours = (60, 2) if quick else (400, 9)
    stores.use_fresh("idle")
    sides = Sides()
    recorder = Recorder(AioTransport())
    trade, bare = Trade(sides, recorder), BareLoop(sides)
    await trade.connect()
    next(orders_go_round(sides, 1, open_orders))
    await trade.settle()
    sides.pass_time(minutes=40)  # until no hearing reaches back to these orders
    await trade.settle()
    recorder.taken()
    sides.calls()
    ratios, spent = [], (Spent(), Spent())
    for _ in range(hours):
        ratios.append(await _hour(sides, trade, recorder, bare, spent))
    _report(sides, spent, hours, open_orders)
    await trade.close()
    await bare.close()
    sides.stop()
    return median(ratios)


async def _hour(sides: Sides, trade: Trade, recorder: Recorder, bare: BareLoop, spent: tuple[Spent, Spent]) -> float:
    """First each poll by the hub, then what it called, all of it once more without a hub."""
    before = [one.cpu_s for one in spent]
    polls = []
    for _ in range(_POLLS):
        sides.pass_time(seconds=330)
        await spent[0].on(sides, "hub", trade.settle)
        polls.append(recorder.taken())
    for made in polls:
        await spent[1].on(sides, "bare", lambda made=made: bare.make(made))  # type: ignore[misc]
    hub, alone = (one.cpu_s - was for one, was in zip(spent, before, strict=True))
    return hub / alone


def _report(sides: Sides, spent: tuple[Spent, Spent], hours: int, open_orders: int) -> None:
    calls = sides.calls()
    print(f"calls in an idle hour with {open_orders} open orders, hub and bare loop alike")
    for name, count in sorted(calls.items()):
        print(f"  {name:50} {count / 2 / hours:7.1f}")
    for name, one in zip(("hub", "bare"), spent, strict=True):
        print(f"{name:5} {1000 * one.cpu_s / hours / _POLLS:6.2f} ms CPU a poll of both sides")
