"""The bol connector keeps what every marketplace connector promises."""

from collections.abc import Mapping

import pytest

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import MarketplaceContract, MarketplaceSubject

HOST = "api.bol.test"


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)
        transport = InProcessTransport({HOST: sandbox})

        def open_one(settings: Mapping[str, str]) -> Bol:
            reached = {**sandbox.settings(f"https://{HOST}"), **settings}
            return Bol(reached, ConnectorContext(clock, transport, InMemoryTokenCache()))

        return MarketplaceSubject(
            spec=SPEC,
            clock=clock,
            open=open_one,
            sandbox=sandbox,
            page_size=50,
        )
