"""The outbox's rows: who may begin one, what finishing it does, which is due when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orderhaven.core.commands import TrackingNumber
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Status, Trigger
from orderhaven.ports.connector import ConnectorSpec
from orderhaven.store.connections import connections
from orderhaven.store.connections.connections import Claim, Fenced
from orderhaven.store.models import Link, Message, MessageKind, MessageState, Order, Shipment
from orderhaven.store.orders.follow_ups import transition_order
from orderhaven.store.outbox import commands, queue, result
from orderhaven.store.outbox.payloads import CreatePayload
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.sql import statements
from orderhaven.testing.goods import many_articles
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE

from .conftest import CODE, PACE, Books

SOON = timedelta(seconds=30)
CANCELLED = ShopState.CANCELLED


def again(claim: Claim) -> Claim:
    taken = connections.claim(claim.connection_id)
    assert taken is not None
    return taken[0]


def begin(books: Books, claim: Claim, message: Message) -> set[int]:
    return queue.begin(claim, [ComposedMessage(message, CreatePayload(total="1"))], books.now + SOON, books.now)


def shipped(books: Books, ref: str) -> None:
    """In the shop and completed with a tracking number: the confirmation is due."""
    books.places(ref)
    books.change(ref, lambda uow, row: uow.change(row, tracking_number=CODE, status=Status.SHIPPED))
    books.change(ref, lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))


# ---------------------------------------------------------------- the fence

WRITES = {
    "begin": lambda books, claim: begin(books, claim, books.message("A-1", MessageKind.CREATE)),
    "finish": lambda books, claim: queue.finish(
        claim,
        {books.message("A-1", MessageKind.CREATE).pk: (0, result.NotNeeded())},
        MessageState.QUEUED,
        PACE,
        books.now,
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_sync_run_that_was_overtaken_writes_nothing(books: Books, name: str) -> None:
    books.pulls("A-1")
    stale = books.here
    again(stale)

    with pytest.raises(Fenced):
        WRITES[name](books, stale)

    assert books.states("A-1") == [("create", "queued")]


def test_a_sync_run_that_was_overtaken_does_not_judge_what_a_dead_one_left(books: Books) -> None:
    books.pulls("A-1")
    books.begins("A-1", MessageKind.CREATE)
    stale = again(books.here)
    again(stale)

    with pytest.raises(Fenced):
        queue.recover_left_behind(stale, books.now)

    assert books.states("A-1") == [("create", "in_flight")]


# ---------------------------------------------------------------- begin


def test_begin_commits_what_goes_out(books: Books) -> None:
    books.pulls("A-1")

    begun = begin(books, books.here, books.message("A-1", MessageKind.CREATE))

    message = books.message("A-1", MessageKind.CREATE)
    assert begun == {message.pk}
    assert (message.state, message.attempt, message.epoch) == (MessageState.IN_FLIGHT, 1, books.here.epoch)
    assert (message.payload, message.not_after) == (CreatePayload(total="1"), books.now + SOON)


def test_a_message_that_was_withdrawn_is_not_begun(books: Books) -> None:
    books.pulls("A-1")
    message = books.message("A-1", MessageKind.CREATE)
    books.change("A-1", lambda uow, row: uow.withdraw_unsent(row, [MessageKind.CREATE]))

    begun = begin(books, books.here, message)

    assert begun == set()
    assert books.states("A-1") == [("create", "withdrawn")]


def test_of_several_the_withdrawn_one_alone_is_not_begun(books: Books) -> None:
    books.pulls("A-1")
    books.pulls("A-2")
    messages = [books.message(ref, MessageKind.CREATE) for ref in ("A-1", "A-2")]
    books.change("A-1", lambda uow, row: uow.withdraw_unsent(row, [MessageKind.CREATE]))

    composed = [ComposedMessage(one, CreatePayload(total="1"), (CreatePayload(total="2"),)) for one in messages]

    begun = queue.begin(books.here, composed, books.now + SOON, books.now)

    assert begun == {messages[1].pk}
    withdrawn = books.message("A-1", MessageKind.CREATE)
    assert (withdrawn.state, withdrawn.attempt, withdrawn.payload) == (MessageState.WITHDRAWN, 0, CreatePayload())
    assert books.states("A-1") == [("create", "withdrawn")]
    assert books.states("A-2") == [("create", "in_flight"), ("create", "queued")]


def test_two_sync_runs_cannot_both_begin_a_message(books: Books) -> None:
    books.pulls("A-1")
    message = books.message("A-1", MessageKind.CREATE)

    first = begin(books, books.here, message)
    second = begin(books, again(books.here), message)

    assert (first, second) == ({message.pk}, set())


def test_beginning_again_forgets_the_handle_of_the_last_time(books: Books) -> None:
    books.pulls("A-1")
    Message.objects.update(handle="old")

    begin(books, books.here, books.message("A-1", MessageKind.CREATE))

    assert books.message("A-1", MessageKind.CREATE).handle == ""


# ---------------------------------------------------------------- finish


def test_a_finish_of_another_attempt_changes_nothing(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)

    queue.finish(
        books.here, {message.pk: (message.attempt + 1, result.NotNeeded())}, MessageState.IN_FLIGHT, PACE, books.now
    )

    assert books.states("A-1") == [("create", "in_flight")]


def test_a_finish_of_another_state_changes_nothing(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)

    books.finishes(message, result.NotNeeded(), MessageState.UNCONFIRMED)

    assert books.states("A-1") == [("create", "in_flight")]


def test_what_a_dead_sync_run_was_sending_may_have_happened(books: Books) -> None:
    books.pulls("A-1")
    books.begins("A-1", MessageKind.CREATE)

    count = queue.recover_left_behind(again(books.here), books.now)

    assert count == 1
    assert books.states("A-1") == [("create", "unconfirmed")]


def test_what_this_sync_run_is_sending_is_not_left_behind(books: Books) -> None:
    books.pulls("A-1")
    books.begins("A-1", MessageKind.CREATE)

    assert queue.recover_left_behind(books.here, books.now) == 0


def test_a_creation_that_is_done_names_the_shop_order(books: Books) -> None:
    row = books.places("A-1")

    assert (row.shop_ref, row.shop_state, row.shop_sync) == ("shop-A-1", "open", "synced")
    assert list(row.lines.values_list("in_shop", flat=True)) == [2]
    assert "shop_order_created" in books.events("A-1")


def test_a_confirmation_that_is_done_is_a_shipment(books: Books) -> None:
    shipped(books, "A-1")

    books.tells("A-1", MessageKind.CONFIRM)

    row = books.order("A-1")
    assert (row.confirmed_at, row.closed_at, row.marketplace_sync) == (books.now, books.now, "synced")
    made = Shipment.objects.get(order=row)
    assert (made.tracking_number, made.remote_ref) == (CODE, "remote-1")


def test_what_was_confirmed_is_no_news_when_their_list_shows_it(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", MessageKind.CONFIRM)
    known = books.lines("A-1"), books.order("A-1").changed_at
    books.passes(minutes=1)

    books.sees(books.summary("A-1", shipped=2))

    assert known == (books.lines("A-1"), books.order("A-1").changed_at)
    assert books.lines("A-1") == [(2, 2, 0)]


def test_a_list_that_lags_behind_a_confirmation_moves_nothing(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", MessageKind.CONFIRM)

    books.sees(books.summary("A-1"))
    books.sees(books.summary("A-1", shipped=2))

    row = books.order("A-1")
    assert (row.status, row.marketplace_sync, row.handled_externally) == (Status.SHIPPED, "synced", False)
    assert (books.lines("A-1"), books.problems("A-1")) == ([(2, 2, 0)], [])


def test_pieces_cancelled_meanwhile_are_not_counted_as_shipped(books: Books) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", MessageKind.CONFIRM)
    books.sees(books.summary("A-1", cancelled=1))

    books.finishes(message, result.Done("remote-1"))

    assert books.lines("A-1") == [(2, 1, 1)]


def test_a_confirmation_that_others_made_is_not_ours(books: Books) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", MessageKind.CONFIRM)

    books.finishes(message, result.Done(by_others=True))

    row = books.order("A-1")
    assert (row.handled_externally, row.marketplace_sync, Shipment.objects.count()) == (True, "synced", 0)
    assert (row.confirmed_at, row.closed_at) == (None, books.now)
    assert "confirmed" not in books.events("A-1")


def test_the_oldest_of_two_shop_orders_counts_and_the_other_is_named(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)

    books.finishes(message, result.Done("shop-A-1", books.snapshot("A-1"), duplicates=("1002",)))

    assert books.problems("A-1") == [ProblemKind.CREATED_TWICE]
    assert books.order("A-1").shop_ref == "shop-A-1"


def test_a_refusal_waits_for_a_person_with_a_sentence(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)

    books.finishes(message, result.NeedsAttention(ProblemKind.REJECTED, {"side": "Shop", "reason": "no"}))

    assert (books.states("A-1"), books.problems("A-1")) == ([("create", "blocked")], [ProblemKind.REJECTED])
    assert books.order("A-1").shop_sync == "rejected"


@pytest.mark.parametrize(
    ("outcome", "state", "least", "most"),
    [
        (result.RetryLater("down"), "queued", 30, 45),  # the second time: 30 s and up to half more
        (result.RetryLater("slow down", timedelta(minutes=7)), "queued", 420, 420),
        (result.Unconfirmed("no answer"), "unconfirmed", 15, 15),
        (result.Processing("job-1"), "processing", 20, 20),
    ],
)
def test_what_is_not_over_is_due_again(
    books: Books, outcome: result.CommandResult, state: str, least: int, most: int
) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", MessageKind.CONFIRM)

    after = books.finishes(message, outcome)

    assert after.state == state
    assert timedelta(seconds=least) <= after.due_at - books.now <= timedelta(seconds=most)


def test_a_user_is_notified_only_after_hours(books: Books) -> None:
    books.pulls("A-1")
    books.finishes(books.begins("A-1", MessageKind.CREATE), result.RetryLater("down"))
    first = books.problems("A-1")
    books.passes(hours=2)

    books.finishes(books.begins("A-1", MessageKind.CREATE), result.RetryLater("down"))

    assert (first, books.problems("A-1")) == ([], [ProblemKind.DELAYED])


def test_what_waited_for_something_else_does_not_take_long_at_its_first_failure(books: Books) -> None:
    books.pulls("A-1")
    books.passes(hours=30)  # the connection was paused, or a person had not said yet that it was meant

    books.finishes(books.begins("A-1", MessageKind.CREATE), result.RetryLater("down"))

    assert books.problems("A-1") == []


def test_what_was_taken_in_has_not_been_failing_since_before(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.RetryLater("down"))
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.Processing("job-1"))
    books.passes(hours=3)

    books.finishes(books.message("A-1", MessageKind.CONFIRM), result.Unconfirmed("no answer"), MessageState.PROCESSING)
    books.finishes(
        books.message("A-1", MessageKind.CONFIRM), result.NotFound(is_conclusive=False), MessageState.UNCONFIRMED
    )

    assert books.problems("A-1") == []


def test_what_a_person_must_decide_is_not_said_to_be_tried_again(books: Books) -> None:
    books.pulls("A-1")
    books.finishes(books.begins("A-1", MessageKind.CREATE), result.RetryLater("down"))
    books.passes(hours=2)
    books.finishes(books.begins("A-1", MessageKind.CREATE), result.RetryLater("down"))

    books.finishes(
        books.begins("A-1", MessageKind.CREATE),
        result.NeedsAttention(ProblemKind.REJECTED, {"side": "Shop", "reason": "no"}),
    )

    assert books.problems("A-1") == [ProblemKind.REJECTED]


# ---------------------------------------------------------------- unconfirmed


def unclear(books: Books) -> Message:
    shipped(books, "A-1")
    return books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.Unconfirmed("no answer"))


def test_a_verification_that_keeps_failing_is_tried_less_and_less_until_a_user_is_notified(books: Books) -> None:
    message = unclear(books)
    waits = []
    for _ in range(40):
        message = books.finishes(message, result.NotFound(is_conclusive=False), MessageState.UNCONFIRMED)
        waits.append(message.due_at - books.now)
        books.now = message.due_at

    assert max(waits) == timedelta(minutes=15)
    assert waits[1:] == sorted(waits[1:])
    assert books.problems("A-1") == [ProblemKind.DELAYED]


def test_a_miss_before_it_could_show_does_not_count(books: Books) -> None:
    message = unclear(books)

    for _ in range(5):
        message = books.finishes(message, result.NotFound(is_conclusive=False), MessageState.UNCONFIRMED)

    assert (message.state, message.not_found_count) == (MessageState.UNCONFIRMED, 0)
    assert message.due_at == books.now + SOON + PACE.visibility_delay


def test_two_misses_that_count_make_it_due_again(books: Books) -> None:
    message = unclear(books)

    once = books.finishes(message, result.NotFound(is_conclusive=True), MessageState.UNCONFIRMED)
    twice = books.finishes(message, result.NotFound(is_conclusive=True), MessageState.UNCONFIRMED)

    assert (once.state, twice.state, twice.rounds) == (MessageState.UNCONFIRMED, MessageState.QUEUED, 1)


def test_a_miss_that_does_not_count_starts_the_count_again(books: Books) -> None:
    message = unclear(books)

    for counts in (True, False, True):
        message = books.finishes(message, result.NotFound(is_conclusive=counts), MessageState.UNCONFIRMED)

    assert (message.state, message.not_found_count) == (MessageState.UNCONFIRMED, 1)


def test_after_three_rounds_a_person_must_look(books: Books) -> None:
    message = unclear(books)

    for _ in range(3):
        for _ in range(2):
            message = books.finishes(message, result.NotFound(is_conclusive=True), MessageState.UNCONFIRMED)
        if message.state == MessageState.QUEUED:
            message = books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.Unconfirmed("no answer"))

    assert message.state == MessageState.BLOCKED
    assert books.problems("A-1") == [ProblemKind.OUTCOME_UNKNOWN]


def test_an_outcome_that_does_not_come_is_looked_for_at_its_deadline(books: Books) -> None:
    shipped(books, "A-1")
    message = books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.Processing("job-1"))

    before = books.finishes(message, result.NoAnswerYet(), MessageState.PROCESSING)
    books.passes(minutes=31)
    after = books.finishes(message, result.NoAnswerYet(), MessageState.PROCESSING)

    assert (before.state, after.state, after.rounds) == (MessageState.PROCESSING, MessageState.UNCONFIRMED, 1)


# ---------------------------------------------------------------- what is due


def test_messages_come_in_the_order_of_their_urgency(books: Books) -> None:
    for ref in ("A-1", "A-2", "A-3"):
        books.pulls(ref)
    books.gets_placed("A-2")
    books.sees(books.summary("A-2", cancelled=2))

    assert books.due(books.here) == [("A-2", "cancel_shop"), ("A-1", "create"), ("A-3", "create")]


def test_an_order_has_one_message_open_on_each_side(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CANCEL))

    due = books.due(books.there)
    books.begins("A-1", MessageKind.CONFIRM)

    assert (due, books.due(books.there)) == ([("A-1", "confirm")], [])


def test_both_sides_of_an_order_can_be_pushed_at_once(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CANCEL_SHOP))

    assert (books.due(books.there), books.due(books.here)) == ([("A-1", "confirm")], [("A-1", "cancel_shop")])


def test_a_blocked_message_does_not_block_the_next_one(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.NeedsAttention(ProblemKind.REJECTED))
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CANCEL))

    assert books.due(books.there) == [("A-1", "cancel")]


def test_a_message_is_not_due_before_its_time(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.RetryLater("later", timedelta(minutes=5)))

    before = books.due(books.there)
    books.passes(minutes=5)

    assert (before, books.due(books.there)) == ([], [("A-1", "confirm")])


def test_the_next_time_is_that_of_the_first_message_that_could_move(books: Books) -> None:
    shipped(books, "A-1")
    shipped(books, "A-2")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.RetryLater("later", timedelta(minutes=9)))
    books.finishes(books.begins("A-2", MessageKind.CONFIRM), result.RetryLater("later", timedelta(minutes=5)))

    assert queue.next_due(books.marketplace.pk) == books.now + timedelta(minutes=5)


def test_the_next_time_has_its_microseconds_and_its_zone(books: Books) -> None:
    books.passes(microseconds=123456)
    books.pulls("A-1")

    assert queue.next_due(books.shop.pk) == books.now


def test_a_message_behind_another_has_no_time_of_its_own(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CANCEL))
    books.begins("A-1", MessageKind.CONFIRM)

    assert queue.next_due(books.marketplace.pk) is None


def test_a_link_in_dry_run_sends_nothing_and_shows_it(books: Books) -> None:
    books.pulls("A-1")
    Link.objects.update(dry_run=True)

    assert (books.due(books.here), queue.next_due(books.shop.pk)) == ([], None)
    assert [one.kind for one in queue.to_be_sent(books.link.pk, 10)] == ["create"]


# ---------------------------------------------------------------- parts


def test_a_confirmation_of_250_lines_goes_in_parts_of_what_one_request_takes(books: Books) -> None:
    books.pulls("A-1", *((article, 2) for article in many_articles(250)))
    books.gets_placed("A-1")
    books.change("A-1", lambda uow, row: uow.change(row, status=Status.SHIPPED))
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))

    told: list[str] = []
    sizes = []
    while due := queue.due(books.there, MessageState.QUEUED, books.now, 50):
        [message] = due
        composed = commands.compose_message(message, _takes(100))
        assert isinstance(composed, ComposedMessage)
        queue.begin(books.there, [composed], books.now + SOON, books.now)
        assert books.order("A-1").confirmed_at is None
        pieces = Message.objects.get(pk=message.pk).payload.quantities
        told += pieces
        sizes.append(len(pieces))
        queue.finish(
            books.there,
            {message.pk: (1, result.Done(f"shipment-{message.part}"))},
            MessageState.IN_FLIGHT,
            PACE,
            books.now,
        )

    assert sizes == [100, 100, 50]
    assert len(set(told)) == 250
    assert books.order("A-1").confirmed_at == books.now
    assert Shipment.objects.count() == 3


def test_parts_that_wait_are_withdrawn_with_the_rest(books: Books) -> None:
    books.pulls("A-1", *((article, 1) for article in many_articles(3)))
    books.gets_placed("A-1")
    books.change("A-1", lambda uow, row: uow.change(row, status=Status.SHIPPED))
    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))
    [message] = queue.due(books.there, MessageState.QUEUED, books.now, 50)
    composed = commands.compose_message(message, _takes(2))
    assert isinstance(composed, ComposedMessage)
    queue.begin(books.there, [composed], books.now + SOON, books.now)

    books.change("A-1", lambda uow, row: uow.withdraw_unsent(row, [MessageKind.CONFIRM]))

    assert books.states("A-1")[1:] == [("confirm", "in_flight"), ("confirm", "withdrawn")]


def test_pieces_cancelled_before_the_second_try_are_not_sent_as_shipped(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.RetryLater("down"))
    books.sees(books.summary("A-1", cancelled=1))

    books.passes(minutes=5)
    [message] = queue.due(books.there, MessageState.QUEUED, books.now, 50)
    composed = commands.compose_message(message, _takes(100))

    assert isinstance(composed, ComposedMessage)
    assert list(composed.payload.quantities.values()) == [1]


def _takes(lines: int) -> ConnectorSpec:
    limits = replace(REFERENCE_MARKETPLACE.limits, lines_per_confirmation=lines)
    return replace(REFERENCE_MARKETPLACE, limits=limits)


# ---------------------------------------------------------------- putting


def test_what_is_open_already_is_not_put_twice(books: Books) -> None:
    books.pulls("A-1")

    books.change(
        "A-1",
        lambda uow, row: uow.enqueue(row, MessageKind.CREATE),
        lambda uow, row: uow.enqueue(row, MessageKind.CREATE),
    )

    assert books.states("A-1") == [("create", "queued")]


def test_a_message_put_and_withdrawn_at_once_is_never_written(books: Books) -> None:
    books.pulls("A-1")

    books.change(
        "A-1",
        lambda uow, row: uow.enqueue(row, MessageKind.CANCEL),
        lambda uow, row: uow.withdraw_unsent(row, list(MessageKind)),
    )

    assert books.states("A-1") == [("create", "withdrawn")]


def test_what_was_sent_and_withdrawn_is_looked_for_before_it_is_put_again(books: Books) -> None:
    books.pulls("A-1")
    message = books.begins("A-1", MessageKind.CREATE)
    books.finishes(message, result.NeedsAttention(ProblemKind.UNEXPECTED_RESPONSE))
    books.change("A-1", lambda uow, row: uow.withdraw_unsent(row, [MessageKind.CREATE]))

    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CREATE))

    assert books.states("A-1") == [("create", "unconfirmed")]
    assert books.message("A-1", MessageKind.CREATE).pk == message.pk


def test_the_same_command_after_it_was_sent_is_a_new_one(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", MessageKind.CONFIRM)

    books.change("A-1", lambda uow, row: uow.enqueue(row, MessageKind.CONFIRM))

    assert books.message("A-1", MessageKind.CONFIRM).generation == 1


# ---------------------------------------------------------------- what each side knows


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([], ""),
        (["withdrawn"], ""),
        (["queued"], "pending"),
        (["on_hold"], "pending"),
        (["in_flight"], "pending"),
        (["unconfirmed"], "pending"),
        (["processing"], "pending"),
        (["done"], "synced"),
        (["done", "withdrawn"], "synced"),
        (["done", "queued"], "pending"),
        (["blocked"], "rejected"),
        (["done", "blocked"], "rejected"),
        (["queued", "blocked"], "rejected"),
    ],
)
@pytest.mark.parametrize(("side", "kind"), [("marketplace", MessageKind.CONFIRM), ("shop", MessageKind.CANCEL_SHOP)])
def test_what_a_side_knows_follows_from_its_messages(
    books: Books, side: str, kind: MessageKind, states: list[str], told: str
) -> None:
    books.pulls("A-1")
    Message.objects.all().delete()
    for generation, state in enumerate(states):
        books.change("A-1", lambda uow, row: uow.enqueue(row, kind, again=True))
        Message.objects.filter(generation=generation).update(state=state)
        if generation + 1 < len(states):
            Message.objects.filter(generation=generation).update(state="done")
    for generation, state in enumerate(states):
        Message.objects.filter(generation=generation).update(state=state)

    row = books.change("A-1", lambda uow, row: uow.touch(row))

    both = {"shop": row.shop_sync, "marketplace": row.marketplace_sync}
    assert both == {"shop": "", "marketplace": ""} | {side: told}


def test_an_order_that_stands_in_the_shop_is_known_there(books: Books) -> None:
    books.pulls("A-1")
    Message.objects.all().delete()
    Order.objects.update(shop_ref="adopted")

    assert books.change("A-1", lambda uow, row: uow.touch(row)).shop_sync == "synced"


# ---------------------------------------------------------------- problems


def test_a_problem_is_said_once_while_it_is_open(books: Books) -> None:
    books.pulls("A-1")

    for _ in range(2):
        books.change("A-1", lambda uow, row: uow.problem(row, ProblemKind.WAIT_EXTENDED))

    assert books.problems("A-1") == [ProblemKind.WAIT_EXTENDED]
    assert books.events("A-1").count("problem") == 1


def test_a_solved_problem_can_come_again(books: Books) -> None:
    books.pulls("A-1")
    books.change("A-1", lambda uow, row: uow.problem(row, ProblemKind.WAIT_EXTENDED))

    books.change("A-1", lambda uow, row: uow.resolve(row, [ProblemKind.WAIT_EXTENDED]))
    solved = books.problems("A-1")
    books.change("A-1", lambda uow, row: uow.problem(row, ProblemKind.WAIT_EXTENDED))

    assert (solved, books.problems("A-1")) == ([], [ProblemKind.WAIT_EXTENDED])


def test_sending_it_at_last_resolves_what_stood_in_its_way(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.NeedsAttention(ProblemKind.REJECTED))
    Message.objects.filter(kind=MessageKind.CONFIRM).update(state=MessageState.QUEUED)

    books.tells("A-1", MessageKind.CONFIRM)

    assert books.problems("A-1") == []


def test_an_unexpected_trigger_is_a_problem_and_no_crash(books: Books) -> None:
    books.pulls("A-1")

    books.change("A-1", lambda uow, row: transition_order(uow, row, Trigger.WAIT_EXPIRED))

    assert books.problems("A-1") == [ProblemKind.UNEXPECTED_UPDATE]
    assert books.order("A-1").status == Status.NOT_SHIPPED


@pytest.mark.parametrize(
    ("statement", "given"),
    [(statements._NEXT_DUE, [1, 1, 1]), (statements._DUE_MESSAGES, [1, "queued", "2026-01-01", 50])],
    ids=["next due", "queued"],
)
def test_what_was_sent_long_ago_is_not_walked_through(store: None, statement: str, given: list[object]) -> None:
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
        plan = [row[3] for row in cursor.fetchall()]

    assert any("USING INDEX message_due (connection_id=? AND state=?" in step for step in plan), plan


def test_pieces_that_were_cancelled_there_were_not_shipped_by_others(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.snapshot("A-1", ShopState.COMPLETED, tracking=(TrackingNumber(CODE, ""),)))
    message = books.finishes(books.begins("A-1", MessageKind.CONFIRM), result.Unconfirmed("lost"))
    books.sees(books.summary("A-1", cancelled=2))
    assert books.order("A-1").status == Status.CANCELLED

    books.finishes(message, result.Done(by_others=True), MessageState.UNCONFIRMED)

    assert not books.order("A-1").handled_externally
    assert books.message("A-1", MessageKind.CONFIRM).state == MessageState.WITHDRAWN
