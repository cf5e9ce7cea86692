"""How much a token may ask: a bucket that holds a burst, and fills again all the time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock

PER_MINUTE = 600
BURST = 100
# of a clock: past that it was ahead, and what it wrote would stop a token for hours
_LONGEST_STEP_BACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """What stands in the headers of an answer."""

    burst: int
    requests: int  # that can still be made at once
    full_in_s: int
    wait_s: int  # before the next request is answered; 0: this one is


class RateLimiter:
    """Kept in memory, for one process: a restart fills every bucket."""

    def __init__(self, per_minute: int = PER_MINUTE, burst: int = BURST) -> None:
        self._per_s = per_minute / 60
        self._burst = burst
        self._buckets: dict[int, tuple[float, datetime]] = {}  # token -> what is in it, and when that was so
        self._lock = Lock()

    def take(self, token_id: int, now: datetime) -> RateLimitState:
        """One request of this token."""
        with self._lock:
            level, since = self._buckets.get(token_id, (float(self._burst), now))
            passed_s = max((now - since).total_seconds(), 0.0)
            level = min(level + passed_s * self._per_s, self._burst)
            is_answered = level >= 1
            level -= is_answered
            was_ahead = since > now + _LONGEST_STEP_BACK
            self._buckets[token_id] = (level, now if was_ahead else max(now, since))
        full_in_s = ceil((self._burst - level) / self._per_s)
        return RateLimitState(self._burst, int(level), full_in_s, 0 if is_answered else ceil((1 - level) / self._per_s))
