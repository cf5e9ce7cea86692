"""The bol connector keeps what every marketplace connector promises."""

from collections.abc import Mapping

import pytest

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.connector import Bol
from orderhaven.connectors.bol.sandbox import Sandbox
from orderhaven.connectors.kit.bending import Bending
from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.serve import Direct
from orderhaven.ports.connector import MemoryTokens, Outside
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import MarketplaceContract, MarketplaceSubject

from . import json_rows
from .kit_faults import Spoiler

HOST = "api.bol.test"


def signs_in(request: Request) -> bool:
    return request.path == "/token"


def tells(request: Request) -> bool:
    """Outcomes are asked for with a POST."""
    return request.method != "GET" and not signs_in(request) and request.path != "/shared/process-status"


class TestBol(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        clock = ManualClock()
        sandbox = Sandbox(clock)
        transport = Bending(Direct({HOST: sandbox}), json_rows.BOL)
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
