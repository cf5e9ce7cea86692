"""The WooCommerce connector keeps what every shop connector promises."""

from collections.abc import Callable, Mapping

import pytest

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.serve import Direct
from orderhaven.connectors.woocommerce import DECLARATION
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import Listing, ShopContract, ShopSubject
from orderhaven.testing.contract.bending import Bending, JsonRows

from .kit_faults import Spoiler

HOST = "shop.test"
API = "/wp-json/wc/v3"
# where the shop keeps track & trace codes is the merchant's choice of plugin
PLACES = ("_wc_shipment_tracking_items", "_tracking_number", "fulfillments")


def asks(kind: str, *names: str) -> Callable[[Request], bool]:
    """A question for this list that narrows it by one of these."""
    return lambda request: request.path == f"{API}/{kind}" and any(name in request.query for name in names)


def asks_one(kind: str) -> Callable[[Request, str], bool]:
    return lambda request, ref: (request.method, request.path) == ("GET", f"{API}/{kind}/{ref}")


def orders(*names: str) -> JsonRows:
    return JsonRows(asks("orders", *names), key="id", decides="total", word="currency", detail=asks_one("orders"))


LISTS = {
    Listing.HEARD: orders("modified_after"),
    Listing.READ: orders("include"),
    Listing.FOUND: orders("created_via"),
    # a plug-in may bring types of its own, so there is no word that nobody knows
    Listing.PRODUCTS: JsonRows(
        asks("products", "sku", "global_unique_id"),
        key="id",
        decides="type",
        word="parent_id",
        detail=asks_one("products"),
    ),
}


def subject_of(keeps_codes_in: str) -> ShopSubject:
    clock = ManualClock()
    sandbox = Sandbox(clock)
    sandbox.keeps_codes_in = keeps_codes_in
    sandbox.site.has_fulfilments = keeps_codes_in == "fulfillments"
    transport = Bending(Direct({HOST: sandbox}), LISTS)
    spoiler = Spoiler(sandbox.faults, tells=lambda request: request.method != "GET")

    def open_one(settings: Mapping[str, str]) -> WooCommerce:
        # this merchant completes orders by their status; a fulfilment is where the code stands
        ways = {"fulfilled_is_completed": "no"}
        reached = {**sandbox.settings(f"https://{HOST}"), **ways, **settings}
        return WooCommerce(reached, Outside(clock, transport, MemoryTokens()))

    return ShopSubject(
        declaration=DECLARATION,
        clock=clock,
        open=open_one,
        sandbox=sandbox,
        lose_reply=spoiler.lose_reply,
        rate_limit=spoiler.rate_limit,
        break_with=spoiler.break_with,
        mend=spoiler.mend,
        precede=spoiler.precede,
        bend=transport.bend,
        page_size=100,
        foreign_currency="SEK",
    )


class TestWooCommerce(ShopContract):
    @pytest.fixture(params=PLACES)
    def subject(self, request: pytest.FixtureRequest) -> ShopSubject:
        return subject_of(request.param)
