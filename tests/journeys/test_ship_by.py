"""By when an order must leave: what a marketplace states ends a wait in time, what is estimated never does."""

from datetime import timedelta

from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability

from .conftest import Trade


def waiting_two_hours_before_its_ship_by_time(trade: Trade) -> str:
    """Completed without a number, with three hours to wait."""
    trade.needs(Capability.SHIP_UNTRACKED, Capability.REOPEN_ORDERS)
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.passes(minutes=6)
    left = trade.order(ref).ship_by - trade.clock.now()
    trade.passes(seconds=(left - timedelta(hours=2, minutes=6)).total_seconds())
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    return ref


def test_a_wait_ends_an_hour_before_a_ship_by_time_that_is_stated_and_not_before_one_that_is_estimated(
    trade: Trade,
) -> None:
    ref = waiting_two_hours_before_its_ship_by_time(trade)
    stated = not trade.order(ref).ship_by_is_estimated
    seen = []

    for minutes in (58, 6, 106, 20):  # to a little before and after the one end and the other
        trade.passes(minutes=minutes)
        seen.append((trade.order(ref).status, [one.tracking_number for one in trade.confirmed(ref)]))

    waits, bare = (Status.WAITING, []), (Status.SHIPPED, [""])
    assert seen == ([waits] + [bare] * 3 if stated else [waits] * 3 + [bare])


def test_an_order_that_is_completed_in_its_last_hour_goes_at_once(trade: Trade) -> None:
    ref = waiting_two_hours_before_its_ship_by_time(trade)
    trade.shop.reopen(trade.shop_ref(ref))
    trade.passes(minutes=80)

    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=7)

    stated = not trade.order(ref).ship_by_is_estimated
    assert trade.order(ref).status == (Status.SHIPPED if stated else Status.WAITING)
