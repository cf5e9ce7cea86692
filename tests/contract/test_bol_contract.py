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

from .kit_faults import FaultInjector

HOST = "api.bol.test"


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)
        transport = InProcessTransport({HOST: sandbox})
        injector = FaultInjector(sandbox)

        def open_one(settings: Mapping[str, str]) -> Bol:
            reached = {**sandbox.settings(f"https://{HOST}"), **settings}
            return Bol(reached, ConnectorContext(clock, transport, InMemoryTokenCache()))

        return MarketplaceSubject(
            spec=SPEC,
            clock=clock,
            open=open_one,
            sandbox=sandbox,
            lose_reply=injector.lose_reply,
            rate_limit=injector.rate_limit,
            break_with=injector.break_with,
            clear_faults=injector.clear_faults,
            precede=injector.precede,
            malform=sandbox.malform,
            expire_tokens=sandbox.auth.expire_tokens,
            page_size=50,
        )
