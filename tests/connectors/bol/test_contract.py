"""The contract of a marketplace, held to bol's connector on its sandbox."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.knobs import FaultKind
from orderhaven.connectors.kit.serve import Direct
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import Break, Lost, MarketplaceContract, MarketplaceSubject, On

HOST = "bol.test"
WHERE = {
    On.ALL: [("", "/retailer"), ("", "/shared")],
    On.TELLINGS: [
        ("POST", "/retailer/shipments"),
        ("PUT", "/retailer/orders/cancellation"),
        ("PUT", "/retailer/transports"),
    ],
}
LOST = {Lost.BEFORE: FaultKind.NEVER, Lost.AFTER: FaultKind.AFTER}
BROKEN = {
    Break.SERVER_ERROR: FaultKind.STATUS,
    Break.UNREACHABLE: FaultKind.REFUSED,
    Break.GARBAGE: FaultKind.GARBAGE,
}


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)

        def connect(settings: Mapping[str, str]) -> Bol:
            outside = Outside(clock, Direct({HOST: sandbox}), MemoryTokens())
            return Bol({**sandbox.settings(f"http://{HOST}"), **settings}, outside)

        def spoil(on: On, kind: FaultKind, **what: Any) -> None:
            for method, path in WHERE[on]:
                sandbox.faults.add(kind, method=method, path=path, **what)

        return MarketplaceSubject(
            declaration=DECLARATION,
            clock=clock,
            sandbox=sandbox,
            open=connect,
            lose_reply=lambda lost: spoil(On.TELLINGS, LOST[lost]),
            rate_limit=lambda after, on: spoil(on, FaultKind.RATE_LIMITED, delay=after or timedelta(0)),
            break_with=lambda broken, on: spoil(on, BROKEN[broken], times=-1),
            mend=sandbox.faults.clear,
            expire_tokens=sandbox.door.expire_tokens,
            signs_in=lambda call: call == "POST /token",
        )
