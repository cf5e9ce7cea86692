"""What the shop says of its orders: the wait, quantities, second thoughts, orders that go away and come back."""

from datetime import timedelta

from msgspec.structs import replace

from orderhaven.core.commands import TrackingNumber
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Status
from orderhaven.store.models import Connection, MessageKind, MessageState, Problem
from orderhaven.store.orders import shop_snapshots
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.payloads import ConfirmPayload

from .conftest import CODE, MUG, Books

OTHER_TRACKING_NUMBER = "3SABCD7654321"

DONE, OPEN, CANCELLED = ShopState.COMPLETED, ShopState.OPEN, ShopState.CANCELLED
THREE_HOURS = timedelta(hours=3)


def refunded(books: Books, ref: str, state: ShopState = DONE) -> object:
    snapshot = books.snapshot(ref, state)
    return replace(snapshot, lines=tuple(replace(line, refunded=1) for line in snapshot.lines))


# ---------------------------------------------------------------- the wait


def test_the_wait_runs_from_when_completion_was_pulled(books: Books) -> None:
    books.places("A-1")
    last_pulled_at = books.now

    books.shop_says(books.snapshot("A-1", DONE))

    assert books.order("A-1").status == Status.WAITING
    assert books.order("A-1").wait_until == last_pulled_at + THREE_HOURS
    assert Connection.objects.get(pk=books.shop.pk).wait_at == last_pulled_at + THREE_HOURS


def test_a_second_wait_does_not_push_the_first_one_back(books: Books) -> None:
    books.places("A-1")
    books.places("A-2")
    first = books.now + THREE_HOURS
    books.shop_says(books.snapshot("A-1", DONE))

    books.passes(minutes=5)
    books.shop_says(books.snapshot("A-2", DONE))

    assert Connection.objects.get(pk=books.shop.pk).wait_at == first
    assert shop_snapshots.next_wait(books.shop.pk) == first


def test_completion_pulled_again_does_not_start_the_wait_anew(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    until = books.order("A-1").wait_until

    books.passes(hours=1)
    books.shop_says(books.snapshot("A-1", DONE, shop_status="done"))

    assert books.order("A-1").wait_until == until


def test_a_snapshot_begun_before_the_end_of_the_wait_does_not_end_it(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3, minutes=1)

    books.shop_says(books.snapshot("A-1", DONE), begun_at=books.now - timedelta(minutes=2))

    assert books.order("A-1").status == Status.WAITING


def test_a_snapshot_begun_at_the_end_of_the_wait_ends_it(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)

    books.shop_says(books.snapshot("A-1", DONE))

    assert (books.order("A-1").status, books.order("A-1").wait_until) == (Status.SHIPPED, None)
    assert books.states("A-1")[-1] == ("confirm", "queued")


def test_a_wait_that_is_over_is_listed_until_it_is_decided(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    before = shop_snapshots.expired_waits(books.shop.pk, books.now, 10)

    books.passes(hours=3)
    over = shop_snapshots.expired_waits(books.shop.pk, books.now, 10)
    books.shop_says(books.snapshot("A-1", DONE))

    assert (before, over, shop_snapshots.expired_waits(books.shop.pk, books.now, 10)) == ([], ["shop-A-1"], [])


def test_pieces_refunded_during_the_wait_are_a_problem_and_no_confirmation(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)

    books.shop_says(refunded(books, "A-1"))

    assert books.problems("A-1") == [ProblemKind.QUANTITIES_DIFFER]
    assert books.order("A-1").status == Status.WAITING
    assert ("confirm", "queued") not in books.states("A-1")


def test_an_order_with_a_problem_does_not_keep_the_wait_going_round(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)

    books.shop_says(refunded(books, "A-1"))

    assert shop_snapshots.expired_waits(books.shop.pk, books.now, 10) == []


def test_quantities_put_right_after_the_wait_start_it_again(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)
    books.shop_says(refunded(books, "A-1"))

    books.passes(minutes=5)
    books.shop_says(books.snapshot("A-1", DONE, shop_status="completed again"))

    assert books.problems("A-1") == []
    assert books.order("A-1").wait_until == books.now + THREE_HOURS


def test_a_completed_order_that_comes_back_from_the_trash_waits_again(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.shop_says(books.snapshot("A-1", ShopState.TRASHED))
    assert (books.problems("A-1"), books.order("A-1").wait_until) == ([ProblemKind.SHOP_ORDER_GONE], None)

    books.shop_says(books.snapshot("A-1", DONE))

    assert books.problems("A-1") == []
    assert books.order("A-1").wait_until == books.now + THREE_HOURS


def test_a_wait_is_held_with_a_problem_while_the_shop_cannot_be_read(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)

    shop_snapshots.waits_unread(books.here, books.now)

    assert books.problems("A-1") == [ProblemKind.WAIT_EXTENDED]
    assert books.order("A-1").status == Status.WAITING


def test_a_held_wait_goes_untracked_at_the_ship_by_margin(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=23)  # ship by the next day, less an hour

    shop_snapshots.waits_unread(books.here, books.now)

    assert books.problems("A-1") == []
    assert books.order("A-1").status == Status.SHIPPED


# ---------------------------------------------------------------- codes


def test_a_tracking_number_before_completion_is_kept_and_moves_nothing(books: Books) -> None:
    books.places("A-1")

    books.shop_says(books.snapshot("A-1", tracking=(TrackingNumber(CODE, "PostNL"),)))

    assert (books.order("A-1").status, books.order("A-1").tracking_number) == (Status.NOT_SHIPPED, CODE)


def test_a_tracking_number_that_comes_while_the_untracked_confirmation_is_on_its_way_is_offered_as_a_correction(
    books: Books,
) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)
    books.shop_says(books.snapshot("A-1", DONE))
    message = books.begins("A-1", MessageKind.CONFIRM)

    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    books.finishes(message, result.Done("shipment-1"))

    assert books.problems("A-1") == [ProblemKind.LATE_TRACKING]
    assert books.order("A-1").tracking_number == CODE


def test_a_tracking_number_that_comes_after_the_confirmation_is_offered_as_a_correction(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    books.passes(hours=3)
    books.shop_says(books.snapshot("A-1", DONE))
    books.tells("A-1", MessageKind.CONFIRM)

    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))

    assert books.problems("A-1") == [ProblemKind.LATE_TRACKING]
    assert [state for kind, state in books.states("A-1") if kind == MessageKind.CONFIRM] == ["done"]


def test_a_tracking_number_that_changes_while_its_confirmation_is_on_its_way_is_said(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    message = books.begins("A-1", MessageKind.CONFIRM, ConfirmPayload(CODE))

    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(OTHER_TRACKING_NUMBER),)))
    books.finishes(message, result.Done("shipment-1"))

    assert books.problems("A-1") == [ProblemKind.LATE_TRACKING]


