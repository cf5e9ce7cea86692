"""WooCommerce keeps what every shop connector promises."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from orderhaven.connectors.kit.knobs import FaultKind
from orderhaven.connectors.kit.serve import Direct
from orderhaven.connectors.woocommerce import DECLARATION
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import Break, Lost, On, ShopContract, ShopSubject

URL = "https://shop.test"
TELLINGS = ("POST", "PUT")
BREAKS = {
    Break.SERVER_ERROR: FaultKind.STATUS,
    Break.UNREACHABLE: FaultKind.REFUSED,
    Break.GARBAGE: FaultKind.GARBAGE,
}


class TestWooCommerce(ShopContract):
    @pytest.fixture
    def subject(self) -> ShopSubject:
        clock = ManualClock(datetime(2026, 11, 5, 9, 0, tzinfo=UTC))
        sandbox = Sandbox(clock)
        outside = Outside(clock, Direct({"shop.test": sandbox}), MemoryTokens())

        def open_with(settings: Mapping[str, str]) -> WooCommerce:
            return WooCommerce({**sandbox.settings(URL), **settings}, outside)

        def lose_reply(lost: Lost) -> None:
            kind = FaultKind.NEVER if lost is Lost.BEFORE else FaultKind.AFTER
            for method in TELLINGS:
                sandbox.faults.add(kind, method=method)

        def rate_limit(wait: timedelta | None, on: On) -> None:
            for method in TELLINGS if on is On.TELLINGS else ("",):
                sandbox.faults.add(FaultKind.RATE_LIMITED, method=method, delay=wait or timedelta(0))

        def break_with(what: Break, on: On) -> None:
            for method in TELLINGS if on is On.TELLINGS else ("",):
                sandbox.faults.add(BREAKS[what], method=method, times=-1)

        return ShopSubject(
            declaration=DECLARATION,
            clock=clock,
            open=open_with,
            lose_reply=lose_reply,
            rate_limit=rate_limit,
            break_with=break_with,
            mend=sandbox.faults.clear,
            page_size=100,
            sandbox=sandbox,
        )
