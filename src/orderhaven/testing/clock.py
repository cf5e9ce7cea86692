"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday morning


class ManualClock:
    """A `ports.connector.Clock` for tests: no time passes by itself, and who sleeps on it moves it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    def advance(self, duration: timedelta) -> None:
        if duration < timedelta(0):
            raise ValueError("A clock does not go back.")
        self._now += duration

    async def sleep(self, duration: timedelta) -> None:
        self.advance(max(duration, timedelta(0)))
        await asyncio.sleep(0)
