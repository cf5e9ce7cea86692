"""Whose turn it is when something goes wrong: what stops, what goes on, and what a person hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orderhaven.actions.account_setup import poll_now, resume
from orderhaven.actions.orders import retry
from orderhaven.core.errors import (
    AuthRejected,
    MayNotWrite,
    OrderMissing,
    OrderRejected,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
)
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.ports.connector import ConnectorSpec, Side
from orderhaven.store.connections import connections
from orderhaven.store.models import Connection, ConnectionState, Event, Message, Problem
from orderhaven.testing.sandbox_auth import FaultKind
from tests.journeys.conftest import start_trade
from tests.sync.conftest import MUG, POSTNL_CODE, Shift
from tests.sync.seams import MARKETPLACE, SHOP, cut_in, fails_for, mend


def calls(trade: Shift, side: str, what: str) -> int:
    return sum(what in call for call in getattr(trade, side).calls)


# ---------------------------------------------------------------- nobody's turn


def test_they_are_left_alone_for_as_long_as_they_ask(trade: Shift) -> None:
    trade.sells()
    trade.shop.faults.add(FaultKind.RATE_LIMITED, "POST /orders", delay=timedelta(minutes=20))
    trade.passes(minutes=6)
    before = len(trade.shop.calls)

    trade.passes(minutes=14)
    quiet = len(trade.shop.calls) - before
    trade.passes(minutes=10)

    assert quiet == 0
    assert trade.told(trade.shop, "/orders") == 2


def test_a_request_to_slow_down_is_no_failure(trade: Shift) -> None:
    trade.sells()
    trade.shop.faults.add(FaultKind.RATE_LIMITED, "POST /orders")

    trade.passes(minutes=6)

    assert trade.connection(Side.SHOP).failures == 0


def test_a_request_to_slow_down_without_a_time_is_heeded_for_a_while(trade: Shift) -> None:
    ref = trade.sells()
    trade.shop.faults.add(FaultKind.RATE_LIMITED, "POST /orders")

    trade.passes(minutes=10)

    assert trade.told(trade.shop, "/orders") == 2
    assert trade.shop_ref(ref)


def test_a_wait_that_ends_while_they_want_quiet_does_not_break_it(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=2, minutes=55)
    until = trade.clock.now() + timedelta(minutes=40)
    Connection.objects.filter(side=Side.SHOP).update(backoff_until=until)
    before = len(trade.shop.calls)

    trade.passes(minutes=35)

    assert len(trade.shop.calls) == before
    assert trade.order(ref).status == Status.WAITING


def test_a_batch_of_which_nothing_came_through_ends_the_sync_run(trade: Shift) -> None:
    for _ in range(3):
        trade.sells()
    trade.shop.faults.add(FaultKind.NOT_SENT, "POST /orders", times=3)

    trade.passes(minutes=5, seconds=31)

    shop = trade.connection(Side.SHOP)
    assert shop.failures == 1
    assert shop.backoff_until is not None


def test_a_side_that_is_back_is_forgiven(trade: Shift) -> None:
    refs = [trade.sells() for _ in range(3)]
    trade.goes_down(trade.shop)
    trade.passes(minutes=30)
    assert trade.connection(Side.SHOP).failures > 1

    trade.shop.faults.clear()
    trade.passes(minutes=15)

    shop = trade.connection(Side.SHOP)
    assert (shop.failures, shop.failing_since, shop.backoff_until) == (0, None, None)
    assert all(trade.shop_ref(ref) for ref in refs)


@pytest.mark.parametrize("minutes", [0, 60 * 24 * 365])
def test_a_setting_that_makes_no_sense_does_not_stop_the_trade(trade: Shift, minutes: int) -> None:
    """Retry-After: 0 must not become a storm, and a wrong one must not silence a shop for a year."""
    ref = trade.sells()
    cut_in(trade.shop, "find", fails_for("", SafeToRetry("maintenance", timedelta(minutes=minutes))))
    trade.passes(minutes=10)
    looks = calls(trade, "shop", "GET")
    mend(trade.shop)

    trade.passes(hours=2)

    assert looks < 40
    assert trade.shop_ref(ref)


# ---------------------------------------------------------------- the merchant's, this connection


def test_a_wrong_key_pauses_the_connection_with_one_notification(trade: Shift) -> None:
    trade.rotates_secrets_wrongly(Side.MARKETPLACE)

    trade.passes(hours=2)

    marketplace = trade.connection(Side.MARKETPLACE)
    assert (marketplace.state, marketplace.problem_kind) == (ConnectionState.ATTENTION, ProblemKind.AUTH_REJECTED)
    assert Event.objects.filter(kind="needs_attention").count() == 1


@pytest.mark.parametrize(("role", "where"), [(Side.MARKETPLACE, "before confirm"), (Side.SHOP, "before place")])
def test_a_key_that_may_read_and_is_rejected_whatever_it_sends_is_reported_within_minutes(
    trade: Shift, role: Side, where: str
) -> None:
    trade.completed()
    trade.sells()
    side = trade.marketplace if role is Side.MARKETPLACE else trade.shop
    cut_in(side, where, fails_for("", SafeToRetry("maintenance")))
    trade.passes(minutes=50)  # by now what is pushed is tried again once in a quarter of an hour
    cut_in(side, where, fails_for("", AuthRejected("there", "it lacks a right")))

    trade.passes(minutes=30)

    row = trade.connection(role)
    assert (row.state, row.problem_kind) == (ConnectionState.ATTENTION, ProblemKind.AUTH_REJECTED)
    assert trade.notices(role) == 1


def test_a_key_of_which_the_answer_says_that_it_may_only_read_is_said_at_once(trade: Shift) -> None:
    cut_in(trade.shop, "before place", fails_for("", MayNotWrite("there", "the key may read but not write")))
    trade.sells()

    trade.passes(minutes=6)

    assert trade.connection(Side.SHOP).state == ConnectionState.ATTENTION
    assert trade.notices(Side.SHOP) == 1
    assert "the key may read but not write" in trade.connection(Side.SHOP).problem_values["reason"]


def test_what_was_refused_for_the_key_goes_as_soon_as_somebody_resumes(trade: Shift) -> None:
    cut_in(trade.shop, "before place", fails_for("", MayNotWrite("there", "the key may read but not write")))
    ref = trade.sells()
    while trade.connection(Side.SHOP).state != ConnectionState.ATTENTION:
        trade.passes(seconds=1)

    mend(trade.shop)
    resume(trade.context, trade.connection(Side.SHOP).name)
    trade.passes(seconds=5)

    assert len(trade.in_shop(ref)) == 1


def test_a_rejection_or_two_are_a_hiccup_that_nobody_is_notified_of(trade: Shift) -> None:
    ref = trade.completed()
    cut_in(trade.marketplace, "before confirm", fails_for("", AuthRejected("there", "expired")))
    trade.passes(minutes=4)
    assert trade.connection(Side.MARKETPLACE).rejections in (1, 2)

    mend(trade.marketplace)
    trade.passes(minutes=10)

    marketplace = trade.connection(Side.MARKETPLACE)
    assert (marketplace.state, marketplace.rejections, marketplace.rejected_since) == (ConnectionState.ACTIVE, 0, None)
    assert Event.objects.filter(kind="needs_attention").count() == 0
    assert len(trade.confirmed(ref)) == 1


def test_the_third_refusal_in_five_minutes_is_believed(trade: Shift) -> None:
    began = trade.clock.now()
    trade.rotates_secrets_wrongly(Side.MARKETPLACE)
    connections.nudge(trade.connection(Side.MARKETPLACE).pk, began, "pull_at")
    before = trade.sign_ins()

    trade.passes(minutes=4, seconds=59)
    waiting = trade.connection(Side.MARKETPLACE)
    trade.passes(seconds=2)

    assert (waiting.state, waiting.rejections) == (ConnectionState.ACTIVE, 2)
    assert trade.connection(Side.MARKETPLACE).state == ConnectionState.ATTENTION
    assert trade.sign_ins() - before == 3


def test_three_refusals_within_a_minute_are_still_a_hiccup(trade: Shift) -> None:
    trade.rotates_secrets_wrongly(Side.MARKETPLACE)
    for _ in range(4):
        poll_now(trade.context, "bol NL")
        trade.passes(seconds=15)

    assert trade.connection(Side.MARKETPLACE).rejections == 4
    assert trade.connection(Side.MARKETPLACE).state == ConnectionState.ACTIVE


def test_what_a_paused_connection_missed_is_sent_when_it_goes_on(trade: Shift) -> None:
    ref = trade.completed()
    connections.set_state(trade.connection(Side.MARKETPLACE).pk, ConnectionState.PAUSED, trade.clock.now(), "tester")
    trade.passes(hours=1)
    assert trade.confirmed(ref) == []

    connections.set_state(trade.connection(Side.MARKETPLACE).pk, ConnectionState.ACTIVE, trade.clock.now(), "tester")
    trade.passes(minutes=5)

    assert len(trade.confirmed(ref)) == 1


def loses_keys(trade: Shift, role: Side) -> None:
    from cryptography.fernet import Fernet

    foreign = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    Connection.objects.filter(side=role).update(secrets=foreign)


def test_lost_keys_do_not_make_the_hub_run_in_circles(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    loses_keys(trade, Side.SHOP)

    trade.passes(hours=4)

    assert "key that is not in" in trade.connection(Side.SHOP).last_error
    assert trade.problems(ref) == [ProblemKind.WAIT_EXTENDED]


def test_a_wait_ends_by_the_clock_alone_while_the_keys_are_lost(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    loses_keys(trade, Side.SHOP)

    trade.passes(hours=23)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]


# ---------------------------------------------------------------- one order's trouble


@pytest.mark.parametrize(
    "error", [OrderMissing("there", "?"), UnexpectedResponse("a new word"), SafeToRetry("answered 500"), KeyError("x")]
)
def test_an_order_that_cannot_be_read_does_not_hold_up_the_others(trade: Shift, error: Exception) -> None:
    stuck = trade.sells()
    cut_in(trade.marketplace, "read", fails_for(stuck, error))
    fine = trade.sells()

    trade.passes(minutes=6)
    later = trade.sells()
    trade.passes(minutes=6)

    assert [bool(trade.in_shop(ref)) for ref in (stuck, fine, later)] == [False, True, True]
    assert trade.connection(Side.MARKETPLACE).failures == 0


def test_after_one_that_cannot_be_read_the_list_is_pulled_to_its_end_first(trade: Shift) -> None:
    """Or a list with more pages than orders may be read would begin again for ever."""
    refs = [trade.sells() for _ in range(3)]
    trade.marketplace.page_size = 1
    newest = refs[-1]  # stands on the page that is read first
    cut_in(trade.marketplace, "read", fails_for(newest, RateLimited("slow down", timedelta(minutes=30))))

    trade.passes(minutes=6)

    calls = trade.marketplace.calls
    last_page = calls.index("GET /orders/page/1")
    assert all(calls.index(f"GET /orders/{ref}") > last_page for ref in refs[:-1])
    assert trade.order(newest).read_at is None
    assert trade.connection(Side.MARKETPLACE).cursor


def test_an_order_that_can_be_read_again_goes_on(trade: Shift) -> None:
    ref = trade.sells()
    cut_in(trade.marketplace, "read", fails_for(ref, SafeToRetry("answered 500")))
    trade.passes(minutes=10)
    mend(trade.marketplace)

    trade.passes(minutes=25)

    assert trade.shop_ref(ref)
    assert trade.problems(ref) == []


def test_a_marketplace_that_limits_reading_is_left_alone_and_loses_nothing(trade: Shift) -> None:
    refs = [trade.sells() for _ in range(3)]
    cut_in(trade.marketplace, "read", fails_for(refs[1], RateLimited("slow down", timedelta(minutes=2))))
    trade.passes(minutes=6)
    mend(trade.marketplace)

    trade.passes(minutes=10)

    assert all(trade.shop_ref(ref) for ref in refs)


@pytest.mark.parametrize(
    "error", [OrderMissing("there", "?"), UnexpectedResponse("a new word"), SafeToRetry("answered 500")]
)
def test_a_confirmation_that_cannot_be_looked_for_does_not_hold_up_the_others(trade: Shift, error: Exception) -> None:
    stuck = trade.completed()
    trade.marketplace.faults.add(FaultKind.LOST_BEFORE, "POST /shipments")
    cut_in(trade.marketplace, "look", fails_for(stuck, error))
    trade.passes(minutes=6)
    fine = trade.completed()

    trade.passes(minutes=12)

    assert trade.confirmed(stuck) == []
    assert len(trade.confirmed(fine)) == 1


def test_an_outcome_in_an_unknown_word_does_not_hold_up_the_others(trade: Shift) -> None:
    stuck = trade.completed()
    trade.marketplace.outcome_takes = timedelta(hours=1)
    trade.passes(minutes=6)
    handle = Message.objects.get(order__ref=stuck, kind="confirm").handle
    cut_in(trade.marketplace, "outcomes", fails_for(handle, UnexpectedResponse("a new word")))
    trade.marketplace.outcome_takes = timedelta(seconds=30)
    fine = trade.completed()

    trade.passes(minutes=12)

    assert len(trade.confirmed(fine)) == 1
    assert trade.problems(stuck) == [ProblemKind.UNEXPECTED_RESPONSE]


def test_a_shop_order_in_an_unknown_word_does_not_hold_up_the_creation_of_others(trade: Shift) -> None:
    stuck = trade.sells()
    cut_in(trade.shop, "find", fails_for(stuck, UnexpectedResponse("a new word")))
    fine = trade.sells()

    trade.passes(minutes=12)

    assert trade.shop_ref(fine)
    assert trade.problems(stuck) == [ProblemKind.UNEXPECTED_RESPONSE]


def test_a_shop_order_in_an_unknown_word_does_not_hold_up_the_waits_of_others(trade: Shift) -> None:
    stuck, fine = trade.placed(), trade.placed()
    for ref in (stuck, fine):
        trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    cut_in(trade.shop, "read", fails_for(trade.shop_ref(stuck), UnexpectedResponse("a new word")))

    trade.passes(hours=4)

    assert [one.tracking_number for one in trade.confirmed(fine)] == [""]
    assert set(trade.problems(stuck)) == {ProblemKind.WAIT_EXTENDED, ProblemKind.UNEXPECTED_RESPONSE}


def test_a_shop_order_in_an_unknown_word_does_not_keep_the_others_from_being_pulled(trade: Shift) -> None:
    stuck, fine = trade.placed(), trade.placed()
    for where in ("hear", "read"):
        cut_in(trade.shop, where, fails_for(trade.shop_ref(stuck), UnexpectedResponse("a new word")))
    for ref in (stuck, fine):
        trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)

    trade.passes(minutes=12)

    assert [one.tracking_number for one in trade.confirmed(fine)] == [POSTNL_CODE]
    assert trade.problems(stuck) == [ProblemKind.UNEXPECTED_RESPONSE]
    assert trade.connection(Side.SHOP).failures == 0


def test_a_shop_order_that_cannot_be_read_by_itself_either_does_not_keep_the_others_from_being_pulled(
    trade: Shift,
) -> None:
    stuck, fine = trade.placed(), trade.placed()
    cut_in(trade.shop, "hear", fails_for(trade.shop_ref(stuck), UnexpectedResponse("a new word")))
    cut_in(trade.shop, "read", fails_for(trade.shop_ref(stuck), SafeToRetry("a server error")))
    for ref in (stuck, fine):
        trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)

    trade.passes(minutes=6)

    assert [one.tracking_number for one in trade.confirmed(fine)] == [POSTNL_CODE]
    assert trade.problems(stuck) == [ProblemKind.UNEXPECTED_RESPONSE]


def test_a_shop_order_in_an_unknown_word_does_not_keep_the_others_from_being_read_again(trade: Shift) -> None:
    stuck, fine = trade.placed(), trade.placed()
    cut_in(trade.shop, "read", fails_for(trade.shop_ref(stuck), UnexpectedResponse("a new word")))
    trade.shop.delete(trade.shop_ref(fine))

    trade.passes(hours=1)

    assert trade.problems(fine) == [ProblemKind.SHOP_ORDER_GONE]
    assert trade.connection(Side.SHOP).failures == 0


def test_a_shop_order_that_the_shop_says_nothing_of_is_asked_for_once_more_and_not_for_ever(trade: Shift) -> None:
    unsaid, fine = trade.placed(), trade.placed()
    trade.shop.unsaid = {trade.shop_ref(unsaid)}
    trade.shop.delete(trade.shop_ref(fine))

    trade.passes(hours=1)

    assert trade.problems(unsaid) == [ProblemKind.UNEXPECTED_RESPONSE]
    assert trade.problems(fine) == [ProblemKind.SHOP_ORDER_GONE]
    assert trade.connection(Side.SHOP).failures == 0


def test_a_shop_order_that_nobody_understood_is_read_again_after_the_order_is_over(trade: Shift) -> None:
    ref = trade.placed()
    for where in ("hear", "read"):
        cut_in(trade.shop, where, fails_for(trade.shop_ref(ref), UnexpectedResponse("a new word")))
    trade.shop.complete(trade.shop_ref(ref))
    trade.marketplace.cancel(ref)
    trade.passes(minutes=30)
    assert (trade.problems(ref), trade.order(ref).status) == ([ProblemKind.UNEXPECTED_RESPONSE], Status.CANCELLED)

    mend(trade.shop)
    trade.passes(minutes=30)

    assert ProblemKind.STOP_THE_PARCEL in trade.problems(ref)


def test_what_is_understood_again_is_no_problem_any_more(trade: Shift) -> None:
    ref = trade.placed()
    shop_ref = trade.shop_ref(ref)
    cut_in(trade.shop, "hear", fails_for(shop_ref, UnexpectedResponse("a new word")))
    cut_in(trade.shop, "read", fails_for(shop_ref, UnexpectedResponse("a new word")))
    trade.shop.note_label(shop_ref, trade.order(ref).label_number)  # it changed there, and shows what it showed before
    trade.passes(minutes=6)
    assert trade.problems(ref) == [ProblemKind.UNEXPECTED_RESPONSE]

    mend(trade.shop)
    trade.passes(hours=1)

    assert trade.problems(ref) == []


def test_a_cancellation_that_was_left_off_stays_a_problem_when_the_shop_order_is_understood_again(trade: Shift) -> None:
    ref = trade.placed()
    for where in ("hear", "read"):
        cut_in(trade.shop, where, fails_for(trade.shop_ref(ref), UnexpectedResponse("a new word")))
    trade.shop.note_label(trade.shop_ref(ref), "a label")
    trade.passes(minutes=6)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=12)

    mend(trade.shop)
    trade.passes(hours=1)
    assert trade.problems(ref) == [ProblemKind.UNEXPECTED_RESPONSE]
    retry(trade.context, ref)
    trade.passes(minutes=6)

    assert (trade.problems(ref), trade.in_shop(ref)[0].status) == ([], "cancelled")


# ---------------------------------------------------------------- before a cancellation


def test_a_shop_order_that_is_not_understood_is_not_cancelled_and_holds_up_no_other(trade: Shift) -> None:
    strange, fine = trade.placed(), trade.placed()
    cut_in(trade.shop, "read", fails_for(trade.shop_ref(strange), UnexpectedResponse("a new word")))
    for ref in (strange, fine):
        trade.marketplace.cancel(ref)

    trade.passes(minutes=12)

    assert [trade.in_shop(ref)[0].status for ref in (strange, fine)] == ["open", "cancelled"]
    assert (trade.problems(strange), trade.problems(fine)) == ([ProblemKind.UNEXPECTED_RESPONSE], [])


def test_a_shop_order_that_the_shop_says_nothing_of_is_not_cancelled_and_holds_up_no_other(trade: Shift) -> None:
    unsaid, fine = trade.placed(), trade.placed()
    trade.shop.unsaid = {trade.shop_ref(unsaid)}
    for ref in (unsaid, fine):
        trade.marketplace.cancel(ref)

    trade.passes(minutes=12)

    assert [trade.in_shop(ref)[0].status for ref in (unsaid, fine)] == ["open", "cancelled"]
    assert (trade.problems(unsaid), trade.problems(fine)) == ([ProblemKind.UNEXPECTED_RESPONSE], [])


def test_an_order_that_breaks_our_own_code_does_not_hold_up_the_others(trade: Shift) -> None:
    stuck = trade.completed()
    order = trade.order(stuck)
    order.chosen_carrier = "no such carrier"
    order.save()
    trade.passes(minutes=6)
    fine = trade.completed()

    trade.passes(minutes=12)

    assert len(trade.confirmed(fine)) == 1
    assert trade.problems(stuck) == [ProblemKind.UNEXPECTED_RESPONSE]


# ---------------------------------------------------------------- hot loops


def every_time(spec: ConnectorSpec) -> ConnectorSpec:
    return replace(spec, limits=replace(spec.limits, refresh_every=timedelta(0)))


def test_a_shop_that_is_read_again_every_time_is_read_once_a_pull(store: None) -> None:
    trade = start_trade(MARKETPLACE, every_time(SHOP))
    trade.sells((MUG, 1))
    trade.passes(minutes=6)
    before = len([call for call in trade.shop.calls if call == "GET /orders"])

    trade.passes(minutes=30)

    reread = len([call for call in trade.shop.calls if call == "GET /orders"]) - before
    trade.close()
    assert 5 <= reread <= 7


# ---------------------------------------------------------------- codes


def test_a_tracking_number_of_the_last_minute_goes_along_with_the_confirmation(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    until = trade.order(ref).wait_until
    assert until is not None
    trade.passes(seconds=(until - trade.clock.now()).total_seconds() - 60)

    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]


def test_a_secret_that_was_put_right_is_used_at_once(trade: Shift) -> None:
    ref = trade.sells()
    trade.rotates_secrets_wrongly(Side.SHOP)
    trade.passes(minutes=10)
    assert trade.shop_ref(ref) == ""

    trade.puts_secrets_right(Side.SHOP)
    trade.passes(minutes=1)

    assert trade.shop_ref(ref)


def test_a_connector_that_was_uninstalled_is_said_and_leaves_the_other_side_alone(trade: Shift) -> None:
    shop = trade.connection(Side.SHOP)
    Connection.objects.filter(pk=shop.pk).update(connector="no_longer_there")

    ref = trade.sells()
    trade.passes(minutes=40)

    assert "is not installed any more" in trade.connection(Side.SHOP).last_error
    assert trade.order(ref).status == Status.NOT_SHIPPED


def test_what_a_side_refuses_is_said_by_the_name_of_its_connection(trade: Shift) -> None:
    ref = trade.sells()
    cut_in(trade.shop, "before place", fails_for(ref, OrderRejected("The shop", "a field is not valid")))

    trade.passes(minutes=6)

    (said,) = Problem.objects.filter(order__ref=ref, resolved_at=None)
    assert sentence(ProblemKind(said.kind), said.values).startswith("Webshop rejects it: a field is not valid.")


def test_an_account_that_is_refused_is_said_by_the_name_of_its_connection(trade: Shift) -> None:
    trade.rotates_secrets_wrongly(Side.MARKETPLACE)

    trade.passes(hours=1)

    assert trade.connection(Side.MARKETPLACE).problem_values["side"] == "bol NL"
