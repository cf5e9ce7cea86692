"""A shop on a clock that stands still until it is moved, reached without a socket."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
import pytest

from orderhaven.connectors import specs
from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.core.money import Money
from orderhaven.core.order import Address, LineQuantities, MarketplaceLine, MarketplaceOrder
from orderhaven.core.shop_order import ProductQuery, ShopOrderDraft
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.ports.receipts import Receipt
from orderhaven.ports.sandbox import CatalogueItem

T = TypeVar("T")
specs()  # the connector is found: what its errors say is known

START = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
MUG = CatalogueItem("MUG-1", "8712345678906", "Mug", "12.99")
LAMP = CatalogueItem("LAMP-1", "8712345678913", "Lamp", "49.95")


@dataclass
class ManualClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration

    def pass_(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


@dataclass
class Shop:
    """A sandbox, a connector to it over https, and short ways to ask the sandbox itself."""

    clock: ManualClock
    sandbox: Sandbox
    settings: dict[str, str] = field(default_factory=dict)
    url: str = "https://shop.test"
    hosts: tuple[str, ...] = ("shop.test", "127.0.0.1:8080")

    @property
    def context(self) -> ConnectorContext:
        return ConnectorContext(
            self.clock, InProcessTransport(dict.fromkeys(self.hosts, self.sandbox)), InMemoryTokenCache()
        )

    def connector(self, **settings: str) -> WooCommerce:
        chosen = {**self.sandbox.settings(self.url), **self.settings, **settings}
        return WooCommerce(chosen, self.context)

    def create(self, order_draft: ShopOrderDraft, **settings: str) -> Receipt:
        return run(self.connector(**settings).create(order_draft, not_after=self.clock.now() + timedelta(seconds=60)))

    def order_draft(self, order: MarketplaceOrder, reference: str = "bol-1", **more: Any) -> ShopOrderDraft:
        wanted = [ProductQuery(line.sku, line.ean) for line in order.lines]
        products = run(self.connector().find_products(wanted)) if wanted else {}
        refs = {line.ref: products[want] for line, want in zip(order.lines, wanted, strict=True) if want in products}
        quantities = {line.ref: line.quantities.ordered for line in order.lines}
        return ShopOrderDraft(
            order, reference, "bol", more.pop("quantities", quantities), more.pop("products", refs), **more
        )

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """(status, decoded body) straight from the sandbox, as a client with good keys."""
        connector = self.connector()
        session = connector._calls._session
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""

        async def call() -> Any:
            headers = {"content-type": "application/json"} if data else {}
            request = await session._auth.sign(Request(method, session._url(path, query), headers, data))
            return await session._transport(request, 30)

        response = run(call())
        try:
            return response.status, msgspec.json.decode(response.body)
        except msgspec.DecodeError:
            return response.status, response.body


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shop(clock: ManualClock) -> Shop:
    made = Shop(clock, Sandbox(clock))
    made.sandbox.stock([MUG, LAMP], 100)
    return made


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def pulled(connector: WooCommerce, since: str) -> tuple[list[Any], str]:
    async def pull() -> tuple[list[Any], str]:
        pages = [page async for page in connector.pull(since)]
        return [order for page in pages for order in page.orders], pages[-1].cursor

    return run(pull())


def euro(text: str) -> Money:
    return Money.of(text, "EUR")


def address(**more: Any) -> Address:
    known: dict[str, Any] = {
        "first_name": "Noor",
        "last_name": "de Vries",
        "street": "Dorpstraat",
        "house_number": "12",
        "addition": "bis",
        "postcode": "1234 AB",
        "city": "Utrecht",
        "country": "NL",
        "email": "abc@verkopen.bol.test",
        "phone": "0612345678",
    }
    return Address(**{**known, **more})


def line(article: CatalogueItem = MUG, quantity: int = 1, ref: str = "L1", **more: Any) -> MarketplaceLine:
    currency = more.pop("currency", "EUR")
    price = Money.of(more.pop("price", article.price), currency)
    discount = Money.of(more.pop("discount", "0.00"), currency)
    known: dict[str, Any] = {
        "ref": ref,
        "remote_ids": (ref,),
        "title": article.title,
        "sku": article.sku,
        "ean": article.ean,
        "quantities": LineQuantities(ref, quantity),
        "unit_price": price,
        "total": price * quantity - discount,
        "discount": discount,
        "vat_rate": Decimal("0.21"),
    }
    return MarketplaceLine(**{**known, **more})


def order(*lines: MarketplaceLine, **more: Any) -> MarketplaceOrder:
    currency = more.get("currency", "EUR")
    known: dict[str, Any] = {
        "ref": "A000123",
        "placed_at": START,
        "changed_at": START,
        "currency": currency,
        "prices_include_vat": True,
        "lines": lines or (line(),),
        "ship_to": address(),
        "bill_to": address(),
        "shipping_cost": Money.zero(currency),
        "discount": Money.zero(currency),
    }
    return MarketplaceOrder(**{**known, **more})
