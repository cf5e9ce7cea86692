"""loop_ratio: orders that go the whole way round through the hub, against a bare loop that makes the same calls."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK

from . import stores
from .minimal import Made, MinimalLoop, Recorder
from .story import Spent, orders_go_round
from .trade import Sides, Trade, told

TARGET = 0.40


@dataclass(frozen=True)
class Size:
    waves: int
    orders: int  # in each wave
    rounds: int

    @property
    def total(self) -> int:
        return self.waves * self.orders


@dataclass
class Run:
    spent: Spent
    calls: Counter[str]


async def measure(quick: bool) -> float:
    size = Size(2, 30, 1) if quick else Size(5, 100, 7)
    recorded: list[list[Made]] = []
    await _through_the_hub(size, "warm", recorded)
    hub: list[Run] = []
    bare: list[Run] = []
    for number in range(size.rounds):
        hub.append(await _through_the_hub(size, f"round-{number}"))
        bare.append(await _by_minimal_calls(size, recorded))
    _compare_calls(hub, bare)
    return _report(size, hub, bare)


async def _through_the_hub(size: Size, store: str, recorded: list[list[Made]] | None = None) -> Run:
    """`recorded` takes the calls of each step: then it is a recording for the minimal loop."""
    stores.use_fresh(store)
    sides = Sides()
    recorder = Recorder(AiohttpTransport(reach=LOOPBACK)) if recorded is not None else None
    trade = Trade(sides, recorder)
    spent = Spent()
    await spent.on(sides, "connected", trade.connect)
    if recorder is not None and recorded is not None:
        recorded.append(recorder.taken())
    for step in orders_go_round(sides, size.waves, size.orders):
        await spent.on(sides, step, trade.settle)
        if recorder is not None and recorded is not None:
            recorded.append(recorder.taken())
    done, seen = await told(trade), sides.marketplace.confirmed()
    if (done, seen) != (size.total, size.total):
        raise RuntimeError(f"of {size.total} orders the hub calls {done} confirmed, the marketplace {seen}")
    run = Run(spent, sides.calls())
    await trade.close()
    sides.stop()
    return run


async def _by_minimal_calls(size: Size, recorded: Sequence[Sequence[Made]]) -> Run:
    sides = Sides()
    bare = MinimalLoop(sides)
    spent = Spent()
    steps = iter(recorded)
    await spent.on(sides, "connected", lambda: bare.make(next(steps)))
    for step in orders_go_round(sides, size.waves, size.orders):
        await spent.on(sides, step, lambda: bare.make(next(steps)))
    if sides.marketplace.confirmed() != size.total:
        raise RuntimeError("the bare loop did not do what the hub did")
    run = Run(spent, sides.calls())
    await bare.close()
    sides.stop()
    return run


def _compare_calls(hub: Sequence[Run], bare: Sequence[Run]) -> None:
    """Every run made the same calls; else there is nothing to compare."""
    expected = hub[0].calls
    print("calls, by the sandboxes' own count                       hub    bare")
    for name in sorted(expected | bare[0].calls):
        print(f"  {name:50} {expected[name]:7} {bare[0].calls[name]:7}")
    if any(run.calls != expected for run in (*hub, *bare)):
        raise RuntimeError("the hub and the bare loop did not make the same calls")


def _report(size: Size, hub: Sequence[Run], bare: Sequence[Run]) -> float:
    for name, runs in (("hub", hub), ("bare", bare)):
        wall = median(run.spent.wall_s for run in runs)
        cpu = median(run.spent.cpu_s for run in runs)
        beside = median(run.spent.sandboxes_s for run in runs)
        print(
            f"{name:5} {size.total / wall:7.1f} orders/s  {1000 * cpu / size.total:6.2f} ms CPU an order"
            f"  (sandboxes {1000 * beside / size.total:.2f} ms, {100 * beside / wall:.0f} % of the time)"
        )
        steps = {step: median(run.spent.steps[step] for run in runs) for step in runs[0].spent.steps}
        print("      " + "  ".join(f"{step} {1000 * cpu / size.total:.2f} ms" for step, cpu in steps.items()))
    by_time = median(b.spent.wall_s / h.spent.wall_s for h, b in zip(hub, bare, strict=True))
    by_cpu = median(b.spent.cpu_s / h.spent.cpu_s for h, b in zip(hub, bare, strict=True))
    print(f"hub over bare: {by_time:.3f} in orders/s, {by_cpu:.3f} in orders per CPU second")
    return min(by_time, by_cpu)
