"""The bol connector keeps what every marketplace connector promises."""

from collections.abc import Callable, Mapping

import pytest

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.serve import Direct
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import Listing, MarketplaceContract, MarketplaceSubject
from orderhaven.testing.contract.bending import Bending, JsonRows

from .kit_faults import Spoiler

HOST = "api.bol.test"


def signs_in(request: Request) -> bool:
    return request.path == "/token"


def tells(request: Request) -> bool:
    """Outcomes are asked for with a POST."""
    return request.method != "GET" and not signs_in(request) and request.path != "/shared/process-status"


def asks(method: str, path: str) -> Callable[[Request], bool]:
    return lambda request: (request.method, request.path) == (method, path)


def asks_one(path: str) -> Callable[[Request, str], bool]:
    return lambda request, ref: (request.method, request.path) == ("GET", f"{path}/{ref}")


LISTS = {
    Listing.HEARD: JsonRows(
        asks("GET", "/retailer/orders"),
        key="orderId",
        decides="orderItems.0.quantity",
        word="orderItems.0.fulfilmentMethod",
        within="orders",
        detail=asks_one("/retailer/orders"),
        word_alone="orderItems.0.fulfilment.method",
    ),
    Listing.OUTCOMES: JsonRows(
        asks("POST", "/shared/process-status"),
        key="processStatusId",
        decides="status",
        word="status",
        within="processStatuses",
    ),
    Listing.RECORD: JsonRows(
        asks("GET", "/retailer/shipments"),
        key="shipmentId",
        decides="shipmentItems",
        word="transport",
        within="shipments",
    ),
}


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)
        transport = Bending(Direct({HOST: sandbox}), LISTS)
        spoiler = Spoiler(sandbox.faults, tells, signs_in)

        def open_one(settings: Mapping[str, str]) -> Bol:
            reached = {**sandbox.settings(f"https://{HOST}"), **settings}
            return Bol(reached, Outside(clock, transport, MemoryTokens()))

        return MarketplaceSubject(
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
            expire_tokens=sandbox.door.expire_tokens,
            signs_in=lambda call: call == "POST /token",
            page_size=50,
        )
