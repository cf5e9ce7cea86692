"""Time as everything outside `core/` gets it: injected, so that a day can be played in a minute."""

import asyncio
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""

    def in_real(self, seconds: float) -> timedelta:
        """How far this clock moves in so many real seconds (network time-outs are real on every clock)."""

    async def sleep(self, duration: timedelta) -> None: ...


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds(), 0))


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that runs `factor` times as fast, from `origin` at the real moment `started` (Unix seconds).

    The three numbers can be handed to other processes, so that hub and sandboxes share one time.
    """

    origin: datetime
    factor: float
    started: float = field(default_factory=time.time)

    @classmethod
    def of(cls, text: str) -> Self:
        """origin,factor,started: as it says itself."""
        origin, factor, started = text.split(",")
        return cls(datetime.fromisoformat(origin), float(factor), float(started))

    def __str__(self) -> str:
        return f"{self.origin.isoformat()},{self.factor},{self.started}"

    def now(self) -> datetime:
        return self.origin + timedelta(seconds=(time.time() - self.started) * self.factor)

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds * self.factor)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds() / self.factor, 0))


def is_recent(moment: datetime | None, now: datetime, within: timedelta) -> bool:
    """Whether it was less than `within` ago. A moment that lies ahead is not: the clock that said so was wrong."""
    return moment is not None and timedelta(0) <= now - moment < within


def is_time(at: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether something that is done `every` so often is due. Also when it is further ahead than it can be: then the clock was."""
    return at is None or not now < at <= now + every


def clock_of_the_environment() -> Clock:
    """The real one; or, for demo and tests, a faster one that ORDERHAVEN_CLOCK describes as "origin,factor,started"."""
    given = os.environ.get("ORDERHAVEN_CLOCK", "")
    if not given:
        return RealClock()
    return ScaledClock.of(given)
