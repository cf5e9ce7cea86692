"""What the ticker does beside the runs."""

import asyncio
from datetime import datetime, timedelta

from orderhaven.ports.connector import Clock
from orderhaven.store.models import Order, OrderContact
from orderhaven.sync.worker import tick
from tests.sync.conftest import Shift

_MANY = 1200  # more than are erased at once


def test_all_personal_data_whose_time_is_over_is_erased_within_seconds(trade: Shift) -> None:
    ref = trade.placed()
    order = trade.order(ref)
    made = Order.objects.bulk_create([_copy_of(order, number) for number in range(_MANY)])
    OrderContact.objects.bulk_create([OrderContact(order=one, role="ship_to", last_name="Jansen") for one in made])
    began_at = trade.clock.now() + timedelta(days=181)
    trade.clock.advance(timedelta(days=181))

    trade._loop.run_until_complete(_ticks_for(trade, seconds=10))

    assert OrderContact.objects.count() == 0
    assert trade.clock.now() - began_at < timedelta(minutes=1)


class _AtTime(asyncio.Event):
    """Set once it is that late."""

    def __init__(self, clock: Clock, moment: datetime) -> None:
        super().__init__()
        self._clock, self._moment = clock, moment

    def is_set(self) -> bool:
        return self._clock.now() >= self._moment


async def _ticks_for(trade: Shift, seconds: int) -> None:
    async def enqueue(connection_ids: list[int]) -> None:
        """Nobody runs a sync here."""

    await tick(trade.hub, enqueue, _AtTime(trade.clock, trade.clock.now() + timedelta(seconds=seconds)))


def _copy_of(order: Order, number: int) -> Order:
    columns = {field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields}
    return Order(**columns | {"id": None, "ref": f"{order.ref}-{number}"})
