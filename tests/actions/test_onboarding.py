"""Joining a running trade: older orders, adopted, created in the shop or ignored."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import onboarding, orders
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.order import WaitsFor
from orderhaven.core.references import order_ref_in
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import Basket
from orderhaven.store.models import Connection, Hold, Line, Message, MessageState
from orderhaven.testing.clock import START
from orderhaven.testing.sandbox_auth import FaultKind
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE

pytestmark = pytest.mark.link(from_at=START + timedelta(days=1))


def older(trade: Any, *lines: Any) -> str:
    trade.passes(seconds=10)
    ref: str = trade.sells(*lines)
    trade.passes(minutes=6)
    assert trade.order(ref).hold == Hold.OLDER
    return ref


def twin(trade: Any, number: str, *lines: Any) -> str:
    """The same order as another tool made it in the shop."""
    return str(trade.shop.create_by_other_tool(Basket(lines=lines or ((MUG, 1),)), number))


def test_older_orders_are_listed_and_not_created(trade: Any) -> None:
    ref = older(trade)

    assert trade.in_shop(ref) == []
    assert trade.order(ref).status == Status.NOT_SHIPPED


def test_an_older_order_that_waits_for_a_yes_gets_it_only_with_a_persons_word(
    trade: Any, context: ActionContext
) -> None:
    trade.passes(seconds=10)
    ref = trade.marketplace.sell(Basket([(MUG, 1)], waits_for=WaitsFor.OUR_YES))
    trade.passes(minutes=12)
    waiting = trade.order(ref).status

    onboarding.create(context, ref)
    trade.passes(minutes=20)

    assert waiting == Status.PENDING_CONFIRMATION
    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert len(trade.in_shop(ref)) == 1


def test_an_adopted_order_is_confirmed_when_the_shop_completes_it(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    shop_ref = twin(trade, "OLD-1")

    onboarding.adopt(context, ref, shop_ref, although_it_differs=True)
    assert Line.objects.get(order__ref=ref).in_shop == 1
    trade.shop.complete(shop_ref, tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert trade.in_shop(ref) == []
    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.problems(ref) == []


def test_what_an_older_version_adopted_although_it_differs_is_confirmed_as_it_was_agreed_to(
    trade: Any, context: ActionContext
) -> None:
    ref = older(trade)
    shop_ref = twin(trade, "OLD-1", (LAMP, 1))
    onboarding.adopt(context, ref, shop_ref, although_it_differs=True)
    Line.objects.update(product_ref="")  # it did not keep which product that was

    trade.shop.complete(shop_ref, tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.raised(ref) == []
    assert Line.objects.get(order__ref=ref).product_ref


def test_other_pieces_than_an_older_version_adopted_are_asked_for(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    shop_ref = twin(trade, "OLD-1", (LAMP, 1))
    onboarding.adopt(context, ref, shop_ref, although_it_differs=True)
    Line.objects.update(product_ref="")

    trade.shop.change_quantity(shop_ref, LAMP.sku, 3)
    trade.shop.complete(shop_ref, tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert trade.confirmed(ref) == []
    assert trade.problems(ref) == ["quantities_differ"]


def test_an_order_that_an_older_version_created_is_not_taken_as_another_article(
    trade: Any, context: ActionContext
) -> None:
    ref = older(trade)
    onboarding.create(context, ref)
    trade.passes(minutes=6)
    Line.objects.update(product_ref="")

    trade.shop.change_quantity(trade.shop_ref(ref), MUG.sku, 0)
    trade.shop.add_line(trade.shop_ref(ref), LAMP, 1, "5.00")
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert trade.problems(ref) == ["quantities_differ"]


def test_a_shop_order_with_other_pieces_is_not_adopted(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    shop_ref = twin(trade, "OLD-1", (MUG, 2))

    with pytest.raises(ActionRefused, match="2 instead of 1"):
        onboarding.adopt(context, ref, shop_ref)

    assert trade.order(ref).shop_ref == ""
    assert trade.problems(ref) == ["adopted_differs"]


def test_a_shop_order_is_adopted_once(trade: Any, context: ActionContext) -> None:
    first, second = older(trade), older(trade)
    shop_ref = twin(trade, "OLD-1")
    onboarding.adopt(context, first, shop_ref, although_it_differs=True)

    with pytest.raises(ActionRefused, match=f"belongs to order {first}"):
        onboarding.adopt(context, second, shop_ref, although_it_differs=True)


def test_a_cancelled_shop_order_is_not_adopted_because_that_would_cancel(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    shop_ref = twin(trade, "OLD-1")
    trade.shop.cancel(shop_ref)

    with pytest.raises(ActionRefused, match="cancelled"):
        onboarding.adopt(context, ref, shop_ref, although_it_differs=True)

    trade.passes(minutes=10)
    assert ref not in trade.marketplace.cancelled()


def test_a_shop_order_that_is_not_there_is_said(trade: Any, context: ActionContext) -> None:
    ref = older(trade)

    with pytest.raises(ActionRefused, match="The shop has no order 99999"):
        onboarding.adopt(context, ref, "99999")


def test_many_are_adopted_and_what_cannot_be_holds_nothing_up(trade: Any, context: ActionContext) -> None:
    refs = [older(trade) for _ in range(3)]
    twins = [twin(trade, f"OLD-{number}") for number in range(2)]
    pairs = [(refs[0], twins[0]), ("4711", "1"), (refs[1], "99999"), (refs[2], twins[1])]

    done = onboarding.adopt_all(context, pairs, although_they_differ=True)

    assert {one.ref for one in done if not one.sentence} == {refs[0], refs[2]}
    assert {one.ref for one in done if one.sentence} == {"4711", refs[1]}


@pytest.mark.parametrize("text", ["A1,7\nA2,8\n", "order;shop\nA1;7\nA2;8", "\ufeffA1\t7\r\n\r\nA2\t8\r\n"])
def test_pairs_are_read_from_a_spreadsheets_text(text: str) -> None:
    assert onboarding.pairs_in(text) == [("A1", "7"), ("A2", "8")]


def test_a_line_without_a_pair_is_named() -> None:
    with pytest.raises(ActionRefused, match="Line 2"):
        onboarding.pairs_in("A1,7\nA2,\n")


def test_an_older_order_is_created_on_a_persons_word(trade: Any, context: ActionContext) -> None:
    ref = older(trade)

    onboarding.create(context, ref)
    trade.passes(minutes=1)

    assert len(trade.in_shop(ref)) == 1
    with pytest.raises(ActionRefused, match="stands in the shop already"):
        onboarding.create(context, ref)


def test_all_older_orders_are_created_or_ignored(trade: Any, context: ActionContext) -> None:
    left = older(trade)
    assert onboarding.ignore_older(context, "bol NL") == 1
    refs = [older(trade), older(trade, (LAMP, 1))]

    assert onboarding.create_older(context, "bol NL") == 2
    trade.passes(minutes=1)

    assert [len(trade.in_shop(ref)) for ref in refs] == [1, 1]
    assert trade.in_shop(left) == []
    assert trade.order(left).hold == Hold.IGNORED


def test_an_ignored_order_can_still_be_created(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    onboarding.ignore(context, ref)

    onboarding.create(context, ref)
    trade.passes(minutes=1)

    assert len(trade.in_shop(ref)) == 1


def test_an_order_whose_shop_order_was_deleted_is_created_again_under_a_new_reference(
    trade: Any, context: ActionContext
) -> None:
    ref = older(trade)
    onboarding.create(context, ref)
    trade.passes(minutes=1)
    trade.shop.delete(trade.shop_ref(ref))
    trade.passes(minutes=40)
    assert trade.problems(ref) == ["shop_order_gone"]

    onboarding.recreate(context, ref)
    trade.passes(minutes=2)

    assert [order_ref_in(one.reference) for one in trade.shop.orders()] == [f"{ref}-2"]
    assert trade.problems(ref) == []


def test_what_was_partly_created_adopted_and_then_deleted_is_created_again_and_not_looked_for(
    trade: Any, context: ActionContext
) -> None:
    ref = older(trade)
    onboarding.create(context, ref)
    trade.shop.faults.add(FaultKind.GARBAGE, "POST /orders")
    trade.passes(seconds=5)
    Message.objects.filter(order__ref=ref).update(state=MessageState.BLOCKED)
    Connection.objects.update(push_at=None)
    [half_made] = trade.in_shop(ref)
    onboarding.adopt(context, ref, half_made.shop_ref)
    trade.shop.trash(half_made.shop_ref)
    trade.passes(minutes=40)

    onboarding.recreate(context, ref)
    trade.passes(minutes=2)

    assert trade.order(ref).shop_ref not in ("", half_made.shop_ref)


def test_an_order_that_stands_in_the_shop_is_not_created_again(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    onboarding.create(context, ref)
    trade.passes(minutes=1)

    with pytest.raises(ActionRefused, match="is not gone"):
        onboarding.recreate(context, ref)


def test_adopting_a_taken_over_order_sends_nothing(trade: Any, context: ActionContext) -> None:
    ref = older(trade)
    orders.handle(context, ref)
    shop_ref = twin(trade, "OLD-1")

    onboarding.adopt(context, ref, shop_ref, although_it_differs=True)
    trade.shop.complete(shop_ref, tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    assert trade.confirmed(ref) == []
