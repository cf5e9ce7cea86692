"""Opening the store for one command, and whose hand it is.

Commands import `actions` inside their functions, after this: Django wants its settings first, and `--help` must make
no data folder.
"""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from typing import TYPE_CHECKING

from orderhaven.ports.clock import Clock, RealClock, ScaledClock

if TYPE_CHECKING:
    from orderhaven.actions.hand import Hand


def hand() -> Hand:
    """The hand of whoever is logged in to this machine, on an opened store."""
    from orderhaven.store.setup import open_store

    open_store()
    from orderhaven.actions.hand import Hand
    from orderhaven.store.merchants import only_merchant

    return Hand(actor=_who(), merchant_id=only_merchant(), clock=clock())


def clock() -> Clock:
    """The real one; or, for demo and tests, a faster one that ORDERHAVEN_CLOCK describes as "origin,factor,started"."""
    given = os.environ.get("ORDERHAVEN_CLOCK", "")
    if not given:
        return RealClock()
    origin, factor, started = given.split(",")
    return ScaledClock(datetime.fromisoformat(origin), float(factor), float(started))


def _who() -> str:
    try:
        return getpass.getuser()[:100]
    except (KeyError, OSError):
        return "command line"
