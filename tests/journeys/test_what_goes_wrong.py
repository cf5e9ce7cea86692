"""Answers that are lost, sides that are down, products nobody knows."""

from datetime import timedelta

import pytest

from orderhaven.actions import onboarding
from orderhaven.actions import orders as actions
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability, Side
from orderhaven.ports.sandbox import CallKind, CatalogueItem

from .conftest import LAMP, MUG, POSTNL_CODE, Trade

UNKNOWN = CatalogueItem("NOT-THERE", "8712345678999", "Thing", "5.00")


def test_a_lost_reply_does_not_create_the_order_twice(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.loses_the_reply(trade.shop, CallKind.CREATE)

    trade.passes(minutes=20)

    assert len(trade.in_shop(ref)) == 1
    assert trade.order(ref).shop_ref == trade.in_shop(ref)[0].shop_ref
    assert trade.problems(ref) == []


def test_a_lost_reply_does_not_confirm_the_shipment_twice(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.loses_the_reply(trade.marketplace, CallKind.CONFIRM)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)

    trade.passes(minutes=40)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.order(ref).confirmed_at is not None
    assert not trade.order(ref).handled_externally


def test_an_order_whose_stock_was_not_taken_is_partly_created_until_somebody_mends_it(trade: Trade) -> None:
    trade.passes(seconds=10)
    before = trade.shop.stock_of(MUG.sku)
    if not trade.shop.fail_before_stock():
        pytest.skip("this shop creates an order as a whole or not at all")
    ref = trade.sells((MUG, 5))
    trade.passes(minutes=20)
    [made] = trade.in_shop(ref)
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]
    assert "took nothing from stock" in trade.reason(ref)

    trade.shop.reduce_stock_afterwards(made.shop_ref)
    actions.retry(trade.context, ref)
    trade.passes(minutes=20)

    assert trade.problems(ref) == []
    assert (trade.order(ref).shop_ref, len(trade.in_shop(ref))) == (made.shop_ref, 1)
    assert trade.shop.stock_of(MUG.sku) == before - 5


def test_a_partly_created_order_that_somebody_throws_into_the_trash_can_be_created_again(trade: Trade) -> None:
    trade.needs(Capability.TRASH_ORDERS)
    trade.passes(seconds=10)
    if not trade.shop.fail_before_stock():
        pytest.skip("this shop creates an order as a whole or not at all")
    ref = trade.sells((MUG, 5))
    trade.passes(minutes=20)
    [made] = trade.in_shop(ref)
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]

    trade.shop.trash(made.shop_ref)
    actions.retry(trade.context, ref)
    trade.passes(minutes=20)
    assert trade.problems(ref) == [ProblemKind.SHOP_ORDER_GONE]

    onboarding.recreate(trade.context, ref)
    trade.passes(minutes=20)

    assert trade.problems(ref) == []
    assert trade.order(ref).shop_ref not in ("", made.shop_ref)


def test_a_shop_that_is_down_for_an_hour_gets_every_order_once(trade: Trade) -> None:
    trade.passes(seconds=10)
    trade.goes_down(trade.shop)
    refs = [trade.sells((MUG, 1), (LAMP, 2)) for _ in range(3)]
    trade.passes(hours=1)
    assert [trade.order(ref).status for ref in refs] == [Status.NOT_SHIPPED] * 3
    assert trade.connection(Side.SHOP).failing_since is not None

    trade.shop.faults.clear()
    trade.passes(minutes=20)

    assert [len(trade.in_shop(ref)) for ref in refs] == [1, 1, 1]
    assert trade.connection(Side.SHOP).failing_since is None


def test_an_order_for_an_unknown_product_waits_for_the_merchant_and_holds_up_no_other(trade: Trade) -> None:
    trade.passes(seconds=10)
    stuck, fine = trade.sells((UNKNOWN, 1)), trade.sells()

    trade.passes(minutes=6)

    assert trade.in_shop(stuck) == []
    assert trade.problems(stuck) == [ProblemKind.UNKNOWN_PRODUCT]
    assert len(trade.in_shop(fine)) == 1

    trade.shop.stock([UNKNOWN], 5)
    actions.retry(trade.context, stuck)
    trade.passes(minutes=6)
    assert len(trade.in_shop(stuck)) == 1
    assert trade.problems(stuck) == []


def test_a_wait_that_ends_while_the_shop_is_down_is_held_and_the_tracking_number_goes_along(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=2, minutes=30)
    trade.goes_down(trade.shop)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)

    trade.passes(hours=1, minutes=30)
    assert trade.order(ref).status == Status.WAITING
    assert trade.problems(ref) == [ProblemKind.WAIT_EXTENDED]
    assert trade.confirmed(ref) == []

    trade.shop.faults.clear()
    trade.passes(minutes=20)
    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []


def test_wrong_keys_pause_the_connection_with_one_notification_and_lose_nothing(trade: Trade) -> None:
    trade.passes(seconds=10)
    trade.rotates_secrets_wrongly(Side.SHOP)
    ref = trade.sells()

    trade.passes(hours=1)

    shop = trade.connection(Side.SHOP)
    assert (shop.state, shop.problem_kind) == ("attention", ProblemKind.AUTH_REJECTED)
    assert trade.notices(Side.SHOP) == 1
    assert trade.order(ref).status == Status.NOT_SHIPPED

    trade.puts_secrets_right(Side.SHOP)
    trade.passes(minutes=10)
    assert len(trade.in_shop(ref)) == 1


def test_a_full_disk_loses_nothing_and_doubles_nothing(trade: Trade) -> None:
    trade.passes(minutes=1)
    refs = [trade.sells((MUG, 1), (LAMP, 1)) for _ in range(120)]
    trade.clock.advance(timedelta(minutes=5))

    with trade.full_disk():
        for _ in range(5):
            trade.tries_once()
        assert not all(trade.in_shop(ref) for ref in refs)
    trade.passes(minutes=30)

    assert [len(trade.in_shop(ref)) for ref in refs] == [1] * 120
    assert {trade.order(ref).shop_sync for ref in refs} == {"synced"}
