"""What a person does with one order."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import orders
from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.core.shipment import CancelReason
from orderhaven.core.status import Status
from orderhaven.ports.connector import Can
from orderhaven.ports.sandbox import Article
from orderhaven.store.models import Connection, Event, Merchant, Message, MessageState
from orderhaven.testing.door import FaultKind
from tests.actions.conftest import hand_in
from tests.journeys.conftest import POSTNL_CODE

CUP = Article("CUP-9", "8712345678999", "Cup", "4.99")


def placed(trade: Any) -> str:
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.passes(minutes=6)
    assert trade.order(ref).shop_ref
    return ref


def placed_or_not(trade: Any) -> str:
    """An order that was sent to the shop, arrived there, and stands parked here because nobody knows."""
    trade.passes(seconds=10)
    ref: str = trade.sells()
    trade.shop.faults.add(FaultKind.GARBAGE, "POST /orders")
    Connection.objects.update(hear_at=trade.clock.now())
    trade.passes(seconds=5)
    message = Message.objects.get(order__ref=ref)
    assert (message.state, message.attempt, len(trade.in_shop(ref))) == (MessageState.UNCLEAR, 1, 1)
    Message.objects.filter(pk=message.pk).update(state=MessageState.PARKED)
    return ref


def test_retry_places_an_order_whose_product_came_into_the_shop(trade: Any, by: Hand) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((CUP, 1))
    trade.passes(minutes=6)
    assert trade.problems(ref) == ["unknown_product"]

    trade.shop.stock([CUP])
    done = orders.retry(by, ref)
    trade.passes(minutes=1)

    assert (done.messages, done.problems) == (1, 1)
    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def test_retry_looks_before_it_repeats_what_may_have_happened(trade: Any, by: Hand) -> None:
    ref = placed_or_not(trade)

    orders.retry(by, ref)

    assert Message.objects.get(order__ref=ref).state == MessageState.UNCLEAR
    trade.passes(minutes=30)
    assert len(trade.shop.orders()) == 1
    assert trade.order(ref).shop_ref


def test_after_a_retry_how_long_it_takes_counts_anew(trade: Any, by: Hand) -> None:
    ref = placed_or_not(trade)
    trade.shop.delete(trade.in_shop(ref)[0].shop_ref)
    trade.passes(hours=3)
    trade.shop.faults.add(FaultKind.TRY_LATER, "POST /orders", times=1)

    orders.retry(by, ref)
    trade.passes(minutes=1)

    assert (trade.problems(ref), trade.shop.faults.waiting) == ([], [])


def test_retry_leaves_an_order_alone_that_waits_for_nothing(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    before = Event.objects.filter(order__ref=ref).count()

    done = orders.retry(by, ref)

    assert (done.messages, done.problems, done.reads) == (0, 0, False)
    assert Event.objects.filter(order__ref=ref).count() == before


def test_nothing_is_sent_for_an_order_that_was_taken_over(trade: Any, by: Hand) -> None:
    ref = placed(trade)

    orders.handle(by, ref)
    trade.shop.complete(trade.shop_ref(ref), code=POSTNL_CODE)
    trade.passes(hours=4)

    assert trade.confirmed(ref) == []
    assert trade.order(ref).status == Status.MANUAL
    assert Event.objects.filter(order__ref=ref, kind="status", actor="anna").exists()


def test_an_order_given_back_goes_on_from_what_the_shop_did_meanwhile(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    orders.handle(by, ref)
    trade.shop.complete(trade.shop_ref(ref), code=POSTNL_CODE)
    trade.passes(minutes=10)

    orders.give_back(by, ref)
    trade.passes(minutes=10)

    assert [one.code for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.order(ref).status == Status.SHIPPED


def test_an_order_given_back_goes_on_from_what_the_marketplace_did_meanwhile(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    orders.handle(by, ref)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=6)

    status = orders.give_back(by, ref)
    trade.passes(minutes=2)

    assert status is Status.CANCELLED
    assert trade.order(ref).shop_state == "cancelled"


def test_an_order_given_back_after_our_own_confirmation_is_shipped_by_us(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref), code=POSTNL_CODE)
    trade.passes(minutes=10)
    orders.handle(by, ref)

    status = orders.give_back(by, ref)
    trade.passes(minutes=40)

    assert status is Status.SHIPPED
    assert not trade.order(ref).handled_by_others
    assert trade.order(ref).closed_at is not None
    assert len(trade.confirmed(ref)) == 1


def test_a_wait_ends_when_it_would_have_although_a_person_had_the_order_for_a_while(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    until = trade.order(ref).wait_until
    trade.passes(hours=1)

    orders.handle(by, ref)
    trade.passes(minutes=30)
    status = orders.give_back(by, ref)

    assert (status, trade.order(ref).wait_until) == (Status.WAITING, until)
    orders.handle(by, ref)
    assert orders.give_back(by, ref) is Status.WAITING
    trade.passes(minutes=20)
    assert trade.order(ref).wait_until == until
    trade.passes(minutes=80)
    assert trade.order(ref).status == Status.SHIPPED
    assert [one.code for one in trade.confirmed(ref)] == [""]


def test_a_wait_that_is_over_by_the_time_the_order_is_given_back_is_over_at_once(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    orders.handle(by, ref)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)

    orders.give_back(by, ref)
    trade.passes(minutes=5)

    assert trade.order(ref).status == Status.SHIPPED
    assert [one.code for one in trade.confirmed(ref)] == [""]


def test_a_wait_that_began_while_a_person_had_an_order_that_its_buyer_cancels_ends_as_any_other(
    trade: Any, by: Hand
) -> None:
    ref = placed(trade)
    trade.marketplace.buyer_asks_to_cancel(ref)
    trade.passes(minutes=10)
    orders.handle(by, ref)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    heard = Event.objects.get(order__ref=ref, kind="completed_in_shop").at
    trade.passes(minutes=50)

    status = orders.give_back(by, ref)
    trade.passes(minutes=10)

    assert status is Status.WAITING
    assert trade.order(ref).wait_until == heard + timedelta(hours=3)


def test_an_order_that_was_shipped_with_a_number_is_so_once_it_is_given_back(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.marketplace.faults.add(FaultKind.TRY_LATER, "POST /shipments", times=1)
    trade.shop.complete(trade.shop_ref(ref), code=POSTNL_CODE)
    trade.passes(minutes=5)
    assert trade.order(ref).confirmed_at is None
    orders.handle(by, ref)

    status = orders.give_back(by, ref)
    trade.passes(minutes=10)

    assert status is Status.SHIPPED
    assert [one.code for one in trade.confirmed(ref)] == [POSTNL_CODE]


def test_an_order_reopened_while_a_person_had_it_is_open_once_it_is_given_back(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=10)
    orders.handle(by, ref)
    trade.shop.reopen(trade.shop_ref(ref))
    trade.passes(minutes=10)

    orders.give_back(by, ref)
    trade.passes(hours=4)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert trade.confirmed(ref) == []


def test_taking_over_and_giving_back_does_not_place_what_may_stand_there(trade: Any, by: Hand) -> None:
    ref = placed_or_not(trade)

    orders.handle(by, ref)
    orders.give_back(by, ref)
    trade.passes(minutes=30)

    assert len(trade.shop.orders()) == 1
    assert trade.order(ref).shop_ref


@pytest.mark.parametrize("act", [orders.give_back, orders.refuse])
def test_what_does_not_fit_the_order_is_refused_in_a_sentence(trade: Any, by: Hand, act: Any) -> None:
    ref = placed(trade)

    with pytest.raises(Impossible, match=ref):
        act(by, ref)

    assert trade.problems(ref) == []
    assert trade.order(ref).status == Status.NOT_SHIPPED


def test_a_cancelled_order_is_not_taken_over(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=6)

    with pytest.raises(Impossible, match="cancelled"):
        orders.handle(by, ref)

    assert trade.problems(ref) == []


def test_the_merchant_cancels_on_both_sides_without_being_asked(trade: Any, by: Hand) -> None:
    ref = placed(trade)

    orders.cancel(by, ref, CancelReason.OTHER)
    trade.passes(minutes=5)

    assert ref in trade.marketplace.cancelled()
    assert [one.status for one in trade.in_shop(ref)] == ["cancelled"]
    assert Message.objects.get(order__ref=ref, kind="cancel").payload.reason == "other"


def test_a_buyers_wish_to_cancel_is_accepted(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.marketplace.buyer_asks_to_cancel(ref)
    trade.passes(minutes=6)
    assert trade.order(ref).status == Status.CANCELLATION_REQUESTED

    orders.cancel(by, ref)
    trade.passes(minutes=5)

    assert ref in trade.marketplace.cancelled()
    assert Message.objects.get(order__ref=ref, kind="cancel").payload.reason == "buyer_asked"


def test_a_completed_order_is_not_cancelled(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)

    with pytest.raises(Impossible, match="completed"):
        orders.cancel(by, ref)


def test_a_buyers_wish_is_refused_and_the_order_goes_on(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.marketplace.buyer_asks_to_cancel(ref)
    trade.passes(minutes=6)

    orders.refuse(by, ref)
    trade.passes(minutes=6)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert ref not in trade.marketplace.cancelled()


def test_an_order_first_heard_with_a_wish_to_cancel_is_placed_once_that_is_refused(trade: Any, by: Hand) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.marketplace.buyer_asks_to_cancel(ref)
    trade.passes(minutes=6)
    assert trade.in_shop(ref) == []

    orders.refuse(by, ref)
    trade.passes(minutes=2)

    assert len(trade.in_shop(ref)) == 1


def test_where_a_marketplace_takes_no_refusal_shipping_refuses_and_nothing_is_told(trade: Any, by: Hand) -> None:
    from dataclasses import replace

    ref = placed(trade)
    trade.marketplace.buyer_asks_to_cancel(ref)
    trade.passes(minutes=6)
    there = trade.hub.declared["reference_marketplace"]
    without = replace(there, can=there.can - {Can.REFUSE_CANCELLATION})

    is_told = orders.refuse(replace(by, declared={**trade.hub.declared, there.name: without}), ref)

    assert not is_told
    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert not Message.objects.filter(order__ref=ref, kind="refuse").exists()


def test_an_order_that_is_not_there_is_said(trade: Any, by: Hand) -> None:
    with pytest.raises(Impossible, match="There is no order 4711"):
        orders.retry(by, "4711")


def test_another_merchants_order_is_not_there(trade: Any) -> None:
    ref = placed(trade)
    stranger = hand_in(trade, Merchant.objects.create(name="Somebody else", slug="somebody-else").pk)

    with pytest.raises(Impossible, match="There is no order"):
        orders.handle(stranger, ref)


def test_an_order_is_found_by_its_marketplace_too(trade: Any, by: Hand) -> None:
    ref = placed(trade)

    assert by.order(f"bol NL/{ref}").ref == ref


def test_a_shop_order_that_is_still_gone_is_said_again_after_a_retry(trade: Any, by: Hand) -> None:
    ref = placed(trade)
    trade.shop.trash(trade.shop_ref(ref))
    trade.passes(minutes=40)
    assert trade.problems(ref) == ["shop_order_gone"]

    orders.retry(by, ref)
    assert trade.problems(ref) == []
    trade.passes(minutes=2)

    assert trade.problems(ref) == ["shop_order_gone"]


def test_retry_does_not_say_that_held_cancellations_were_meant(trade: Any, by: Hand) -> None:
    trade.link.cancellations_per_hour = 0
    trade.link.save()
    ref = placed(trade)
    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=6)
    assert trade.problems(ref) == ["cancellations_held"]

    orders.retry(by, ref)
    trade.passes(minutes=6)

    assert trade.problems(ref) == ["cancellations_held"]
    assert ref not in trade.marketplace.cancelled()
