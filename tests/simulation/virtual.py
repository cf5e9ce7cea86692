"""Time that jumps: an event loop that never waits, and a clock that follows it."""

import asyncio
import selectors
from datetime import datetime, timedelta


class VirtualLoop(asyncio.SelectorEventLoop):
    """Where nothing is to be done, the next moment at which something is comes at once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(_NeverWaits(self))

    def time(self) -> float:
        return self.seconds


class _NeverWaits(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("Everybody waits, and nothing is due any more.")
        self._loop.seconds += timeout
        return super().select(0)


class LoopClock:
    """A `ports.connector.Clock` on a loop's time, which begins at `start`; `skew` is how far it is off."""

    def __init__(self, loop: VirtualLoop, start: datetime, skew: timedelta = timedelta(0)) -> None:
        self._loop = loop
        self._start = start
        self.skew = skew

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.seconds) + self.skew

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds(), 0))
