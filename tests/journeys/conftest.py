"""A trade in one process: a marketplace, a shop and the hub between them, on a clock that stands still until it is moved."""

import asyncio
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections as django_connections
from django.db.backends.signals import connection_created

from orderhaven.actions.context import ActionContext
from orderhaven.connectors import open_connector
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.ports.account import read_account
from orderhaven.ports.connector import (
    AccountProfile,
    Capability,
    ConnectorContext,
    ConnectorSpec,
    InMemoryTokenCache,
    Side,
)
from orderhaven.ports.sandbox import (
    EFFECTS,
    BackOfficeOrder,
    Basket,
    CallFault,
    CallKind,
    CatalogueItem,
    ConfirmedShipment,
    Sandbox,
    SandboxMarketplace,
    SandboxShop,
)
from orderhaven.store.connections import accounts, connections, keys, links
from orderhaven.store.models import Connection, ConnectionState, Event, Link, Merchant, Order, Problem
from orderhaven.store.sql.execute import StoreExecutor
from orderhaven.sync import worker
from orderhaven.sync.sync_run import Hub
from orderhaven.testing.clock import ManualClock
from tests.pairs import PAIRS

MUG = CatalogueItem("MUG-1", "8712345678906", "Mug, blue", "12.99")
LAMP = CatalogueItem("LAMP-2", "8712345678913", "Lamp", "49.95")
POSTNL_CODE = "3SABCD1234567"


@dataclass
class Trade:
    clock: ManualClock
    hub: Hub
    marketplace: SandboxMarketplace
    shop: SandboxShop
    link: Link
    _right_secrets: str = ""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    # people

    def sells(self, *lines: tuple[CatalogueItem, int], **basket: Any) -> str:
        return str(self.marketplace.sell(Basket(lines=lines or ((MUG, 1),), **basket)))

    def shop_ref(self, ref: str) -> str:
        return self.order(ref).shop_ref

    @property
    def marketplace_spec(self) -> ConnectorSpec:
        return self.hub.specs_by_name[self.connection(Side.MARKETPLACE).connector]

    @property
    def context(self) -> ActionContext:
        """A person's hand: what every action takes first."""
        return ActionContext(
            "Tester", self.link.merchant_id, self.clock, lambda: self.hub.transport, self.hub.specs_by_name
        )

    def basket_of(self, ref: str, *lines: tuple[CatalogueItem, int]) -> Basket:
        """What another tool makes a shop order of: the order's lines, and what it costs to send."""
        return Basket(lines=lines, shipping=self.marketplace.shipping_cost_of(ref))

    def rotates_secrets_wrongly(self, role: Side) -> None:
        row = self.connection(role)
        self._right_secrets = row.secrets
        wrong = dict.fromkeys(keys.decrypt(row.secrets), "wrong")
        Connection.objects.filter(pk=row.pk).update(secrets=keys.encrypt(wrong), token="")

    def puts_secrets_right(self, role: Side) -> None:
        row = self.connection(role)
        Connection.objects.filter(pk=row.pk).update(secrets=self._right_secrets)
        connections.set_state(row.pk, ConnectionState.ACTIVE, self.clock.now(), "tester")

    def notices(self, role: Side) -> int:
        return Event.objects.filter(connection=self.connection(role), kind="needs_attention").count()

    # what goes wrong

    def loses_the_reply(self, side: Sandbox, kind: CallKind) -> None:
        """The next command of that kind is done, and its answer is lost."""
        side.faults.spoil(CallFault.AFTER, lambda call: call.kind is kind)

    def goes_down(self, side: Sandbox) -> None:
        side.faults.spoil(CallFault.NEVER, lambda call: True, times=-1)

    def takes_nothing_more(self, side: Sandbox, kind: CallKind) -> None:
        """Of one kind; everything else is answered."""
        side.faults.spoil(CallFault.REFUSED, lambda call: call.kind is kind, times=-1)

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Not one page more can be written."""
        with database.cursor() as cursor:
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]

        def refuse_more(connection: Any, **_: Any) -> None:
            connection.cursor().execute(f"PRAGMA max_page_count = {pages}")

        connection_created.connect(refuse_more, dispatch_uid="full disk")
        django_connections.close_all()
        yield
        connection_created.disconnect(dispatch_uid="full disk")
        django_connections.close_all()

    def tries_once(self) -> None:
        """One second of the ticker: everything due is run once, whatever comes of it."""
        for one in connections.due(self.clock.now()):
            self._loop.run_until_complete(worker.run(self.hub, one))
        self.clock.advance(timedelta(seconds=1))

    def commands(self, side: Sandbox) -> list[str]:
        """The commands that this side got."""
        return [call for call in side.calls if side.kind_of(call) in EFFECTS]

    def starts_again(self) -> None:
        """The hub ends, and another process takes over its store."""
        self._loop.run_until_complete(self.hub.close())
        self.hub = Hub(self.clock, StoreExecutor(), self.hub.transport, random.Random(8), self.hub.specs_by_name)

    def sign_ins(self) -> int:
        """How often the marketplace was asked for credentials."""
        return sum(self.marketplace.kind_of(call) is CallKind.SIGN_IN for call in self.marketplace.calls)

    def needs(self, *capabilities: Capability) -> None:
        """Skips a journey that asks for what one of the two sides does not have."""
        sides = self.hub.specs_by_name.values()
        lacking = [one.value for one in capabilities if not any(one in side.capabilities for side in sides)]
        if lacking:
            pytest.skip(f"{' and '.join(side.title for side in sides)} do not declare {', '.join(lacking)}")

    # time

    def passes(self, **duration: float) -> None:
        """Let time pass; whatever becomes due on the way is done at its moment."""
        self._loop.run_until_complete(self._pass(self.clock.now() + timedelta(**duration)))

    async def _pass(self, until: datetime) -> None:
        while True:
            for _ in range(50):
                due = connections.due(self.clock.now())
                if not due:
                    break
                for one in due:
                    await worker.run(self.hub, one)
            else:
                raise AssertionError("the hub finds no rest: something is due again and again")
            ahead = [moment for moment in self._next() if moment > self.clock.now()]
            if not ahead or min(ahead) > until:
                self.clock.advance(max(until - self.clock.now(), timedelta(0)))
                return
            self.clock.advance(min(ahead) - self.clock.now())

    def _next(self) -> list[datetime]:
        columns = ("pull_at", "push_at", "wait_at", "refresh_at", "backoff_until")
        return [moment for row in Connection.objects.values_list(*columns) for moment in row if moment is not None]

    # what the three sides say

    def order(self, ref: str) -> Order:
        return Order.objects.get(ref=ref)

    def problems(self, ref: str) -> list[str]:
        return sorted(Problem.objects.filter(order__ref=ref, resolved_at=None).values_list("kind", flat=True))

    def raised(self, ref: str) -> list[str]:
        """Every problem that it ever had, those that are over too."""
        return list(Problem.objects.filter(order__ref=ref).order_by("id").values_list("kind", flat=True))

    def reason(self, ref: str) -> str:
        """Of the one problem that is open."""
        return str(Problem.objects.get(order__ref=ref, resolved_at=None).values["reason"])

    def history(self, ref: str) -> list[str]:
        moves = Event.objects.filter(order__ref=ref, kind="status").order_by("id").values_list("data", flat=True)
        return [data["to"] for data in moves]

    def in_shop(self, ref: str) -> list[BackOfficeOrder]:
        """The shop's orders that were made for this one."""
        return [one for one in self.shop.orders() if one.reference and one.reference.endswith(ref)]

    def confirmed(self, ref: str) -> list[ConfirmedShipment]:
        return [one for one in self.marketplace.shipments() if one.order_ref == ref]

    def connection(self, role: Side) -> Connection:
        return Connection.objects.get(side=role)

    def close(self) -> None:
        self._loop.run_until_complete(self.hub.close())
        self._loop.close()


