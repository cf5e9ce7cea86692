"""What a person does with one order."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import orders
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.commands import CancelReason
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Connection, Event, Merchant, Message, MessageState
from orderhaven.testing.sandbox_auth import FaultKind
from tests.actions.conftest import hand_in
from tests.journeys.conftest import POSTNL_CODE

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def placed(trade: Any) -> str:
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.passes(minutes=6)
    assert trade.order(ref).shop_ref
    return ref


def placed_or_not(trade: Any) -> str:
    """An order that was sent to the shop, arrived there, and stands blocked here because nobody knows."""
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.shop.faults.add(FaultKind.GARBAGE, "POST /orders")
    Connection.objects.update(pull_at=trade.clock.now())
    trade.passes(seconds=5)
    message = Message.objects.get(order__ref=ref)
    assert (message.state, message.attempt, len(trade.in_shop(ref))) == (MessageState.UNCONFIRMED, 1, 1)
    Message.objects.filter(pk=message.pk).update(state=MessageState.BLOCKED)
    return ref


def test_retry_creates_an_order_whose_product_came_into_the_shop(trade: Any, context: ActionContext) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((CUP, 1))
    trade.passes(minutes=6)
    assert trade.problems(ref) == ["unknown_product"]

    trade.shop.stock([CUP])
    done = orders.retry(context, ref)
    trade.passes(minutes=1)

    assert (done.messages, done.problems) == (1, 1)
    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def test_retry_looks_before_it_repeats_what_may_have_happened(trade: Any, context: ActionContext) -> None:
    ref = placed_or_not(trade)

    orders.retry(context, ref)

    assert Message.objects.get(order__ref=ref).state == MessageState.UNCONFIRMED
    trade.passes(minutes=30)
    assert len(trade.shop.orders()) == 1
    assert trade.order(ref).shop_ref


def test_after_a_retry_how_long_it_takes_counts_anew(trade: Any, context: ActionContext) -> None:
    ref = placed_or_not(trade)
    trade.shop.delete(trade.in_shop(ref)[0].shop_ref)
    trade.passes(hours=3)
    trade.shop.faults.add(FaultKind.TRY_LATER, "POST /orders", times=1)

    orders.retry(context, ref)
    trade.passes(minutes=1)

    assert (trade.problems(ref), trade.shop.faults.waiting) == ([], [])


def test_retry_leaves_an_order_alone_that_waits_for_nothing(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    before = Event.objects.filter(order__ref=ref).count()

    done = orders.retry(context, ref)

    assert (done.messages, done.problems, done.reads) == (0, 0, False)
    assert Event.objects.filter(order__ref=ref).count() == before


def test_nothing_is_sent_for_an_order_that_was_taken_over(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)

    orders.handle(context, ref)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(hours=4)

    assert trade.confirmed(ref) == []
    assert trade.order(ref).status == Status.MANUAL
    assert Event.objects.filter(order__ref=ref, kind="status", actor="anna").exists()


def test_an_order_given_back_goes_on_from_what_the_shop_did_meanwhile(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    orders.handle(context, ref)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    orders.give_back(context, ref)
    trade.passes(minutes=10)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.order(ref).status == Status.SHIPPED


def test_an_order_given_back_goes_on_from_what_the_marketplace_did_meanwhile(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    orders.handle(context, ref)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=6)

    status = orders.give_back(context, ref)
    trade.passes(minutes=2)

    assert status is Status.CANCELLED
    assert trade.order(ref).shop_state == "cancelled"


def test_an_order_given_back_after_our_own_confirmation_is_shipped_by_us(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    orders.handle(context, ref)

    status = orders.give_back(context, ref)
    trade.passes(minutes=40)

    assert status is Status.SHIPPED
    assert not trade.order(ref).handled_externally
    assert trade.order(ref).closed_at is not None
    assert len(trade.confirmed(ref)) == 1


def test_a_wait_ends_when_it_would_have_although_a_person_had_the_order_for_a_while(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    until = trade.order(ref).wait_until
    trade.passes(hours=1)

    orders.handle(context, ref)
    trade.passes(minutes=30)
    status = orders.give_back(context, ref)

    assert (status, trade.order(ref).wait_until) == (Status.WAITING, until)
    orders.handle(context, ref)
    assert orders.give_back(context, ref) is Status.WAITING
    trade.passes(minutes=20)
    assert trade.order(ref).wait_until == until
    trade.passes(minutes=80)
    assert trade.order(ref).status == Status.SHIPPED
    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]


def test_a_wait_that_is_over_by_the_time_the_order_is_given_back_is_over_at_once(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    orders.handle(context, ref)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)

    orders.give_back(context, ref)
    trade.passes(minutes=5)

    assert trade.order(ref).status == Status.SHIPPED
    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]


def test_a_wait_that_began_while_a_person_had_an_order_that_its_buyer_cancels_ends_as_any_other(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=10)
    orders.handle(context, ref)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    completed_at = Event.objects.get(order__ref=ref, kind="completed_in_shop").at
    trade.passes(minutes=50)

    status = orders.give_back(context, ref)
    trade.passes(minutes=10)

    assert status is Status.WAITING
    assert trade.order(ref).wait_until == completed_at + timedelta(hours=3)


def test_an_order_that_was_shipped_with_a_number_is_so_once_it_is_given_back(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    trade.marketplace.faults.add(FaultKind.TRY_LATER, "POST /shipments", times=1)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=5)
    assert trade.order(ref).confirmed_at is None
    orders.handle(context, ref)

    status = orders.give_back(context, ref)
    trade.passes(minutes=10)

    assert status is Status.SHIPPED
    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]


def test_an_order_reopened_while_a_person_had_it_is_open_once_it_is_given_back(
    trade: Any, context: ActionContext
) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    orders.handle(context, ref)
    trade.shop.reopen(trade.shop_ref(ref))
    trade.passes(minutes=10)

    orders.give_back(context, ref)
    trade.passes(hours=4)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert trade.confirmed(ref) == []


def test_taking_over_and_giving_back_does_not_create_what_may_stand_there(trade: Any, context: ActionContext) -> None:
    ref = placed_or_not(trade)

    orders.handle(context, ref)
    orders.give_back(context, ref)
    trade.passes(minutes=30)

    assert len(trade.shop.orders()) == 1
    assert trade.order(ref).shop_ref


@pytest.mark.parametrize("act", [orders.give_back, orders.refuse])
def test_what_does_not_fit_the_order_is_refused_in_a_sentence(trade: Any, context: ActionContext, act: Any) -> None:
    ref = placed(trade)

    with pytest.raises(ActionRefused, match=ref):
        act(context, ref)

    assert trade.problems(ref) == []
    assert trade.order(ref).status == Status.NOT_SHIPPED


def test_a_cancelled_order_is_not_taken_over(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=6)

    with pytest.raises(ActionRefused, match="cancelled"):
        orders.handle(context, ref)

    assert trade.problems(ref) == []


def test_the_merchant_cancels_on_both_sides_without_being_asked(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)

    orders.cancel(context, ref, CancelReason.OTHER)
    trade.passes(minutes=5)

    assert ref in trade.marketplace.cancelled()
    assert [one.status for one in trade.in_shop(ref)] == ["cancelled"]
    assert Message.objects.get(order__ref=ref, kind="cancel").payload.reason == "other"


def test_a_cancellation_request_is_accepted(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)
    assert trade.order(ref).status == Status.CANCELLATION_REQUESTED

    orders.cancel(context, ref)
    trade.passes(minutes=5)

    assert ref in trade.marketplace.cancelled()
    assert Message.objects.get(order__ref=ref, kind="cancel").payload.reason == "buyer_request"


def test_a_completed_order_is_not_cancelled(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)

    with pytest.raises(ActionRefused, match="completed"):
        orders.cancel(context, ref)


def test_a_cancellation_request_is_refused_and_the_order_goes_on(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)

    orders.refuse(context, ref)
    trade.passes(minutes=6)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert ref not in trade.marketplace.cancelled()


def test_an_order_first_pulled_with_a_cancellation_request_is_created_once_that_is_refused(
    trade: Any, context: ActionContext
) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)
    assert trade.in_shop(ref) == []

    orders.refuse(context, ref)
    trade.passes(minutes=2)

    assert len(trade.in_shop(ref)) == 1


def test_where_a_marketplace_takes_no_refusal_shipping_refuses_and_nothing_is_sent(
    trade: Any, context: ActionContext
) -> None:
    from dataclasses import replace

    ref = placed(trade)
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)
    there = trade.hub.specs_by_name["reference_marketplace"]
    without = replace(there, capabilities=there.capabilities - {Capability.REFUSE_CANCELLATION})

    is_sent = orders.refuse(replace(context, specs_by_name={**trade.hub.specs_by_name, there.name: without}), ref)

    assert not is_sent
    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert not Message.objects.filter(order__ref=ref, kind="refuse").exists()


def test_an_order_that_is_not_there_is_said(trade: Any, context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="There is no order 4711"):
        orders.retry(context, "4711")


def test_another_merchants_order_is_not_there(trade: Any) -> None:
    ref = placed(trade)
    stranger = hand_in(trade, Merchant.objects.create(name="Somebody else", slug="somebody-else").pk)

    with pytest.raises(ActionRefused, match="There is no order"):
        orders.handle(stranger, ref)


def test_an_order_is_found_by_its_marketplace_too(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)

    assert context.order(f"bol NL/{ref}").ref == ref


def test_a_shop_order_that_is_still_gone_is_said_again_after_a_retry(trade: Any, context: ActionContext) -> None:
    ref = placed(trade)
    trade.shop.trash(trade.shop_ref(ref))
    trade.passes(minutes=40)
    assert trade.problems(ref) == ["shop_order_gone"]

    orders.retry(context, ref)
    assert trade.problems(ref) == []
    trade.passes(minutes=2)

    assert trade.problems(ref) == ["shop_order_gone"]


def test_retry_does_not_say_that_held_cancellations_were_meant(trade: Any, context: ActionContext) -> None:
    trade.link.cancellations_per_hour = 0
    trade.link.save()
    ref = placed(trade)
    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=6)
    assert trade.problems(ref) == ["cancellations_on_hold"]

    orders.retry(context, ref)
    trade.passes(minutes=6)

    assert trade.problems(ref) == ["cancellations_on_hold"]
    assert ref not in trade.marketplace.cancelled()
