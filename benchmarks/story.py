"""What happens while orders go round, step by step: the same for the hub and for the bare loop that is its yardstick."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter, process_time

from .trade import Sides

Act = Callable[[], Awaitable[None]]


@dataclass
class Spent:
    """Seconds of the measured process, and of the sandboxes beside it."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    sandboxes_s: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)  # CPU by step

    async def on(self, sides: Sides, step: str, act: Act) -> None:
        beside, wall, cpu = sides.cpu_s(), perf_counter(), process_time()
        await act()
        used = process_time() - cpu
        self.wall_s += perf_counter() - wall
        self.cpu_s += used
        self.sandboxes_s += sides.cpu_s() - beside
        self.steps[step] = self.steps.get(step, 0.0) + used


def orders_go_round(sides: Sides, waves: int, orders: int) -> Iterator[str]:
    """In each wave so many orders are sold, sent and confirmed. Yields when it is the turn of who is measured."""
    for _ in range(waves):
        sides.marketplace.sells(orders)
        sides.pass_time(minutes=6)
        yield "sold"  # pulled, read, looked for, created
        sides.shop.completes()
        sides.pass_time(minutes=6)
        yield "completed"  # pulled, confirmed
        sides.pass_time(seconds=30)
        yield "taken in"  # the outcome is asked for