def test_a_tracking_number_that_changes_after_the_confirmation_is_said(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    books.finishes(books.begins("A-1", MessageKind.CONFIRM, ConfirmPayload(CODE)), result.Done("shipment-1"))
    before = books.problems("A-1")

    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(OTHER_TRACKING_NUMBER),)))

    assert (before, books.problems("A-1")) == ([], [ProblemKind.LATE_TRACKING])


def test_the_tracking_number_of_a_further_parcel_beside_the_one_that_was_confirmed_is_no_problem(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    books.finishes(books.begins("A-1", MessageKind.CONFIRM, ConfirmPayload(CODE)), result.Done("shipment-1"))

    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(OTHER_TRACKING_NUMBER), TrackingNumber(CODE))))

    assert books.problems("A-1") == []


# ---------------------------------------------------------------- second thoughts


def test_reopened_before_the_marketplace_was_sent_withdraws_the_confirmation(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))

    books.shop_says(books.snapshot("A-1", OPEN))

    assert books.order("A-1").status == Status.NOT_SHIPPED
    assert books.states("A-1")[-1] == ("confirm", "withdrawn")


def test_completed_again_after_reopening_is_sent_again(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    books.shop_says(books.snapshot("A-1", OPEN))

    books.shop_says(books.snapshot("A-1", DONE))

    assert books.states("A-1")[1:] == [("confirm", "withdrawn")]
    assert books.order("A-1").status == Status.WAITING


def test_cancelled_reopened_and_cancelled_again_is_sent_once(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", CANCELLED))
    books.shop_says(books.snapshot("A-1", OPEN))
    assert (books.order("A-1").status, books.order("A-1").closed_at) == (Status.NOT_SHIPPED, None)

    books.shop_says(books.snapshot("A-1", CANCELLED))

    assert books.states("A-1")[1:] == [("cancel", "withdrawn"), ("cancel", "queued")]
    assert books.order("A-1").closed_at == books.now


def test_reopening_what_the_marketplace_cancelled_does_not_open_the_order(books: Books) -> None:
    books.places("A-1")
    books.sees(books.summary("A-1", cancelled=2))
    books.finishes(books.begins("A-1", MessageKind.CANCEL_SHOP), result.Done())
    books.shop_says(books.snapshot("A-1", CANCELLED))

    books.shop_says(books.snapshot("A-1", OPEN))

    assert books.order("A-1").status == Status.CANCELLED
    assert books.problems("A-1") == [ProblemKind.REOPENED_AFTER_CANCELLING]


def test_reopening_what_others_shipped_does_not_open_the_order(books: Books) -> None:
    books.places("A-1")
    books.sees(books.summary("A-1", shipped=2))
    books.shop_says(books.snapshot("A-1", DONE))

    books.shop_says(books.snapshot("A-1", OPEN))

    assert books.order("A-1").status == Status.SHIPPED
    assert books.problems("A-1") == [ProblemKind.REOPENED_AFTER_SHIPPING]


def test_a_label_blocked_confirmation_is_withdrawn_with_its_problem_when_the_shop_reopens(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE, tracking=(TrackingNumber(CODE),)))
    books.finishes(
        books.message("A-1", MessageKind.CONFIRM), result.NeedsAttention(ProblemKind.OWN_LABEL), MessageState.QUEUED
    )
    assert books.problems("A-1") == [ProblemKind.OWN_LABEL]

    books.shop_says(books.snapshot("A-1", OPEN))

    assert books.problems("A-1") == []
    assert books.states("A-1")[-1] == ("confirm", "withdrawn")


# ---------------------------------------------------------------- many at once


def test_a_slip_of_a_bulk_cancellation_is_held(books: Books) -> None:
    refs = [f"A-{n}" for n in range(7)]
    for ref in refs:
        books.places(ref)

    books.shop_says(*(books.snapshot(ref, CANCELLED) for ref in refs))

    assert [books.states(ref)[-1] for ref in refs] == [("cancel", "on_hold")] * 7
    assert [books.problems(ref) for ref in refs] == [[ProblemKind.CANCELLATIONS_ON_HOLD]] * 7


def test_a_few_cancellations_go_at_once(books: Books) -> None:
    refs = [f"A-{n}" for n in range(5)]
    for ref in refs:
        books.places(ref)

    books.shop_says(*(books.snapshot(ref, CANCELLED) for ref in refs))

    assert [books.states(ref)[-1] for ref in refs] == [("cancel", "queued")] * 5


def test_cancellations_one_by_one_within_the_hour_are_counted_together(books: Books) -> None:
    refs = [f"A-{n}" for n in range(6)]
    for ref in refs:
        books.places(ref)

    for ref in refs:
        books.shop_says(books.snapshot(ref, CANCELLED))
        books.passes(minutes=5)

    assert [books.states(ref)[-1][1] for ref in refs] == ["queued"] * 5 + ["on_hold"]


def test_a_held_cancellation_taken_back_in_the_shop_leaves_no_problem(books: Books) -> None:
    refs = [f"A-{n}" for n in range(6)]
    for ref in refs:
        books.places(ref)
    books.shop_says(*(books.snapshot(ref, CANCELLED) for ref in refs))

    books.shop_says(books.snapshot("A-0", OPEN))

    assert books.problems("A-0") == []
    assert books.states("A-0")[-1] == ("cancel", "withdrawn")


def test_held_cancellations_are_sent_once_a_person_says_so(books: Books) -> None:
    refs = [f"A-{n}" for n in range(6)]
    for ref in refs:
        books.places(ref)
    books.shop_says(*(books.snapshot(ref, CANCELLED) for ref in refs))

    released = queue.release_cancellations(books.link.pk, books.now, "tester")

    assert released == 6
    assert [books.states(ref)[-1] for ref in refs] == [("cancel", "queued")] * 6
    assert [books.problems(ref) for ref in refs] == [[]] * 6


# ---------------------------------------------------------------- repeats


def test_a_snapshot_pulled_before_is_no_news(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", DONE))
    before = books.events("A-1")

    news = books.shop_says(books.snapshot("A-1", DONE))

    assert (news, books.events("A-1")) == (0, before)


def test_snapshots_of_other_peoples_orders_are_passed_over(books: Books) -> None:
    books.places("A-1")

    news = books.shop_says(replace(books.snapshot("A-1", DONE), shop_ref="theirs"))

    assert news == 0


def test_every_open_order_of_the_shop_is_read_again_in_pages(books: Books) -> None:
    for ref in ("A-1", "A-2", "A-3"):
        books.places(ref)
    books.sees(books.summary("A-2", shipped=2))

    first = shop_snapshots.open_in_shop(books.shop.pk, 0, 1)
    rest = shop_snapshots.open_in_shop(books.shop.pk, first[-1][0], 10)

    assert [shop_ref for _, shop_ref in (*first, *rest)] == ["shop-A-1", "shop-A-3"]


def test_completed_pieces_that_differ_are_no_confirmation(books: Books) -> None:
    books.pulls("A-1", (MUG, 3))
    books.gets_placed("A-1")

    books.shop_says(refunded(books, "A-1"))

    assert books.order("A-1").status == Status.NOT_SHIPPED
    assert books.problems("A-1") == [ProblemKind.QUANTITIES_DIFFER]


def test_a_problem_with_pieces_names_what_the_shop_shows_now(books: Books) -> None:
    books.pulls("A-1", (MUG, 3))
    books.gets_placed("A-1")
    books.shop_says(refunded(books, "A-1"))
    one = books.snapshot("A-1", DONE)
    two_back = replace(one, lines=tuple(replace(line, refunded=2) for line in one.lines))

    books.shop_says(two_back)

    (problem,) = Problem.objects.filter(order__ref="A-1")
    assert problem.values["lines"].endswith(": 1 instead of 3")
    assert problem.resolved_at is None


def test_a_snapshot_that_changes_nothing_of_its_order_is_taken_in(books: Books) -> None:
    books.places("A-1")
    before = books.order("A-1")

    books.change("A-1", lambda uow, row: uow.change(row))

    assert books.order("A-1").__dict__.keys() == before.__dict__.keys()
    assert (books.order("A-1").status, books.order("A-1").shop_status) == (before.status, before.shop_status)
