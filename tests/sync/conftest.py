"""The hub between the reference marketplace and the reference shop."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.store.sql.execute import StoreExecutor
from orderhaven.sync.sync_run import Hub
from tests.journeys.conftest import MUG, POSTNL_CODE, Trade, start_trade
from tests.sync.seams import MARKETPLACE, SHOP, Died


class Shift(Trade):
    """A trade of which the hub can die and be started again."""

    def placed(self) -> str:
        """An order that stands in the shop."""
        ref = self.sells((MUG, 2))
        self.passes(minutes=6)
        assert self.shop_ref(ref)
        return ref

    def completed(self) -> str:
        """One whose confirmation is about to be sent."""
        ref = self.placed()
        self.shop.complete(self.shop_ref(ref), tracking_number=POSTNL_CODE)
        return ref

    def dies(self, **duration: float) -> None:
        """Time passes until the hub dies; another one starts on the same store."""
        with pytest.raises(Died):
            self.passes(**duration)
        self.hub = self.another_hub()

    def another_hub(self) -> Hub:
        return Hub(self.clock, StoreExecutor(), InProcessTransport({}), random.Random(8), self.hub.specs_by_name)

    def statements(self, **duration: float) -> list[str]:
        """What the store is asked while time passes."""

        async def captured() -> list[str]:
            # inside the loop, whose tasks have a connection of their own
            with CaptureQueriesContext(connection) as asked:
                await self._pass(self.clock.now() + timedelta(**duration))
            return [one["sql"] for one in asked.captured_queries]

        return self._loop.run_until_complete(captured())

    def told(self, side: object, what: str) -> int:
        """How many requests of this kind went out."""
        return sum(what in call for call in self.commands(side))


@pytest.fixture
def trade(request: pytest.FixtureRequest, store: None) -> Iterator[Shift]:
    marker = request.node.get_closest_marker("link")
    started = start_trade(MARKETPLACE, SHOP, **(marker.kwargs if marker else {}))
    started.__class__ = Shift
    started.passes(seconds=10)
    yield started  # type: ignore[misc]
    started.close()
