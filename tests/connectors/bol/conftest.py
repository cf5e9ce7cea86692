"""The connector against its sandbox, without sockets, on a clock that only a test moves."""

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import Cancellation, CancelReason, LineQuantity, ShipmentConfirmation, TrackingCorrection
from orderhaven.core.order import MarketplaceOrder
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.ports.marketplace import SummaryPage
from orderhaven.ports.sandbox import Basket, CatalogueItem
from orderhaven.testing.openapi import Tape

T = TypeVar("T")

HOST = "bol.test"
MEDIA = "application/vnd.retailer.v10+json"
LIST = "/retailer/orders?fulfilment-method=ALL&status=ALL"
MUG = CatalogueItem("MUG-01", "8712345678906", "Mok met molen", "12.99")
LAMP = CatalogueItem("LAMP-7", "8712345678913", "Bureaulamp", "49.95")


class StillClock:
    """Stands still; who sleeps on it moves it."""

    def __init__(self, time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    def move(self, **duration: float) -> None:
        self.time += timedelta(**duration)

    async def sleep(self, duration: timedelta) -> None:
        self.time += duration
        await asyncio.sleep(0)


class World:
    def __init__(self, runner: asyncio.Runner) -> None:
        self.clock = StillClock()
        self.sandbox = Sandbox(self.clock)
        self.tape = Tape(InProcessTransport({HOST: self.sandbox}))
        self._runner = runner
        self.bol = self.connect()

    def connect(self, clock: StillClock | None = None, **settings: str) -> Bol:
        context = ConnectorContext(clock or self.clock, self.tape, InMemoryTokenCache())
        return Bol({**self.sandbox.settings(f"https://{HOST}"), **settings}, context)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    # ------------------------------------------------------------ the other side

    def sell(self, *lines: tuple[CatalogueItem, int], **basket: Any) -> str:
        return self.sandbox.sell(Basket(lines or [(MUG, 1)], **basket))

    def sell_many(self, count: int) -> list[str]:
        return [self.sell() for _ in range(count)]

    def item_refs(self, ref: str) -> list[str]:
        return [item.ref for item in self.sandbox.trade.sales[ref].items]

    def count(self, call: str) -> int:
        return self.sandbox.calls.count(call)

    # ------------------------------------------------------------ our side

    def pull(self, since: str = "", bol: Bol | None = None) -> list[SummaryPage]:
        return self.run(_pages(bol or self.bol, since))

    def pulled_refs(self, since: str = "", bol: Bol | None = None) -> list[str]:
        return [summary.ref for page in self.pull(since, bol) for summary in page.summaries]

    def read(self, ref: str) -> MarketplaceOrder:
        return self.run(self.bol.read(ref))

    def soon(self) -> datetime:
        return self.clock.now() + timedelta(seconds=30)

    def shipment(self, ref: str, reference: str = "OH-1", **what: Any) -> ShipmentConfirmation:
        what.setdefault("tracking_number", "3SABCD1234567")
        what.setdefault("carrier", Carrier.POSTNL if what["tracking_number"] else None)
        carrier, ships_from = what["carrier"], what.get("ships_from", "")
        what.setdefault("carrier_code", SPEC.carrier_code(carrier, ships_from) if carrier else "")
        return ShipmentConfirmation(ref, reference, self.pieces(ref), **what)

    def cancellation(self, ref: str, reason: CancelReason = CancelReason.OTHER) -> Cancellation:
        return Cancellation(ref, "OH-C1", self.pieces(ref)[:1], reason=reason, reason_code=SPEC.reason_code(reason))

    def correction(self, ref: str, shipment_ref: str = "") -> TrackingCorrection:
        return TrackingCorrection(
            ref,
            "OH-K1",
            self.pieces(ref),
            shipment_ref,
            "JVGL0600000000000001",
            Carrier.DHL_ECOMMERCE_NL,
            carrier_code=SPEC.carrier_code(Carrier.DHL_ECOMMERCE_NL),
        )

    def pieces(self, ref: str) -> tuple[LineQuantity, ...]:
        items = self.sandbox.trade.sales[ref].items
        return tuple(LineQuantity(item.ref, (item.ref,), item.quantity) for item in items)


async def _pages(bol: Bol, since: str) -> list[SummaryPage]:
    return [page async for page in bol.pull(since)]


@pytest.fixture
def world() -> Iterator[World]:
    with asyncio.Runner() as runner:
        yield World(runner)


class Api:
    """Requests by hand, with a token and the right media types unless said otherwise."""

    def __init__(self, world: Any) -> None:
        self.world = world
        door = world.sandbox.auth
        pair = base64.b64encode(f"{door.client_id}:{door.client_secret}".encode()).decode()
        self.basic = {"authorization": f"Basic {pair}"}
        self.sign_in()

    def sign_in(self) -> None:
        answer = self.send("POST", "/token?grant_type=client_credentials", headers=self.basic)
        self.token = msgspec.json.decode(answer.body)["access_token"]

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Response:
        signed = headers if headers is not None else self.headers()
        content = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        return self.world.run(self.world.sandbox.handle(Request(method, f"https://bol.test{path}", signed, content)))

    def headers(self, **other: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", "accept": MEDIA, "content-type": MEDIA} | other

    def get(self, path: str) -> Any:
        return msgspec.json.decode(self.send("GET", path).body)

    def refs(self, path: str = LIST) -> list[str]:
        return [order["orderId"] for order in self.get(path)["orders"]]

    def ship(self, *items: dict[str, Any], **other: Any) -> Response:
        return self.send("POST", "/retailer/shipments", {"orderItems": list(items)} | other)

    def reasons(self, response: Response) -> str:
        problem = msgspec.json.decode(response.body)
        assert problem["type"] == "https://api.bol.com/problems"
        assert problem["status"] == response.status
        return " ".join(f"{each['name']}: {each['reason']}" for each in problem["violations"])


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)
