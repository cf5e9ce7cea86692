"""A hub between a marketplace and a shop, on a clock that the three share and that moves only when it is told to."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from orderhaven.connectors.kit.transport import AioTransport
from orderhaven.core.reach import LOOPBACK
from orderhaven.ports.connector import Declaration, Role
from orderhaven.store import connections, keys
from orderhaven.store.models import Connection, Link, Merchant, Order
from orderhaven.store.sql.hop import Hop
from orderhaven.sync import beats
from orderhaven.sync.hub import Hub
from orderhaven.testing.clock import ManualClock

from .sides import Side

MARKETPLACE, SHOP = "bol", "woocommerce"
_MOST_ROUNDS = 50


class Sides:
    """The two sandboxes and their people."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.marketplace, self.shop = Side(MARKETPLACE), Side(SHOP)

    def pass_time(self, **duration: float) -> None:
        passed = timedelta(**duration)
        self.clock.advance(passed)
        self.marketplace.passes(passed.total_seconds())
        self.shop.passes(passed.total_seconds())

    def calls(self) -> Counter[str]:
        return self.marketplace.calls() + self.shop.calls()

    def cpu_s(self) -> float:
        return self.marketplace.cpu_s() + self.shop.cpu_s()

    def stop(self) -> None:
        self.marketplace.stop()
        self.shop.stop()


class Trade:
    """`sides` with a hub between them, on the store that is in use when this is made. Make it inside the running loop."""

    def __init__(self, sides: Sides, transport: Any = None) -> None:
        self.sides = sides
        self.hub = Hub(sides.clock, Hop(), transport or AioTransport(reach=LOOPBACK), random.Random(7))

    async def connect(self) -> None:
        """Both connections and their link; then the first cycle of each."""
        await self.hub.hop(_connect, self.sides)
        await self.settle()

    async def settle(self) -> None:
        """Run whatever is due, until nothing is."""
        for _ in range(_MOST_ROUNDS):
            due = await self.hub.hop(connections.due, self.sides.clock.now())
            if not due:
                return
            for connection_id in due:
                await beats.run(self.hub, connection_id)
        raise RuntimeError("the hub finds no rest: something is due again and again")

    async def close(self) -> None:
        await self.hub.close()


async def told(trade: Trade) -> int:
    """How many orders the marketplace has confirmed, by the hub's own record; the sandbox must agree."""

    def count() -> int:
        return Order.objects.filter(marketplace_told="told", confirmed_at__isnull=False).count()

    return await trade.hub.hop(count)


def _connect(sides: Sides) -> None:
    now = sides.clock.now()
    merchant = Merchant.objects.create(name="Benchmark", slug="benchmark")
    there = _connection(merchant.pk, sides.marketplace, now)
    here = _connection(merchant.pk, sides.shop, now)
    Link.objects.create(merchant=merchant, marketplace_id=there, shop_id=here, from_at=now)


def _connection(merchant_id: int, side: Side, now: datetime) -> int:
    declaration: Declaration = side.declaration
    secret = {setting.key for setting in declaration.settings if setting.secret}
    given = {setting.key: setting.default for setting in declaration.settings if setting.default is not None}
    given |= side.settings
    row = Connection.objects.create(
        merchant_id=merchant_id,
        connector=declaration.name,
        role=declaration.role,
        name=declaration.title,
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=keys.encrypt({key: value for key, value in given.items() if key in secret}),
        fingerprint=declaration.name,
        hear_at=now,
        reread_at=now if declaration.role is Role.SHOP else None,
    )
    return row.pk
