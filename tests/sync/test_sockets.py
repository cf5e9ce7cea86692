"""What never left is never in doubt: sockets come first, then a message is begun."""

import asyncio
import random
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orderhaven.connectors import make_sandbox
from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.session import Session
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.commands import ShipmentConfirmation
from orderhaven.core.networks import LOOPBACK
from orderhaven.ports.connector import ConnectorContext, Side
from orderhaven.ports.marketplace import Receipt
from orderhaven.ports.sandbox import Basket
from orderhaven.store.connections import connections, links
from orderhaven.store.models import Connection, Link, Merchant, Message
from orderhaven.store.sql.execute import StoreExecutor
from orderhaven.sync import worker
from orderhaven.sync.sync_run import Hub
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE, connect, start_trade
from tests.sync.conftest import Shift

_SOON_S = 2.0  # real seconds, so that a busy machine keeps no healthy one from answering
_ORDERS = 6  # of each marketplace: more than go out at once
_ITS_REF = re.compile(rb"RM-\d+")


class WiredMarketplace(ReferenceMarketplace):
    """The reference marketplace, whose confirmations go over a real network."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        super().__init__(settings, context)
        self._session = Session("The marketplace", settings["url"], context, self, WIRED.limits)

    async def sign(self, request: Request) -> Request:
        return request

    async def renew(self, refused: Request) -> bool:
        return False

    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        await self._session.send("POST", "/shipments", not_after=not_after, body=command.order_ref.encode())
        return await super().confirm(command, not_after=not_after)


WIRED = replace(
    REFERENCE_MARKETPLACE,
    connector="tests.sync.test_sockets:WiredMarketplace",
    limits=replace(REFERENCE_MARKETPLACE.limits, call_timeout_s=_SOON_S),
)


@dataclass
class Listener:
    """Of one host: which orders it heard of."""

    url: str = ""
    heard: Counter[str] = field(default_factory=Counter)
    calls: set[asyncio.Task[None]] = field(default_factory=set)

    async def hung_up(self) -> None:
        """All that was sent has been read."""
        await asyncio.wait(self.calls, timeout=5.0)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _never(writer: asyncio.StreamWriter) -> None:
    return None


async def _at_once(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@asynccontextmanager
async def _listening(address: str, answer: Answer) -> AsyncIterator[Listener]:
    listener = Listener()
    there: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.add(writer)
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = await reader.readexactly(int(length[1])) if length else b""
            listener.heard.update(ref.decode() for ref in _ITS_REF.findall(body))
            await answer(writer)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        listener.calls.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    server = await asyncio.start_server(served, address, 0)
    port = server.sockets[0].getsockname()[1]
    listener.url = f"http://{address}:{port}"
    yield listener
    server.close()
    for writer in there:
        writer.transport.abort()


class ManyMarketplaces:
    """One shop, and marketplaces of which each has a host of its own. Each has orders whose confirmation is due."""

    def __init__(self, urls: list[str]) -> None:
        self.clock = ManualClock()
        specs_by_name = {WIRED.name: WIRED, REFERENCE_SHOP.name: REFERENCE_SHOP}
        self.hub = Hub(self.clock, StoreExecutor(), AiohttpTransport(reach=LOOPBACK), random.Random(7), specs_by_name)
        self.worlds = [make_sandbox(WIRED, self.clock) for _ in urls]
        self._shop = make_sandbox(REFERENCE_SHOP, self.clock)
        self._shop.stock([MUG, LAMP], 1000)
        self._urls = urls

    def link(self) -> None:
        now = self.clock.now()
        merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
        shop = connect(merchant, REFERENCE_SHOP, "Webshop", self._shop.settings(""), now)
        for number, (world, url) in enumerate(zip(self.worlds, self._urls, strict=True)):
            settings = {**world.settings(""), "url": url}
            row = connect(merchant, WIRED, f"Marketplace {number}", settings, now)
            link = Link.objects.create(merchant=merchant, name=row.name, marketplace=row, shop=shop, from_at=now)
            links.write_scope(link)

    async def in_store(self, work: Callable[[], Any]) -> Any:
        return await self.hub.run_in_store(work)

    async def runs(self, side: Side) -> None:
        """All that is due on one side, at the same time."""
        due = set(await self.hub.run_in_store(connections.due, self.clock.now()))
        its = await self.in_store(
            lambda: list(Connection.objects.filter(side=side, pk__in=due).values_list("pk", flat=True))
        )
        await asyncio.gather(*(worker.run(self.hub, one) for one in its))

    async def completes_orders(self) -> None:
        await self.in_store(self.link)
        for world in self.worlds:
            for _ in range(_ORDERS):
                world.sell(Basket(lines=((MUG, 1),)))
        for side in (Side.MARKETPLACE, Side.SHOP, Side.SHOP):
            await self.runs(side)
        for order in self._shop.orders():
            self._shop.complete(order.shop_ref, tracking_number=POSTNL_CODE)
        self.clock.advance(timedelta(minutes=6))
        await self.runs(Side.SHOP)

    async def unconfirmed(self, number: int) -> set[str]:
        name = f"Marketplace {number}"
        rows = Message.objects.filter(connection__name=name, state="unconfirmed").values_list("order__ref", flat=True)
        return set(await self.in_store(lambda: list(rows)))


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def test_of_hosts_that_never_answer_only_what_they_heard_is_in_doubt(store: None) -> None:
    async def run() -> tuple[list[set[str]], list[set[str]], Counter[str]]:
        async with AsyncExitStack() as stack:
            dead = [await stack.enter_async_context(_listening(f"127.0.1.{n}", _never)) for n in range(1, 17)]
            healthy = await stack.enter_async_context(_listening("127.0.2.1", _at_once))
            trade = ManyMarketplaces([*(one.url for one in dead), healthy.url])
            await trade.completes_orders()

            await trade.runs(Side.MARKETPLACE)

            unconfirmed = [await trade.unconfirmed(number) for number in range(17)]
            await trade.hub.close()
            await asyncio.gather(*(one.hung_up() for one in dead))
        return unconfirmed, [set(one.heard) for one in dead], healthy.heard

    unconfirmed, heard, healthy = asyncio.run(run())

    assert unconfirmed == [*heard, set()]
    assert all(heard)
    assert len(healthy) == _ORDERS


@pytest.mark.parametrize("url", ["http://no.such.host.invalid", "nobody listens"])
def test_what_could_not_be_sent_at_all_is_not_in_doubt(store: None, url: str) -> None:
    async def run() -> set[str]:
        trade = ManyMarketplaces([url if url.startswith("http") else _free_port()])
        await trade.completes_orders()

        await trade.runs(Side.MARKETPLACE)

        unconfirmed = await trade.unconfirmed(0)
        await trade.hub.close()
        return unconfirmed

    assert asyncio.run(run()) == set()


def test_nothing_is_begun_while_no_socket_is_free(store: None) -> None:
    async def run() -> tuple[set[tuple[str, int]], Counter[str]]:
        async with _listening("127.0.2.1", _at_once) as listener:
            trade = ManyMarketplaces([listener.url])
            await trade.completes_orders()
            row = await trade.in_store(lambda: Connection.objects.get(side=Side.MARKETPLACE))
            await trade.hub.sockets_of(row).take(100, 1.0)

            await asyncio.wait_for(trade.runs(Side.MARKETPLACE), 20.0)

            confirms = Message.objects.filter(kind="confirm").values_list("state", "attempt")
            found = set(await trade.in_store(lambda: list(confirms)))
            await trade.hub.close()
        return found, listener.heard

    begun, heard = asyncio.run(run())

    assert begun == {("queued", 0)}
    assert not heard


def test_orders_go_on_where_one_call_at_a_time_is_borne(store: None) -> None:
    """A refusal is looked at by a read within the sending, which goes by the same socket."""
    marketplace = replace(REFERENCE_MARKETPLACE, limits=replace(REFERENCE_MARKETPLACE.limits, concurrent_calls=1))
    trade = start_trade(marketplace, REFERENCE_SHOP)
    trade.__class__ = Shift
    assert isinstance(trade, Shift)
    ref = trade.completed()

    trade.passes(minutes=40)

    assert len(trade.confirmed(ref)) == 1
    trade.close()
