"""The main job, told as stories."""

from datetime import timedelta

from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability, Side
from orderhaven.store.connections import connections

from .conftest import LAMP, MUG, POSTNL_CODE, Trade


def test_an_order_goes_to_the_shop_and_its_shipment_comes_back(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 2), (LAMP, 1))

    trade.passes(minutes=6)

    assert [one.quantities for one in trade.in_shop(ref)] == [{"MUG-1": 2, "LAMP-2": 1}]
    assert trade.order(ref).status == Status.NOT_SHIPPED

    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert [(one.tracking_number, sum(one.quantities.values())) for one in trade.confirmed(ref)] == [(POSTNL_CODE, 3)]
    assert trade.history(ref) == [Status.SHIPPED]
    assert trade.order(ref).marketplace_sync == "synced"
    assert trade.problems(ref) == []


def test_a_tracking_number_that_comes_in_the_last_minute_of_the_wait_goes_along(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    waits_until = trade.order(ref).wait_until
    assert waits_until is not None

    left = waits_until - trade.clock.now() - timedelta(minutes=1)
    trade.passes(seconds=left.total_seconds())
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]


def test_an_order_without_a_tracking_number_waits_three_hours_and_then_goes_untracked(trade: Trade) -> None:
    trade.needs(Capability.SHIP_UNTRACKED)
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))

    trade.passes(hours=2, minutes=55)
    assert trade.order(ref).status == Status.WAITING
    assert trade.confirmed(ref) == []

    trade.passes(minutes=20)
    [shipment] = trade.confirmed(ref)
    assert shipment.tracking_number == ""
    assert shipment.carrier_code in ("", trade.marketplace_spec.other_carrier)  # theirs for "we do not say who"
    assert trade.history(ref) == [Status.WAITING, Status.SHIPPED]


def test_a_hub_that_is_started_again_needs_no_new_token(trade: Trade) -> None:
    trade.passes(minutes=1)
    signed_in = trade.sign_ins()
    assert signed_in or not trade.marketplace.expire_tokens()  # where nobody signs in, nobody signs in again

    trade.starts_again()
    connections.nudge(trade.connection(Side.MARKETPLACE).pk, trade.clock.now(), "pull_at")
    trade.passes(minutes=1)

    assert trade.sign_ins() == signed_in
