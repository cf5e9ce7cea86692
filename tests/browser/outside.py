"""`python -m tests.browser.outside CLOCK`: a marketplace and a shop on loopback, and a control endpoint by which a test is
buyer, marketplace and merchant there.

It prints one line of JSON with its addresses, and ends with its standard input or by SIGTERM.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import SandboxServer
from orderhaven.core.references import order_ref_in
from orderhaven.demo.plan import ARTICLES, NOT_FOR_SALE
from orderhaven.demo.sandboxes import Addresses, until_told_to_end
from orderhaven.ports.connector import ScaledClock
from orderhaven.ports.sandbox import Basket

MARKETPLACE, SHOP = "bol", "woocommerce"
_BY_SKU = {article.sku: article for article in ARTICLES}


class World:
    def __init__(self, clock: str) -> None:
        specs_by_name = specs()
        self.marketplace: Any = make_sandbox(specs_by_name[MARKETPLACE], ScaledClock.of(clock))
        self.shop: Any = make_sandbox(specs_by_name[SHOP], ScaledClock.of(clock))
        self.shop.stock(ARTICLES)
        for shown in ("open", "completed", "cancelled"):  # so that the shop's own words are seen in use
            ref = self.shop.create_by_other_tool(Basket(lines=[(ARTICLES[0], 1)]), f"OTHER-{shown}")
            if shown != "open":
                (self.shop.complete if shown == "completed" else self.shop.cancel)(ref)

    async def handle(self, request: Request) -> Response:
        """POST /deed, with what it needs as JSON; the answer is JSON."""
        deeds: Mapping[str, Callable[..., object]] = {
            "sell": self.sell,
            "complete": self.complete,
            "ask_to_cancel": self.marketplace.request_cancellation,
            "cancel": self.marketplace.cancel,
            "in_shop": lambda ref: bool(self._in_shop(ref)),
        }
        given = msgspec.json.decode(request.body)
        done = deeds[request.path.strip("/")](**given)
        return Response(200, {"content-type": "application/json"}, msgspec.json.encode(done))

    def sell(self, lines: Mapping[str, int], address: Mapping[str, str]) -> str:
        """Of an article that the shop has, or under any other SKU one that it does not have."""
        articles = [(_BY_SKU.get(sku) or replace(NOT_FOR_SALE, sku=sku), pieces) for sku, pieces in lines.items()]
        return self.marketplace.sell(Basket(lines=articles, address=address))

    def complete(self, ref: str, tracking_number: str = "", carrier: str = "") -> None:
        self.shop.complete(self._in_shop(ref), tracking_number, carrier)

    def _in_shop(self, ref: str) -> str:
        return next((one.shop_ref for one in self.shop.orders() if order_ref_in(one.reference) == ref), "")


async def serve(clock: str) -> None:
    world = World(clock)
    served = [SandboxServer(one) for one in (world, world.marketplace, world.shop)]
    control, there, here = [await one.start() for one in served]
    addresses = Addresses(control, world.marketplace.settings(there), world.shop.settings(here))
    print(msgspec.json.encode(addresses).decode(), flush=True)  # noqa: T201 - who started this reads it
    await until_told_to_end()
    for one in served:
        await one.stop()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
