"""The bol connector keeps what every marketplace connector promises."""

from collections.abc import Mapping

import pytest

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.malformed_rows import MalformedRows
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import MarketplaceContract, MarketplaceSubject

from . import json_rows
from .kit_faults import FaultInjector

HOST = "api.bol.test"


def signs_in(request: Request) -> bool:
    return request.path == "/token"


def is_command(request: Request) -> bool:
    """Outcomes are asked for with a POST."""
    return request.method != "GET" and not signs_in(request) and request.path != "/shared/process-status"


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)
        transport = MalformedRows(InProcessTransport({HOST: sandbox}), json_rows.BOL)
        injector = FaultInjector(sandbox.faults, is_command, signs_in)

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
            malform=transport.malform,
            expire_tokens=sandbox.auth.expire_tokens,
            signs_in=lambda call: call == "POST /token",
            only_asks=lambda call: call.startswith("GET ") or call == "POST /shared/process-status",
            page_size=50,
        )
