"""The WooCommerce connector keeps what every shop connector promises."""

from collections.abc import Mapping

import pytest

from orderhaven.connectors.kit.bending import Bending
from orderhaven.connectors.kit.serve import Direct
from orderhaven.connectors.woocommerce import DECLARATION
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import ShopContract, ShopSubject

from . import json_rows
from .kit_faults import Spoiler

HOST = "shop.test"
# where the shop keeps track & trace codes is the merchant's choice of plugin
PLACES = ("_wc_shipment_tracking_items", "_tracking_number", "fulfillments")


def subject_of(keeps_codes_in: str) -> ShopSubject:
    clock = ManualClock()
    sandbox = Sandbox(clock)
    sandbox.keeps_codes_in = keeps_codes_in
    sandbox.site.has_fulfilments = keeps_codes_in == "fulfillments"
    transport = Bending(Direct({HOST: sandbox}), json_rows.WOOCOMMERCE)
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
