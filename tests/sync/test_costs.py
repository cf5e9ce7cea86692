"""What a run reads: orders by the hundred, and none of them by itself."""

import re
from collections.abc import Callable

import pytest

from orderhaven.testing.sandbox_auth import FaultKind
from tests.sync.conftest import MUG, POSTNL_CODE, Shift

_ONE_ROW = re.compile(r'FROM "store_(order|line|message|person|link)" WHERE "store_\w+"."id" = ')
_ORDERS = 3


def _all_goes_well(trade: Shift) -> None:
    return None


def _placings_go_unanswered(trade: Shift) -> None:
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /orders", times=_ORDERS)


def _confirmations_go_unanswered(trade: Shift) -> None:
    trade.marketplace.faults.add(FaultKind.LOST_AFTER, "POST /shipments", times=_ORDERS)


def _confirmations_are_put_off(trade: Shift) -> None:
    trade.marketplace.faults.add(FaultKind.RATE_LIMITED, "POST /shipments", times=_ORDERS)


@pytest.mark.parametrize(
    "story", [_all_goes_well, _placings_go_unanswered, _confirmations_go_unanswered, _confirmations_are_put_off]
)
def test_no_row_is_read_by_itself(trade: Shift, story: Callable[[Shift], None]) -> None:
    story(trade)
    refs = [trade.sells((MUG, 2)) for _ in range(_ORDERS)]

    asked = trade.statements(minutes=30)
    for ref in refs[:-1]:
        trade.shop.complete(trade.order(ref).shop_ref, tracking_number=POSTNL_CODE)
    trade.shop.complete(trade.order(refs[-1]).shop_ref)  # without a code: it waits
    asked += trade.statements(minutes=60)

    assert {trade.order(ref).status for ref in refs} == {"shipped", "waiting"}
    assert len(asked) > 100
    assert [one for one in asked if _ONE_ROW.search(one)] == []


def test_no_row_is_read_by_itself_when_minds_are_changed_and_the_shop_is_down(trade: Shift) -> None:
    refs = [trade.sells((MUG, 2)) for _ in range(_ORDERS)]
    asked = trade.statements(minutes=10)
    for change in (trade.marketplace.request_cancellation, trade.marketplace.withdraw_cancellation_request):
        for ref in refs:
            change(ref)
        asked += trade.statements(minutes=10)
    for ref in refs:
        trade.shop.complete(trade.order(ref).shop_ref)
    asked += trade.statements(minutes=10)
    trade.goes_down(trade.shop)
    asked += trade.statements(hours=4)
    assert all(trade.problems(ref) == ["wait_extended"] for ref in refs)
    trade.marketplace.cancel(refs[0])
    asked += trade.statements(minutes=10)

    assert trade.order(refs[0]).status == "cancelled"
    assert [one for one in asked if _ONE_ROW.search(one)] == []
