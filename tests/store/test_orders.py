"""What a marketplace says of its orders: each is listed once, whole orders complete them, changes move them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from orderhaven.core.order import NO_ADDRESS, WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ProductQuery, ShopState
from orderhaven.core.status import Status, Trigger
from orderhaven.store.models import (
    Event,
    FulfilledByMarketplace,
    Hold,
    Line,
    Link,
    Message,
    MessageKind,
    MessageState,
    Order,
    OrderContact,
    Problem,
    ProductMatch,
)
from orderhaven.store.orders import marketplace_snapshots
from orderhaven.store.orders.follow_ups import transition_order
from orderhaven.store.outbox import commands, queue, result
from orderhaven.testing.clock import START

from .conftest import LAMP, MUG, Books


@contextmanager
def statements() -> Iterator[list[str]]:
    """The words each statement begins with, savepoints and transactions left out."""
    said: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield said
    words = [query["sql"].split()[0] for query in captured.captured_queries]
    said += [word for word in words if word in ("SELECT", "INSERT", "UPDATE", "DELETE")]


# ---------------------------------------------------------------- listed once


def test_a_summary_lists_the_order_to_be_read(books: Books) -> None:
    new = books.sees(books.summary("A-1"))

    assert new == 1
    assert (books.order("A-1").status, books.order("A-1").read_at) == (Status.NOT_SHIPPED, None)
    assert marketplace_snapshots.refs_to_read(books.routing, books.now, 10) == ["A-1"]
    assert books.states("A-1") == []


def test_an_order_seen_however_often_is_listed_once(books: Books) -> None:
    summary = books.summary("A-1")

    new = [books.sees(summary), books.sees(summary), books.sees(summary, summary)]

    assert new == [1, 0, 0]
    assert (Order.objects.count(), Line.objects.count()) == (1, 1)
    assert books.events("A-1") == ["received"]


def test_an_order_that_stands_twice_on_a_page_is_pulled_once(books: Books) -> None:
    summary = books.summary("A-1")

    new = books.sees(summary, summary)

    assert new == 1
    assert books.events("A-1") == ["received"]


def test_a_repeat_writes_nothing_and_asks_little(books: Books) -> None:
    for ref in ("A-1", "A-2", "A-3"):
        books.pulls(ref)
    repeats = [books.summary(ref) for ref in ("A-1", "A-2", "A-3")]

    with statements() as said:
        books.sees(*repeats)

    assert set(said) == {"SELECT"}
    assert len(said) <= 3


def test_a_whole_order_completes_the_listed_one(books: Books) -> None:
    books.pulls("A-1", (MUG, 2), (LAMP, 1), discount="1.00")

    row = books.order("A-1")
    assert (str(row.total), row.currency) == ("62.3500", "EUR")
    assert list(row.lines.order_by("position").values_list("sku", "ordered")) == [("MUG-1", 2), ("LAMP-2", 1)]
    assert OrderContact.objects.filter(order=row, role="ship_to").get().street == "Dorpsstraat"
    assert books.states("A-1") == [("create", "queued")]
    assert marketplace_snapshots.refs_to_read(books.routing, books.now, 10) == []


def test_an_order_that_comes_with_its_list_is_written_once_and_whole(books: Books) -> None:
    whole = books.whole("A-1", (MUG, 2), (LAMP, 1))

    with statements() as said:
        books.sees(replace(books.summary("A-1"), order=whole))

    row = books.order("A-1")
    assert (str(row.total), row.read_at) == ("63.3500", books.now)
    assert (books.states("A-1"), books.events("A-1")) == ([("create", "queued")], ["received"])
    assert OrderContact.objects.filter(order=row).count() == 2
    assert marketplace_snapshots.refs_to_read(books.routing, books.now, 10) == []
    assert said.count("UPDATE") == 1  # the nudge of the shop's connection


def test_what_happened_before_an_order_was_pulled_moves_it(books: Books) -> None:
    whole = books.whole("A-1", (MUG, 2))
    gone = replace(
        whole, lines=tuple(replace(one, quantities=replace(one.quantities, cancelled=2)) for one in whole.lines)
    )

    books.sees(replace(books.summary("A-1"), order=gone))

    assert (books.order("A-1").status, books.lines("A-1")) == (Status.CANCELLED, [(2, 0, 2)])
    assert books.states("A-1") == []


def test_a_line_that_only_the_list_shows_is_kept(books: Books) -> None:
    whole = books.whole("A-1", (MUG, 2), (LAMP, 1))

    books.sees(replace(books.summary("A-1"), order=replace(whole, lines=whole.lines[:1])))

    assert books.lines("A-1") == [(2, 0, 0), (1, 0, 0)]


def test_a_whole_order_taken_twice_changes_nothing(books: Books) -> None:
    books.pulls("A-1")

    books.reads("A-1")

    assert books.states("A-1") == [("create", "queued")]
    assert (Line.objects.count(), OrderContact.objects.count()) == (1, 2)


def test_lines_that_the_list_did_not_show_come_with_the_whole_order(books: Books) -> None:
    books.whole("A-1", (MUG, 2), (LAMP, 1))
    partial = books.summary("A-1")
    books.sees(replace(partial, lines=partial.lines[:1]))

    books.reads("A-1")

    assert books.lines("A-1") == [(2, 0, 0), (1, 0, 0)]


def test_a_partial_summary_leaves_the_other_lines_as_they_were(books: Books) -> None:
    books.pulls("A-1", (MUG, 2), (LAMP, 1))
    partial = books.summary("A-1", cancelled=1)

    books.sees(replace(partial, lines=partial.lines[1:]))

    assert books.lines("A-1") == [(2, 0, 0), (1, 0, 1)]
    assert books.order("A-1").status == Status.NOT_SHIPPED


def test_an_order_without_lines_is_a_problem(books: Books) -> None:
    books.whole("A-1")
    books._sold["A-1"] = replace(books._sold["A-1"], lines=())
    books.sees(books.summary("A-1"))

    books.reads("A-1")

    assert books.problems("A-1") == [ProblemKind.NO_LINES]
    assert books.states("A-1") == []


def test_an_order_that_cannot_be_read_says_why_and_is_tried_again_later(books: Books) -> None:
    books.sees(books.summary("A-1"), books.summary("A-2"))
    later = books.now + timedelta(minutes=15)

    problem = (ProblemKind.ORDER_MISSING, {"side": "bol", "ref": "A-1"})
    marketplace_snapshots.fetch_failed(books.there, books.routing, "A-1", books.now, timedelta(minutes=15), problem)

    assert marketplace_snapshots.refs_to_read(books.routing, books.now, 10) == ["A-2"]
    assert marketplace_snapshots.refs_to_read(books.routing, later, 10) == ["A-1", "A-2"]
    assert books.problems("A-1") == [ProblemKind.ORDER_MISSING]


def test_an_order_that_stays_unreadable_is_tried_more_and_more_seldom_and_once_an_hour_at_least(books: Books) -> None:
    books.sees(books.summary("A-1"))
    tried = []

    while books.now < START + timedelta(hours=6):
        marketplace_snapshots.record_unreadable(books.there, books.routing, ["A-1"], books.now)
        if marketplace_snapshots.refs_to_read(books.routing, books.now, 1):
            tried.append(round((books.now - START).total_seconds() / 60))
            problem = (
                ProblemKind.UNEXPECTED_RESPONSE,
                {"side": "bol", "cause": "total is nothing instead of a number"},
            )
            marketplace_snapshots.fetch_failed(
                books.there, books.routing, "A-1", books.now, timedelta(minutes=15), problem
            )
        books.passes(minutes=5)

    assert tried == [0, 15, 30, 60, 120, 180, 240, 300]


def test_an_order_whose_row_stays_malformed_is_read_more_and_more_seldom_while_nothing_changes(books: Books) -> None:
    books.pulls("A-1")
    read = []

    while books.now < START + timedelta(hours=6):
        marketplace_snapshots.record_unreadable(books.there, books.routing, ["A-1"], books.now)
        if marketplace_snapshots.refs_to_read(books.routing, books.now, 1):
            read.append(round((books.now - START).total_seconds() / 60))
            books.reads("A-1")
        books.passes(minutes=5)

    assert read == [0, 5, 10, 20, 40, 80, 140, 200, 260, 320]


def test_an_order_from_before_the_link_is_listed_and_held(books: Books) -> None:
    books.passes(days=-1)

    books.pulls("A-1")

    assert books.order("A-1").hold == Hold.OLDER
    assert books.states("A-1") == []


# ---------------------------------------------------------------- changes


def test_an_order_first_seen_shipped_is_not_created(books: Books) -> None:
    books.whole("A-1")
    books.sees(books.summary("A-1", shipped=2))
    books.reads("A-1")

    row = books.order("A-1")
    assert (row.status, row.handled_externally, row.closed_at) == (Status.SHIPPED, True, books.now)
    assert books.states("A-1") == []


def test_an_order_first_seen_cancelled_is_not_created(books: Books) -> None:
    books.whole("A-1")
    books.sees(books.summary("A-1", cancelled=2))
    books.reads("A-1")

    assert (books.order("A-1").status, books.states("A-1")) == (Status.CANCELLED, [])


def test_an_order_cancelled_between_list_and_reading_is_not_created(books: Books) -> None:
    books.sees(books.summary("A-1"))
    whole = books._sold["A-1"]
    lines = tuple(replace(line, quantities=replace(line.quantities, cancelled=2)) for line in whole.lines)
    books._sold["A-1"] = replace(whole, lines=lines)

    books.reads("A-1")

    assert (books.order("A-1").status, books.states("A-1")) == (Status.CANCELLED, [])


def test_an_order_others_shipped_is_not_created_any_more(books: Books) -> None:
    books.pulls("A-1")

    books.sees(books.summary("A-1", shipped=2))

    assert books.states("A-1") == [("create", "withdrawn")]
    assert books.order("A-1").marketplace_sync == "synced"


def test_what_others_shipped_before_our_confirmation_counts_as_synced(books: Books) -> None:
    books.places("A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))
    Order.objects.filter(ref="A-1").update(status=Status.SHIPPED)

    books.sees(books.summary("A-1", shipped=2))

    row = books.order("A-1")
    assert books.states("A-1")[-1] == ("confirm", "withdrawn")
    assert (row.handled_externally, row.closed_at, row.marketplace_sync) == (True, books.now, "synced")


def test_a_blocked_confirmation_is_over_once_the_merchant_confirmed_it_there(books: Books) -> None:
    books.places("A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))
    Order.objects.filter(ref="A-1").update(status=Status.SHIPPED)
    books.finishes(
        books.message("A-1", MessageKind.CONFIRM), result.NeedsAttention(ProblemKind.OWN_LABEL), MessageState.QUEUED
    )

    books.sees(books.summary("A-1", shipped=2))

    assert books.problems("A-1") == []
    assert books.order("A-1").marketplace_sync == "synced"


def test_our_own_confirmation_seen_there_is_still_ours(books: Books) -> None:
    books.places("A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))
    Order.objects.filter(ref="A-1").update(status=Status.SHIPPED)
    message = books.begins("A-1", MessageKind.CONFIRM)

    books.sees(books.summary("A-1", shipped=2))
    books.finishes(message, result.Done("shipment-1"))

    row = books.order("A-1")
    assert (row.handled_externally, row.confirmed_at) == (False, books.now)


def test_a_blocked_cancellation_is_over_once_the_merchant_cancelled_there(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", books.snapshot("A-1").state.CANCELLED))
    books.finishes(
        books.message("A-1", MessageKind.CANCEL), result.NeedsAttention(ProblemKind.REJECTED), MessageState.QUEUED
    )
    assert books.problems("A-1") == [ProblemKind.REJECTED]

    books.sees(books.summary("A-1", cancelled=2))

    assert books.problems("A-1") == []
    assert books.states("A-1")[-1] == ("cancel", "withdrawn")


def test_an_order_cancelled_before_it_was_created_is_not_created_any_more(books: Books) -> None:
    books.pulls("A-1")

    books.sees(books.summary("A-1", cancelled=2))

    assert books.states("A-1") == [("create", "withdrawn")]
    assert (books.order("A-1").status, books.order("A-1").closed_at) == (Status.CANCELLED, books.now)


def test_an_order_cancelled_there_is_cancelled_in_the_shop(books: Books) -> None:
    books.places("A-1")

    books.sees(books.summary("A-1", cancelled=2))

    assert books.states("A-1") == [("create", "done"), ("cancel_shop", "queued")]


def test_a_line_cancelled_after_creation_is_a_problem_that_names_it(books: Books) -> None:
    books.pulls("A-1", (MUG, 2), (LAMP, 1))
    books.gets_placed("A-1")
    partial = books.summary("A-1", cancelled=1)

    books.sees(replace(partial, lines=partial.lines[1:]))

    assert books.problems("A-1") == [ProblemKind.LINES_CANCELLED]


# ---------------------------------------------------------------- cancelled while it is being created


def test_a_cancellation_waits_behind_a_creation_whose_fate_is_unconfirmed(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)
    books.finishes(message, result.Unconfirmed("no answer"))

    books.sees(books.summary("A-1", cancelled=2))

    assert books.states("A-1") == [("create", "unconfirmed"), ("cancel_shop", "queued")]
    assert books.due(books.here) == []


def test_a_creation_found_after_the_cancellation_is_recorded_and_cancelled(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)
    books.finishes(message, result.Unconfirmed("no answer"))
    books.sees(books.summary("A-1", cancelled=2))

    books.finishes(message, result.Done("shop-A-1", books.snapshot("A-1")), MessageState.UNCONFIRMED)

    assert books.order("A-1").shop_ref == "shop-A-1"
    assert books.due(books.here) == [("A-1", "cancel_shop")]


def test_a_creation_that_surely_failed_is_not_repeated_for_a_cancelled_order(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)
    books.sees(books.summary("A-1", cancelled=2))

    books.finishes(message, result.RetryLater("refused"))

    assert books.states("A-1")[0] == ("create", "withdrawn")


def test_a_creation_not_found_is_not_repeated_for_a_cancelled_order(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)
    books.finishes(message, result.Unconfirmed("no answer"))
    books.sees(books.summary("A-1", cancelled=2))

    for _ in range(2):
        books.finishes(message, result.NotFound(is_conclusive=True), MessageState.UNCONFIRMED)

    assert books.states("A-1")[0] == ("create", "withdrawn")


# ---------------------------------------------------------------- fulfilled by the marketplace


def test_an_order_the_marketplace_ships_is_left_alone(books: Books) -> None:
    books.pulls("A-1", by_marketplace=True)
    books.sees(books.summary("A-1", shipped=2))

    assert (books.order("A-1").status, books.states("A-1")) == (Status.SHIPPED, [])


def test_an_order_the_marketplace_shipped_is_created_when_the_merchant_wants_that(books: Books) -> None:
    Link.objects.update(fulfilled_by_marketplace=FulfilledByMarketplace.CREATE)
    books.link.refresh_from_db()
    books.pulls("A-1", by_marketplace=True)

    books.sees(books.summary("A-1", shipped=2))

    assert books.states("A-1") == [("create", "queued")]


def test_an_order_the_marketplace_shipped_before_it_was_read_is_created_once_it_is(books: Books) -> None:
    """Nothing is known yet of who bought what: a create could not be composed, and would hold up the others."""
    Link.objects.update(fulfilled_by_marketplace=FulfilledByMarketplace.CREATE)
    books.link.refresh_from_db()
    books.whole("A-1", by_marketplace=True)
    books.sees(books.summary("A-1", shipped=2))
    assert books.states("A-1") == []

    books.reads("A-1")

    assert books.states("A-1") == [("create", "queued")]


def test_the_merchants_lines_of_a_mixed_order_decide(books: Books) -> None:
    books.whole("A-1", (MUG, 2), (LAMP, 1))
    whole = books._sold["A-1"]
    theirs = replace(whole.lines[1], quantities=replace(whole.lines[1].quantities, by_marketplace=True))
    books._sold["A-1"] = replace(whole, lines=(whole.lines[0], theirs))
    books.sees(books.summary("A-1"))
    books.reads("A-1")
    mixed = books.summary("A-1")

    books.sees(replace(mixed, lines=(mixed.lines[0], replace(mixed.lines[1], shipped=1))))

    assert books.order("A-1").status == Status.NOT_SHIPPED
    assert books.states("A-1") == [("create", "queued")]


# ---------------------------------------------------------------- acceptance


def waits_for_a_yes(books: Books, ref: str) -> None:
    books.whole(ref)
    books._sold[ref] = replace(books._sold[ref], waits_for=WaitsFor.OUR_YES)
    books.sees(replace(books.summary(ref), waits_for=WaitsFor.OUR_YES))
    books.reads(ref)


def test_an_order_that_wants_a_yes_gets_it(books: Books) -> None:
    waits_for_a_yes(books, "A-1")

    assert books.order("A-1").status == Status.PENDING_CONFIRMATION
    assert books.states("A-1") == [("accept", "queued")]


def test_an_accepted_order_is_created_once_it_is_read_again(books: Books) -> None:
    waits_for_a_yes(books, "A-1")
    books.tells("A-1", MessageKind.ACCEPT)
    books._sold["A-1"] = replace(books._sold["A-1"], waits_for=WaitsFor.NOTHING)

    marketplace_snapshots.record_summaries(books.there, books.routing, [books.summary("A-1")], books.now)
    assert (books.order("A-1").read_at, books.states("A-1")) == (None, [("accept", "done")])
    books.reads("A-1")

    assert books.order("A-1").status == Status.NOT_SHIPPED
    assert books.states("A-1") == [("accept", "done"), ("create", "queued")]
    assert OrderContact.objects.filter(order__ref="A-1").count() == 2


@pytest.mark.parametrize("fact", [Trigger.CANCELLATION_REFUSED, Trigger.CANCELLATION_WITHDRAWN])
def test_an_order_that_is_not_to_be_cancelled_after_all_still_gets_its_yes(books: Books, fact: Trigger) -> None:
    waits_for_a_yes(books, "A-1")
    books.change("A-1", lambda uow, row: transition_order(uow, row, Trigger.CANCELLATION_REQUESTED))

    books.change("A-1", lambda uow, row: transition_order(uow, row, fact))

    assert books.order("A-1").status == Status.PENDING_CONFIRMATION
    assert books.states("A-1") == [("accept", "queued")]


def test_a_yes_that_was_given_while_the_buyer_asks_is_not_given_again(books: Books) -> None:
    waits_for_a_yes(books, "A-1")
    books.change("A-1", lambda uow, row: transition_order(uow, row, Trigger.CANCELLATION_REQUESTED))
    books._sold["A-1"] = replace(books._sold["A-1"], waits_for=WaitsFor.NOTHING)
    marketplace_snapshots.record_summaries(books.there, books.routing, [books.summary("A-1")], books.now)
    books.reads("A-1")

    books.change("A-1", lambda uow, row: transition_order(uow, row, Trigger.CANCELLATION_REFUSED))

    assert books.order("A-1").status == Status.NOT_SHIPPED
    assert ("create", "queued") in books.states("A-1")


def held_by_them(books: Books, ref: str, wait: WaitsFor = WaitsFor.THEIR_PAYMENT_CHECK) -> None:
    """Without an address, as marketplaces show such orders."""
    books._sold[ref] = replace(books.whole(ref), waits_for=wait, ship_to=NO_ADDRESS, bill_to=NO_ADDRESS)
    books.sees(replace(books.summary(ref), waits_for=wait))
    books.reads(ref)


def is_released(books: Books, ref: str) -> None:
    books.whole(ref)
    books.sees(books.summary(ref))


@pytest.mark.parametrize("wait", [WaitsFor.THEIR_PAYMENT_CHECK, WaitsFor.THEIR_RELEASE])
def test_what_waits_for_them_is_not_accepted_by_us(books: Books, wait: WaitsFor) -> None:
    held_by_them(books, "A-1", wait)

    assert (books.order("A-1").status, books.order("A-1").waits_for) == (Status.PENDING_CONFIRMATION, wait)
    assert books.states("A-1") == []


def test_an_order_that_they_release_is_read_again_with_its_address_and_created(books: Books) -> None:
    held_by_them(books, "A-1")
    assert OrderContact.objects.filter(order__ref="A-1").count() == 0

    is_released(books, "A-1")
    assert (books.order("A-1").read_at, books.states("A-1")) == (None, [])
    books.reads("A-1")

    assert (books.order("A-1").status, books.order("A-1").waits_for) == (Status.NOT_SHIPPED, "")
    assert books.states("A-1") == [("create", "queued")]
    assert set(OrderContact.objects.filter(order__ref="A-1").values_list("city", flat=True)) == {"Utrecht"}


def test_an_order_that_waits_for_their_check_after_our_yes_is_not_accepted_twice(books: Books) -> None:
    waits_for_a_yes(books, "A-1")
    books.tells("A-1", MessageKind.ACCEPT)

    held_by_them(books, "A-1")
    checked = books.order("A-1").waits_for, books.states("A-1")
    is_released(books, "A-1")
    books.reads("A-1")

    assert checked == (WaitsFor.THEIR_PAYMENT_CHECK, [("accept", "done")])
    assert books.states("A-1") == [("accept", "done"), ("create", "queued")]


def test_a_yes_that_nobody_needs_any_more_is_withdrawn(books: Books) -> None:
    waits_for_a_yes(books, "A-1")

    held_by_them(books, "A-1", WaitsFor.THEIR_RELEASE)

    assert books.states("A-1") == [("accept", "withdrawn")]


def test_an_order_that_is_held_after_it_was_read_is_created_only_once_it_is_released(books: Books) -> None:
    books.pulls("A-1")

    held_by_them(books, "A-1")

    assert books.order("A-1").status == Status.PENDING_CONFIRMATION
    assert books.states("A-1") == [("create", "withdrawn")]


def test_a_link_that_asks_leaves_the_yes_to_a_person(books: Books) -> None:
    Link.objects.update(accepts_by_itself=False)

    waits_for_a_yes(books, "A-1")

    assert books.order("A-1").status == Status.PENDING_CONFIRMATION
    assert books.states("A-1") == []


def test_an_accepted_order_that_shows_no_address_is_read_until_it_does_and_created_then(books: Books) -> None:
    books._sold["A-1"] = replace(books.whole("A-1"), ship_to=NO_ADDRESS, bill_to=NO_ADDRESS)
    books.sees(books.summary("A-1"))
    books.reads("A-1")
    hidden = books.problems("A-1"), books.states("A-1"), books.order("A-1").read_at
    again_at = books.order("A-1").read_due_at

    books.passes(minutes=15)
    books.whole("A-1")
    books.reads("A-1")

    assert hidden == ([ProblemKind.ADDRESS_MISSING], [], None)
    assert again_at == books.now
    assert (books.problems("A-1"), books.states("A-1")) == ([], [("create", "queued")])


def test_an_order_that_was_handled_before_needs_no_address(books: Books) -> None:
    """Some marketplaces take it away after a while."""
    whole = books.whole("A-1")
    lines = tuple(
        replace(line, quantities=replace(line.quantities, shipped=line.quantities.ordered)) for line in whole.lines
    )
    books._sold["A-1"] = replace(whole, ship_to=NO_ADDRESS, bill_to=NO_ADDRESS, lines=lines)

    books.sees(books.summary("A-1"))
    books.reads("A-1")

    assert (books.problems("A-1"), books.states("A-1")) == ([], [])
    assert books.order("A-1").read_at is not None


# ---------------------------------------------------------------- changed there after it was read


def moves(books: Books, ref: str) -> None:
    """Its list shows that something changed, and it is read again: the buyer lives elsewhere."""
    whole = books._sold[ref]
    books._sold[ref] = replace(whole, ship_to=replace(whole.ship_to, city="Zwolle"))
    books.sees(replace(books.summary(ref), fingerprint="2"))
    assert books.order(ref).read_at is None
    books.reads(ref)


def wants_three(books: Books, ref: str) -> None:
    first = books._sold[ref].lines[0]
    more = replace(first, quantities=replace(first.quantities, ordered=3), total=first.unit_price * 3)
    books._sold[ref] = replace(books._sold[ref], lines=(more,))
    books.sees(books.summary(ref))  # the quantity of a list is enough: not every one has a fingerprint
    assert books.order(ref).read_at is None
    books.reads(ref)


def test_a_new_address_before_the_shop_order_is_made_is_the_one_that_it_gets(books: Books) -> None:
    books.pulls("A-1")

    moves(books, "A-1")

    assert OrderContact.objects.get(order__ref="A-1", role="ship_to").city == "Zwolle"
    assert (books.problems("A-1"), books.states("A-1")) == ([], [("create", "queued")])
    assert "address_changed_there" in books.events("A-1")


def test_a_new_address_after_the_shop_order_was_made_is_a_problem(books: Books) -> None:
    books.places("A-1")

    moves(books, "A-1")

    assert books.problems("A-1") == [ProblemKind.ADDRESS_CHANGED]
    assert books.states("A-1") == [("create", "done")]


def test_a_new_address_while_the_shop_order_is_being_made_is_a_problem(books: Books) -> None:
    books.pulls("A-1")
    books.begins("A-1", MessageKind.CREATE)

    moves(books, "A-1")

    assert books.problems("A-1") == [ProblemKind.ADDRESS_CHANGED]


def test_other_quantities_before_the_shop_order_is_made_are_those_that_it_gets(books: Books) -> None:
    books.pulls("A-1")

    wants_three(books, "A-1")

    assert (books.lines("A-1"), books.problems("A-1")) == ([(3, 0, 0)], [])
    assert books.states("A-1") == [("create", "queued")]


def test_other_quantities_after_the_shop_order_was_made_are_a_problem_that_names_the_line(books: Books) -> None:
    books.places("A-1")

    wants_three(books, "A-1")

    assert books.problems("A-1") == [ProblemKind.LINES_CHANGED]
    assert Problem.objects.get(order__ref="A-1").values == {"side": "bol NL", "lines": MUG.title}


def test_a_line_that_is_not_listed_any_more_is_not_created(books: Books) -> None:
    books.pulls("A-1", (MUG, 2), (LAMP, 1))
    whole = books._sold["A-1"]
    books._sold["A-1"] = replace(whole, lines=whole.lines[:1])

    books.sees(replace(books.summary("A-1"), fingerprint="2"))
    books.reads("A-1")

    assert (books.lines("A-1"), books.problems("A-1")) == ([(2, 0, 0)], [])


def test_an_order_that_is_read_again_and_did_not_change_is_no_news(books: Books) -> None:
    books.places("A-1")

    books.sees(replace(books.summary("A-1"), fingerprint="2"))
    books.reads("A-1")
    books.sees(replace(books.summary("A-1"), fingerprint="2"))

    assert (books.problems("A-1"), books.order("A-1").read_at) == ([], books.now)
    assert {"address_changed_there", "lines_changed_there"}.isdisjoint(books.events("A-1"))


def test_a_closed_order_is_not_read_for_what_changed(books: Books) -> None:
    books.pulls("A-1")
    books.sees(books.summary("A-1", cancelled=2))

    books.sees(replace(books.summary("A-1", cancelled=2), fingerprint="2"))

    assert books.order("A-1").read_at is not None


# ---------------------------------------------------------------- personal data


def test_erasing_people_leaves_the_order(books: Books) -> None:
    books.pulls("A-1")
    books.sees(books.summary("A-1", cancelled=2))
    books.pulls("A-2")
    books.passes(days=31)

    count = marketplace_snapshots.erase_contacts(books.now, timedelta(days=30), timedelta(days=180), 500)

    assert count == 2
    assert list(OrderContact.objects.values_list("order__ref", flat=True).distinct()) == ["A-2"]
    assert str(books.order("A-1").total) == "28.8500"


def test_what_the_buyer_wrote_and_the_numbers_of_the_company_go_to_the_shop_and_are_erased(books: Books) -> None:
    numbers = (("vat_number", "NL001234567B01"), ("company_number", "00000027"))
    books._sold["A-1"] = replace(books.whole("A-1"), buyer_reference="PO 7", contact_meta=numbers)
    books.sees(books.summary("A-1"))
    books.reads("A-1")
    (message,) = queue.due(books.here, MessageState.QUEUED, books.now, 10)
    sent = commands.draft_of(message, "any").order

    marketplace_snapshots.erase_contacts(books.now + timedelta(days=181), timedelta(days=30), timedelta(days=180), 500)

    assert (sent.buyer_reference, sent.contact_meta) == ("PO 7", numbers)
    kept = [*Order.objects.values(), *Line.objects.values(), *Message.objects.values(), *Event.objects.values()]
    assert not [word for word in ("PO 7", "NL001234567B01", "00000027") if word in str(kept)]


def test_what_was_erased_does_not_come_back_when_the_order_is_read_again(books: Books) -> None:
    books.pulls("A-1")
    books.sees(books.summary("A-1", cancelled=2))
    books.passes(days=31)
    marketplace_snapshots.erase_contacts(books.now, timedelta(days=30), timedelta(days=180), 500)
    marketplace_snapshots.record_unreadable(books.there, books.routing, ["A-1"], books.now)

    books.reads("A-1")

    assert OrderContact.objects.count() == 0
    assert books.order("A-1").read_at == books.now


def test_an_address_that_has_changed_is_taken_in_when_the_order_is_read_again(books: Books) -> None:
    books.pulls("A-1")
    moved = replace(books._sold["A-1"].ship_to, street="Nieuwe Gracht")
    books._sold["A-1"] = replace(books._sold["A-1"], ship_to=moved)
    OrderContact.objects.update(unreadable_tracking="bel even")
    marketplace_snapshots.record_unreadable(books.there, books.routing, ["A-1"], books.now)

    books.reads("A-1")

    found = OrderContact.objects.order_by("-role").values_list("role", "street", "unreadable_tracking")
    assert found[0] == ("ship_to", "Nieuwe Gracht", "bel even")
    assert len(found) == 2


def test_an_order_that_asks_for_a_person_after_it_was_closed_keeps_its_people_for_as_long_again(books: Books) -> None:
    books.places("A-1")
    books.sees(books.summary("A-1", cancelled=2))
    books.passes(days=20)
    books.shop_says(books.snapshot("A-1", ShopState.COMPLETED))
    books.passes(days=20)
    marketplace_snapshots.erase_contacts(books.now, timedelta(days=30), timedelta(days=180), 500)
    kept = OrderContact.objects.count()

    books.passes(days=11)
    marketplace_snapshots.erase_contacts(books.now, timedelta(days=30), timedelta(days=180), 500)

    assert books.problems("A-1") == [ProblemKind.STOP_THE_PARCEL]
    assert (kept, OrderContact.objects.count()) == (2, 0)


def test_people_of_an_order_that_never_closes_are_erased_as_well(books: Books) -> None:
    books.pulls("A-1")
    books.passes(days=181)

    marketplace_snapshots.erase_contacts(books.now, timedelta(days=30), timedelta(days=180), 500)

    assert OrderContact.objects.count() == 0


# ---------------------------------------------------------------- what the outside may send


def test_a_text_longer_than_its_column_does_not_hold_up_the_others(books: Books) -> None:
    """PostgreSQL refuses what SQLite takes."""
    books.whole("A-1", (replace(MUG, sku="S" * 300, ean="1" * 40), 1))
    books.whole("A-2")
    books.sees(books.summary("A-1"), books.summary("A-2"))

    books.reads("A-1", "A-2")

    assert marketplace_snapshots.refs_to_read(books.routing, books.now, 10) == []
    assert Line.objects.get(order__ref="A-1").sku == "S" * 200


def test_a_persons_word_for_a_sku_holds_for_every_ean_it_comes_with(books: Books) -> None:
    ProductMatch.objects.create(shop=books.shop, sku="MUG-1", product_ref="7")
    wanted = {ProductQuery("MUG-1", "1"), ProductQuery("MUG-1", "2"), ProductQuery("LAMP-2", "3")}

    said = commands.matches_said(books.shop.pk, wanted)

    assert said == {ProductQuery("MUG-1", "1"): "7", ProductQuery("MUG-1", "2"): "7"}
