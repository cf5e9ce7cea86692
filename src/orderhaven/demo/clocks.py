"""One clock for several processes: its three numbers as one line of text."""

import time
from datetime import datetime

from orderhaven.ports.clock import ScaledClock

ENVIRONMENT = "ORDERHAVEN_CLOCK"


def start_clock(origin: datetime, factor: float) -> ScaledClock:
    return ScaledClock(origin, factor, time.time())


def clock_text(clock: ScaledClock) -> str:
    """origin,factor,started"""
    return f"{clock.origin.isoformat()},{clock.factor},{clock.started}"


def clock_from(text: str) -> ScaledClock:
    origin, factor, started = text.split(",")
    return ScaledClock(datetime.fromisoformat(origin), float(factor), float(started))
