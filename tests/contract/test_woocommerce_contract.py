"""The WooCommerce connector keeps what every shop connector promises."""

from collections.abc import Mapping

import pytest

from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.connectors.woocommerce import SPEC
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import ShopContract, ShopSubject

HOST = "shop.test"
# where the shop keeps track & trace codes is the merchant's choice of plugin
PLACES = ("_wc_shipment_tracking_items", "_tracking_number", "fulfillments")


def subject_of(tracking_stored_in: str) -> ShopSubject:
    clock = ManualClock()
    sandbox = Sandbox(clock)
    sandbox.tracking_stored_in = tracking_stored_in
    sandbox.site.has_fulfilments = tracking_stored_in == "fulfillments"
    transport = InProcessTransport({HOST: sandbox})

    def open_one(settings: Mapping[str, str]) -> WooCommerce:
        # this merchant completes orders by their status; a fulfilment is where the code stands
        ways = {"fulfilled_is_completed": "no"}
        reached = {**sandbox.settings(f"https://{HOST}"), **ways, **settings}
        return WooCommerce(reached, ConnectorContext(clock, transport, InMemoryTokenCache()))

    return ShopSubject(
        spec=SPEC,
        clock=clock,
        open=open_one,
        sandbox=sandbox,
        page_size=100,
        foreign_currency="SEK",
    )


class TestWooCommerce(ShopContract):
    @pytest.fixture(params=PLACES)
    def subject(self, request: pytest.FixtureRequest) -> ShopSubject:
        return subject_of(request.param)