def connect(
    merchant: Merchant, spec: ConnectorSpec, name: str, settings: Mapping[str, str], now: datetime
) -> Connection:
    secret = {setting.key for setting in spec.settings if setting.secret}
    given = {setting.key: setting.default for setting in spec.settings if setting.default is not None}
    given |= settings
    return Connection.objects.create(
        merchant=merchant,
        connector=spec.name,
        side=spec.side,
        name=name,
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=keys.encrypt({key: value for key, value in given.items() if key in secret}),
        fingerprint=name,
        pull_at=now,
        refresh_at=now if spec.side is Side.SHOP else None,
    )


def read_accounts(hub: Hub, rows: Sequence[Connection], sides: Sequence[Sandbox]) -> None:
    """What setting up a connection keeps of its account."""

    async def read(spec: ConnectorSpec, settings: Mapping[str, str]) -> AccountProfile:
        context = ConnectorContext(hub.clock, hub.transport, InMemoryTokenCache())
        connector = open_connector(spec, settings, context)
        try:
            return await read_account(connector, spec)
        finally:
            await connector.close()

    for row, side in zip(rows, sides, strict=True):
        spec = hub.specs_by_name[row.connector]
        profile = asyncio.run(read(spec, connections.open_settings(row)))
        columns = accounts.columns_of(profile, spec, hub.clock.now(), 0.5)
        Connection.objects.filter(pk=row.pk).update(fingerprint=profile.fingerprint, account=columns["account"])
        side.calls.clear()


def put_back(backup: Path) -> None:
    """The store holds what the backup holds; connections that ended tasks left open see that too."""
    django_connections.close_all()
    source, target = sqlite3.connect(backup), sqlite3.connect(backup.parent / "orderhaven.sqlite3")
    source.backup(target)
    source.close()
    target.close()


def start_trade(marketplace: ConnectorSpec, shop: ConnectorSpec, **link: Any) -> Trade:
    from orderhaven.connectors import make_sandbox

    clock = ManualClock()
    sides = [make_sandbox(spec, clock) for spec in (marketplace, shop)]
    hosts = {"marketplace.test": sides[0], "127.0.0.1:8080": sides[1]}
    specs_by_name = {marketplace.name: marketplace, shop.name: shop}
    hub = Hub(clock, StoreExecutor(), InProcessTransport(hosts), random.Random(7), specs_by_name)
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    now = clock.now()
    there = connect(merchant, marketplace, "bol NL", sides[0].settings("http://marketplace.test"), now)
    here = connect(merchant, shop, "Webshop", sides[1].settings("http://127.0.0.1:8080"), now)
    made = Link.objects.create(
        merchant=merchant, name="bol NL", marketplace=there, shop=here, **({"from_at": now} | link)
    )
    links.write_scope(made)
    sides[1].stock([MUG, LAMP], 1000)
    read_accounts(hub, (there, here), sides)
    return Trade(clock, hub, sides[0], sides[1], made)


@pytest.fixture(params=PAIRS, ids=str)
def trade(request: pytest.FixtureRequest, store: None) -> Any:
    """Every journey is made by the references, by each connector against one of them, and by one pair of connectors."""
    marker = request.node.get_closest_marker("link")
    started = start_trade(request.param.marketplace_spec, request.param.shop_spec, **(marker.kwargs if marker else {}))
    yield started
    started.close()
