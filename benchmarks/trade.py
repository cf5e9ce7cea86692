"""A hub between a marketplace and a shop, on a clock that the three share and that moves only when it is told to."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK
from orderhaven.ports.connector import ConnectorSpec, Side
from orderhaven.store.connections import connections, keys, links
from orderhaven.store.models import Connection, Link, Merchant, Order
from orderhaven.store.sql.execute import StoreExecutor
from orderhaven.sync import worker
from orderhaven.sync.sync_run import Hub
from orderhaven.testing.clock import ManualClock

from .sides import SandboxSide

MARKETPLACE, SHOP = "bol", "woocommerce"
_MOST_ROUNDS = 50


class Sides:
    """The two sandboxes and their people."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.marketplace, self.shop = SandboxSide(MARKETPLACE), SandboxSide(SHOP)

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
        self.hub = Hub(sides.clock, StoreExecutor(), transport or AiohttpTransport(reach=LOOPBACK), random.Random(7))

    async def connect(self) -> None:
        """Both connections and their link; then the first run of each."""
        await self.hub.run_in_store(_connect, self.sides)
        await self.settle()

    async def settle(self) -> None:
        """Run whatever is due, until nothing is."""
        for _ in range(_MOST_ROUNDS):
            due = await self.hub.run_in_store(connections.due, self.sides.clock.now())
            if not due:
                return
            for connection_id in due:
                await worker.run(self.hub, connection_id)
        raise RuntimeError("the hub finds no rest: something is due again and again")

    async def close(self) -> None:
        await self.hub.close()


async def told(trade: Trade) -> int:
    """How many orders the marketplace has confirmed, by the hub's own record; the sandbox must agree."""

    def count() -> int:
        return Order.objects.filter(marketplace_sync="synced", confirmed_at__isnull=False).count()

    return await trade.hub.run_in_store(count)


def _connect(sides: Sides) -> None:
    now = sides.clock.now()
    merchant = Merchant.objects.create(name="Benchmark", slug="benchmark")
    there = _connection(merchant.pk, sides.marketplace, now)
    here = _connection(merchant.pk, sides.shop, now)
    link = Link.objects.create(merchant=merchant, marketplace_id=there, shop_id=here, from_at=now)
    links.write_scope(link)


def _connection(merchant_id: int, side: SandboxSide, now: datetime) -> int:
    spec: ConnectorSpec = side.spec
    secret = {setting.key for setting in spec.settings if setting.secret}
    given = {setting.key: setting.default for setting in spec.settings if setting.default is not None}
    given |= side.settings
    row = Connection.objects.create(
        merchant_id=merchant_id,
        connector=spec.name,
        side=spec.side,
        name=spec.title,
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=keys.encrypt({key: value for key, value in given.items() if key in secret}),
        fingerprint=spec.name,
        pull_at=now,
        refresh_at=now if spec.side is Side.SHOP else None,
    )
    return row.pk
