"""A trade with the references, and a merchant's hand in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from orderhaven.actions.context import ActionContext
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import start_trade


@pytest.fixture
def trade(request: pytest.FixtureRequest, store: None) -> Iterator[Any]:
    marker = request.node.get_closest_marker("link")
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP, **(marker.kwargs if marker else {}))
    yield started
    started.close()


@pytest.fixture
def context(trade: Any) -> ActionContext:
    return hand_in(trade)


def hand_in(trade: Any, merchant_id: int | None = None) -> ActionContext:
    return ActionContext(
        actor="anna",
        merchant_id=merchant_id or trade.link.merchant_id,
        clock=trade.clock,
        transport=lambda: trade.hub.transport,
        specs_by_name=trade.hub.specs_by_name,
    )
