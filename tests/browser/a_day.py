"""`python -m tests.browser.a_day CLOCK ORDERS`: both sides of a trade again, in which a whole day is bought and sent.

More is bought in the morning than at night, as in a real trade; the demo's people do the rest.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from typing import Any

import msgspec

from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import SandboxServer
from orderhaven.demo.people import People
from orderhaven.demo.plan import Plan, plan_day
from orderhaven.demo.sandboxes import Addresses, until_told_to_end
from orderhaven.ports.connector import ScaledClock
from tests.browser.outside import MARKETPLACE, SHOP

HOURS = 24
FIRST_HOUR = 18  # of the day before, where the trade is
_SEED = 2343  # whose last orders of the day are of many kinds
_ACTS_EVERY_S = 0.03
_LABEL_KEY = "orderhaven_label"
# how much is bought in each hour of the day, from midnight
_SHARES = (1, 1, 0.5, 0.5, 0.5, 1, 2, 5, 9, 12, 13, 13, 12, 11, 9, 7, 4, 3, 2, 3, 4, 5, 3, 2)


def busy(plans: Sequence[Plan]) -> list[Plan]:
    """The same orders at the hours in which people buy."""
    hours = [_SHARES[(FIRST_HOUR + number) % HOURS] for number in range(HOURS)]
    ends = list(accumulate(hours))
    return [replace(plan, at=_moved(plan.at / timedelta(hours=HOURS) * ends[-1], hours, ends)) for plan in plans]


def _moved(bought: float, hours: Sequence[float], ends: Sequence[float]) -> timedelta:
    """When so much of the day's trade is done."""
    number = next(number for number, end in enumerate(ends) if bought < end)
    return timedelta(hours=number + 1 - (ends[number] - bought) / hours[number])


class Day:
    def __init__(self, clock: str, orders: int) -> None:
        specs_by_name = specs()
        self.marketplace: Any = make_sandbox(specs_by_name[MARKETPLACE], ScaledClock.of(clock))
        self.shop: Any = make_sandbox(specs_by_name[SHOP], ScaledClock.of(clock))
        plans = busy(plan_day(orders, _SEED, HOURS))
        self.people = People(self.marketplace, self.shop, ScaledClock.of(clock), plans, MARKETPLACE, _LABEL_KEY)

    async def play(self) -> None:
        self.people.open_shop()
        while True:
            self.people.act()
            await asyncio.sleep(_ACTS_EVERY_S)

    async def handle(self, request: Request) -> Response:
        """Any call at the control endpoint lets the day begin."""
        self.people.begin()
        return Response(204)


async def serve(clock: str, orders: int) -> None:
    day = Day(clock, orders)
    served = [SandboxServer(one) for one in (day, day.marketplace, day.shop)]
    control, there, here = [await one.start() for one in served]
    playing = asyncio.create_task(day.play())
    addresses = Addresses(control, day.marketplace.settings(there), day.shop.settings(here))
    print(msgspec.json.encode(addresses).decode(), flush=True)  # noqa: T201 - who started this reads it
    await until_told_to_end(playing)
    playing.cancel()
    for one in served:
        await one.stop()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
