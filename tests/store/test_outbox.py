"""The outbox's rows: who may begin one, what finishing it does, which is due when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shipment import TrackingCode
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Fact, Status
from orderhaven.ports.connector import Declaration
from orderhaven.store import connections, outbox, tellings
from orderhaven.store.connections import Claim, Fenced
from orderhaven.store.consequences import move_order
from orderhaven.store.models import Kind, Link, Message, MessageState, Order, Shipment
from orderhaven.store.outbox import Composed
from orderhaven.store.payloads import PlacePayload
from orderhaven.store.sql import messages as statements
from orderhaven.store.verdicts import (
    Done,
    MayHaveHappened,
    NotNow,
    NotThere,
    NotWanted,
    Park,
    StillPending,
    TakenIn,
    Verdict,
)  # fmt: skip
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
    return outbox.begin(claim, [Composed(message, PlacePayload(total="1"))], books.now + SOON, books.now)


def shipped(books: Books, ref: str) -> None:
    """Placed and completed with a code: the confirmation is due."""
    books.places(ref)
    books.change(ref, lambda ledger, row: ledger.change(row, code=CODE, status=Status.SHIPPED))
    books.change(ref, lambda ledger, row: ledger.put(row, Kind.CONFIRM))


# ---------------------------------------------------------------- the fence

WRITES = {
    "begin": lambda books, claim: begin(books, claim, books.message("A-1", Kind.PLACE)),
    "finish": lambda books, claim: outbox.finish(
        claim, {books.message("A-1", Kind.PLACE).pk: (0, NotWanted())}, MessageState.DUE, PACE, books.now
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_cycle_that_was_overtaken_writes_nothing(books: Books, name: str) -> None:
    books.hears("A-1")
    stale = books.here
    again(stale)

    with pytest.raises(Fenced):
        WRITES[name](books, stale)

    assert books.states("A-1") == [("place", "due")]


def test_a_cycle_that_was_overtaken_does_not_judge_what_a_dead_one_left(books: Books) -> None:
    books.hears("A-1")
    books.begins("A-1", Kind.PLACE)
    stale = again(books.here)
    again(stale)

    with pytest.raises(Fenced):
        outbox.left_behind(stale, books.now)

    assert books.states("A-1") == [("place", "sending")]


# ---------------------------------------------------------------- begin


def test_begin_commits_what_goes_out(books: Books) -> None:
    books.hears("A-1")

    begun = begin(books, books.here, books.message("A-1", Kind.PLACE))

    message = books.message("A-1", Kind.PLACE)
    assert begun == {message.pk}
    assert (message.state, message.attempt, message.epoch) == (MessageState.SENDING, 1, books.here.epoch)
    assert (message.payload, message.not_after) == (PlacePayload(total="1"), books.now + SOON)


def test_a_message_that_was_withdrawn_is_not_begun(books: Books) -> None:
    books.hears("A-1")
    message = books.message("A-1", Kind.PLACE)
    books.change("A-1", lambda ledger, row: ledger.drop_unsent(row, [Kind.PLACE]))

    begun = begin(books, books.here, message)

    assert begun == set()
    assert books.states("A-1") == [("place", "dropped")]


def test_of_several_the_withdrawn_one_alone_is_not_begun(books: Books) -> None:
    books.hears("A-1")
    books.hears("A-2")
    messages = [books.message(ref, Kind.PLACE) for ref in ("A-1", "A-2")]
    books.change("A-1", lambda ledger, row: ledger.drop_unsent(row, [Kind.PLACE]))

    composed = [Composed(one, PlacePayload(total="1"), (PlacePayload(total="2"),)) for one in messages]

    begun = outbox.begin(books.here, composed, books.now + SOON, books.now)

    assert begun == {messages[1].pk}
    withdrawn = books.message("A-1", Kind.PLACE)
    assert (withdrawn.state, withdrawn.attempt, withdrawn.payload) == (MessageState.DROPPED, 0, PlacePayload())
    assert books.states("A-1") == [("place", "dropped")]
    assert books.states("A-2") == [("place", "sending"), ("place", "due")]


def test_two_cycles_cannot_both_begin_a_message(books: Books) -> None:
    books.hears("A-1")
    message = books.message("A-1", Kind.PLACE)

    first = begin(books, books.here, message)
    second = begin(books, again(books.here), message)

    assert (first, second) == ({message.pk}, set())


def test_beginning_again_forgets_the_handle_of_the_last_time(books: Books) -> None:
    books.hears("A-1")
    Message.objects.update(handle="old")

    begin(books, books.here, books.message("A-1", Kind.PLACE))

    assert books.message("A-1", Kind.PLACE).handle == ""


# ---------------------------------------------------------------- finish


def test_a_finish_of_another_attempt_changes_nothing(books: Books) -> None:
    books.hears("A-1")
    message = books.begins("A-1", Kind.PLACE)

    outbox.finish(books.here, {message.pk: (message.attempt + 1, NotWanted())}, MessageState.SENDING, PACE, books.now)

    assert books.states("A-1") == [("place", "sending")]


def test_a_finish_of_another_state_changes_nothing(books: Books) -> None:
    books.hears("A-1")
    message = books.begins("A-1", Kind.PLACE)

    books.finishes(message, NotWanted(), MessageState.UNCLEAR)

    assert books.states("A-1") == [("place", "sending")]


def test_what_a_dead_cycle_was_sending_may_have_happened(books: Books) -> None:
    books.hears("A-1")
    books.begins("A-1", Kind.PLACE)

    count = outbox.left_behind(again(books.here), books.now)

    assert count == 1
    assert books.states("A-1") == [("place", "unclear")]


def test_what_this_cycle_is_sending_is_not_left_behind(books: Books) -> None:
    books.hears("A-1")
    books.begins("A-1", Kind.PLACE)

    assert outbox.left_behind(books.here, books.now) == 0


def test_a_placing_that_is_done_names_the_shop_order(books: Books) -> None:
    row = books.places("A-1")

    assert (row.shop_ref, row.shop_state, row.shop_told) == ("shop-A-1", "open", "told")
    assert list(row.lines.values_list("placed", flat=True)) == [2]
    assert "placed" in books.events("A-1")


def test_a_confirmation_that_is_done_is_a_shipment(books: Books) -> None:
    shipped(books, "A-1")

    books.tells("A-1", Kind.CONFIRM)

    row = books.order("A-1")
    assert (row.confirmed_at, row.closed_at, row.marketplace_told) == (books.now, books.now, "told")
    made = Shipment.objects.get(order=row)
    assert (made.code, made.remote_ref) == (CODE, "remote-1")


def test_what_was_confirmed_is_no_news_when_their_list_shows_it(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", Kind.CONFIRM)
    known = books.lines("A-1"), books.order("A-1").changed_at
    books.passes(minutes=1)

    books.sees(books.sighting("A-1", shipped=2))

    assert known == (books.lines("A-1"), books.order("A-1").changed_at)
    assert books.lines("A-1") == [(2, 2, 0)]


def test_a_list_that_lags_behind_a_confirmation_moves_nothing(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", Kind.CONFIRM)

    books.sees(books.sighting("A-1"))
    books.sees(books.sighting("A-1", shipped=2))

    row = books.order("A-1")
    assert (row.status, row.marketplace_told, row.handled_by_others) == (Status.SHIPPED, "told", False)
    assert (books.lines("A-1"), books.problems("A-1")) == ([(2, 2, 0)], [])


def test_pieces_cancelled_meanwhile_are_not_counted_as_shipped(books: Books) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", Kind.CONFIRM)
    books.sees(books.sighting("A-1", cancelled=1))

    books.finishes(message, Done("remote-1"))

    assert books.lines("A-1") == [(2, 1, 1)]


def test_a_confirmation_that_others_made_is_not_ours(books: Books) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", Kind.CONFIRM)

    books.finishes(message, Done(by_others=True))

    row = books.order("A-1")
    assert (row.handled_by_others, row.marketplace_told, Shipment.objects.count()) == (True, "told", 0)
    assert (row.confirmed_at, row.closed_at) == (None, books.now)
    assert "confirmed" not in books.events("A-1")


def test_the_oldest_of_two_shop_orders_counts_and_the_other_is_named(books: Books) -> None:
    books.hears("A-1")
    message = books.begins("A-1", Kind.PLACE)

    books.finishes(message, Done("shop-A-1", books.reading("A-1"), also=("1002",)))

    assert books.problems("A-1") == [ProblemKind.PLACED_TWICE]
    assert books.order("A-1").shop_ref == "shop-A-1"


def test_a_refusal_waits_for_a_person_with_a_sentence(books: Books) -> None:
    books.hears("A-1")
    message = books.begins("A-1", Kind.PLACE)

    books.finishes(message, Park(ProblemKind.REFUSED, {"side": "Shop", "reason": "no"}))

    assert (books.states("A-1"), books.problems("A-1")) == ([("place", "parked")], [ProblemKind.REFUSED])
    assert books.order("A-1").shop_told == "refused"


@pytest.mark.parametrize(
    ("verdict", "state", "least", "most"),
    [
        (NotNow("down"), "due", 30, 45),  # the second time: 30 s and up to half more
        (NotNow("slow down", timedelta(minutes=7)), "due", 420, 420),
        (MayHaveHappened("no answer"), "unclear", 15, 15),
        (TakenIn("job-1"), "awaiting", 20, 20),
    ],
)
def test_what_is_not_over_is_due_again(books: Books, verdict: Verdict, state: str, least: int, most: int) -> None:
    shipped(books, "A-1")
    message = books.begins("A-1", Kind.CONFIRM)

    after = books.finishes(message, verdict)

    assert after.state == state
    assert timedelta(seconds=least) <= after.due_at - books.now <= timedelta(seconds=most)


def test_a_person_hears_of_it_only_after_hours(books: Books) -> None:
    books.hears("A-1")
    books.finishes(books.begins("A-1", Kind.PLACE), NotNow("down"))
    first = books.problems("A-1")
    books.passes(hours=2)

    books.finishes(books.begins("A-1", Kind.PLACE), NotNow("down"))

    assert (first, books.problems("A-1")) == ([], [ProblemKind.TAKES_LONG])


def test_what_waited_for_something_else_does_not_take_long_at_its_first_failure(books: Books) -> None:
    books.hears("A-1")
    books.passes(hours=30)  # the connection was paused, or a person had not said yet that it was meant

    books.finishes(books.begins("A-1", Kind.PLACE), NotNow("down"))

    assert books.problems("A-1") == []


def test_what_was_taken_in_has_not_been_failing_since_before(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", Kind.CONFIRM), NotNow("down"))
    books.finishes(books.begins("A-1", Kind.CONFIRM), TakenIn("job-1"))
    books.passes(hours=3)

    books.finishes(books.message("A-1", Kind.CONFIRM), MayHaveHappened("no answer"), MessageState.AWAITING)
    books.finishes(books.message("A-1", Kind.CONFIRM), NotThere(counts=False), MessageState.UNCLEAR)

    assert books.problems("A-1") == []


def test_what_a_person_must_decide_is_not_said_to_be_tried_again(books: Books) -> None:
    books.hears("A-1")
    books.finishes(books.begins("A-1", Kind.PLACE), NotNow("down"))
    books.passes(hours=2)
    books.finishes(books.begins("A-1", Kind.PLACE), NotNow("down"))

    books.finishes(books.begins("A-1", Kind.PLACE), Park(ProblemKind.REFUSED, {"side": "Shop", "reason": "no"}))

    assert books.problems("A-1") == [ProblemKind.REFUSED]


# ---------------------------------------------------------------- unclear


def unclear(books: Books) -> Message:
    shipped(books, "A-1")
    return books.finishes(books.begins("A-1", Kind.CONFIRM), MayHaveHappened("no answer"))


def test_a_look_that_keeps_failing_is_tried_less_and_less_until_a_person_hears_of_it(books: Books) -> None:
    message = unclear(books)
    waits = []
    for _ in range(40):
        message = books.finishes(message, NotThere(counts=False), MessageState.UNCLEAR)
        waits.append(message.due_at - books.now)
        books.now = message.due_at

    assert max(waits) == timedelta(minutes=15)
    assert waits[1:] == sorted(waits[1:])
    assert books.problems("A-1") == [ProblemKind.TAKES_LONG]


def test_a_miss_before_it_could_show_does_not_count(books: Books) -> None:
    message = unclear(books)

    for _ in range(5):
        message = books.finishes(message, NotThere(counts=False), MessageState.UNCLEAR)

    assert (message.state, message.misses) == (MessageState.UNCLEAR, 0)
    assert message.due_at == books.now + SOON + PACE.settle


def test_two_misses_that_count_make_it_due_again(books: Books) -> None:
    message = unclear(books)

    once = books.finishes(message, NotThere(counts=True), MessageState.UNCLEAR)
    twice = books.finishes(message, NotThere(counts=True), MessageState.UNCLEAR)

    assert (once.state, twice.state, twice.rounds) == (MessageState.UNCLEAR, MessageState.DUE, 1)


def test_a_miss_that_does_not_count_starts_the_count_again(books: Books) -> None:
    message = unclear(books)

    for counts in (True, False, True):
        message = books.finishes(message, NotThere(counts=counts), MessageState.UNCLEAR)

    assert (message.state, message.misses) == (MessageState.UNCLEAR, 1)


def test_after_three_rounds_a_person_must_look(books: Books) -> None:
    message = unclear(books)

    for _ in range(3):
        for _ in range(2):
            message = books.finishes(message, NotThere(counts=True), MessageState.UNCLEAR)
        if message.state == MessageState.DUE:
            message = books.finishes(books.begins("A-1", Kind.CONFIRM), MayHaveHappened("no answer"))

    assert message.state == MessageState.PARKED
    assert books.problems("A-1") == [ProblemKind.OUTCOME_UNKNOWN]


def test_an_outcome_that_does_not_come_is_looked_for_at_its_deadline(books: Books) -> None:
    shipped(books, "A-1")
    message = books.finishes(books.begins("A-1", Kind.CONFIRM), TakenIn("job-1"))

    before = books.finishes(message, StillPending(), MessageState.AWAITING)
    books.passes(minutes=31)
    after = books.finishes(message, StillPending(), MessageState.AWAITING)

    assert (before.state, after.state, after.rounds) == (MessageState.AWAITING, MessageState.UNCLEAR, 1)


# ---------------------------------------------------------------- what is due


def test_messages_come_in_the_order_of_their_urgency(books: Books) -> None:
    for ref in ("A-1", "A-2", "A-3"):
        books.hears(ref)
    books.gets_placed("A-2")
    books.sees(books.sighting("A-2", cancelled=2))

    assert books.due(books.here) == [("A-2", "cancel_shop"), ("A-1", "place"), ("A-3", "place")]


def test_an_order_has_one_message_open_on_each_side(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CANCEL))

    due = books.due(books.there)
    books.begins("A-1", Kind.CONFIRM)

    assert (due, books.due(books.there)) == ([("A-1", "confirm")], [])


def test_both_sides_of_an_order_can_be_told_at_once(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CANCEL_SHOP))

    assert (books.due(books.there), books.due(books.here)) == ([("A-1", "confirm")], [("A-1", "cancel_shop")])


def test_a_parked_message_does_not_block_the_next_one(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", Kind.CONFIRM), Park(ProblemKind.REFUSED))
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CANCEL))

    assert books.due(books.there) == [("A-1", "cancel")]


def test_a_message_is_not_due_before_its_time(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", Kind.CONFIRM), NotNow("later", timedelta(minutes=5)))

    before = books.due(books.there)
    books.passes(minutes=5)

    assert (before, books.due(books.there)) == ([], [("A-1", "confirm")])


def test_the_next_time_is_that_of_the_first_message_that_could_move(books: Books) -> None:
    shipped(books, "A-1")
    shipped(books, "A-2")
    books.finishes(books.begins("A-1", Kind.CONFIRM), NotNow("later", timedelta(minutes=9)))
    books.finishes(books.begins("A-2", Kind.CONFIRM), NotNow("later", timedelta(minutes=5)))

    assert outbox.next_due(books.marketplace.pk) == books.now + timedelta(minutes=5)


def test_the_next_time_has_its_microseconds_and_its_zone(books: Books) -> None:
    books.passes(microseconds=123456)
    books.hears("A-1")

    assert outbox.next_due(books.shop.pk) == books.now


def test_a_message_behind_another_has_no_time_of_its_own(books: Books) -> None:
    shipped(books, "A-1")
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CANCEL))
    books.begins("A-1", Kind.CONFIRM)

    assert outbox.next_due(books.marketplace.pk) is None


def test_a_link_in_rehearsal_sends_nothing_and_shows_it(books: Books) -> None:
    books.hears("A-1")
    Link.objects.update(rehearsal=True)

    assert (books.due(books.here), outbox.next_due(books.shop.pk)) == ([], None)
    assert [one.kind for one in outbox.to_be_sent(books.link.pk, 10)] == ["place"]


# ---------------------------------------------------------------- parts


def test_a_confirmation_of_250_lines_goes_in_parts_of_what_one_request_takes(books: Books) -> None:
    books.hears("A-1", *((article, 2) for article in many_articles(250)))
    books.gets_placed("A-1")
    books.change("A-1", lambda ledger, row: ledger.change(row, status=Status.SHIPPED))
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CONFIRM))

    told: list[str] = []
    sizes = []
    while due := outbox.due(books.there, MessageState.DUE, books.now, 50):
        [message] = due
        composed = tellings.compose(message, _takes(100))
        assert isinstance(composed, Composed)
        outbox.begin(books.there, [composed], books.now + SOON, books.now)
        assert books.order("A-1").confirmed_at is None
        pieces = Message.objects.get(pk=message.pk).payload.pieces
        told += pieces
        sizes.append(len(pieces))
        outbox.finish(
            books.there, {message.pk: (1, Done(f"shipment-{message.part}"))}, MessageState.SENDING, PACE, books.now
        )

    assert sizes == [100, 100, 50]
    assert len(set(told)) == 250
    assert books.order("A-1").confirmed_at == books.now
    assert Shipment.objects.count() == 3


def test_parts_that_wait_are_withdrawn_with_the_rest(books: Books) -> None:
    books.hears("A-1", *((article, 1) for article in many_articles(3)))
    books.gets_placed("A-1")
    books.change("A-1", lambda ledger, row: ledger.change(row, status=Status.SHIPPED))
    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CONFIRM))
    [message] = outbox.due(books.there, MessageState.DUE, books.now, 50)
    composed = tellings.compose(message, _takes(2))
    assert isinstance(composed, Composed)
    outbox.begin(books.there, [composed], books.now + SOON, books.now)

    books.change("A-1", lambda ledger, row: ledger.drop_unsent(row, [Kind.CONFIRM]))

    assert books.states("A-1")[1:] == [("confirm", "sending"), ("confirm", "dropped")]


def test_pieces_cancelled_before_the_second_try_are_not_told_as_shipped(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", Kind.CONFIRM), NotNow("down"))
    books.sees(books.sighting("A-1", cancelled=1))

    books.passes(minutes=5)
    [message] = outbox.due(books.there, MessageState.DUE, books.now, 50)
    composed = tellings.compose(message, _takes(100))

    assert isinstance(composed, Composed)
    assert list(composed.payload.pieces.values()) == [1]


def _takes(lines: int) -> Declaration:
    limits = replace(REFERENCE_MARKETPLACE.limits, lines_per_confirmation=lines)
    return replace(REFERENCE_MARKETPLACE, limits=limits)


# ---------------------------------------------------------------- putting


def test_what_is_open_already_is_not_put_twice(books: Books) -> None:
    books.hears("A-1")

    books.change(
        "A-1", lambda ledger, row: ledger.put(row, Kind.PLACE), lambda ledger, row: ledger.put(row, Kind.PLACE)
    )

    assert books.states("A-1") == [("place", "due")]


def test_a_message_put_and_withdrawn_at_once_is_never_written(books: Books) -> None:
    books.hears("A-1")

    books.change(
        "A-1", lambda ledger, row: ledger.put(row, Kind.CANCEL), lambda ledger, row: ledger.drop_unsent(row, list(Kind))
    )

    assert books.states("A-1") == [("place", "dropped")]


def test_what_was_sent_and_withdrawn_is_looked_for_before_it_is_put_again(books: Books) -> None:
    books.hears("A-1")
    message = books.begins("A-1", Kind.PLACE)
    books.finishes(message, Park(ProblemKind.SURPRISE))
    books.change("A-1", lambda ledger, row: ledger.drop_unsent(row, [Kind.PLACE]))

    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.PLACE))

    assert books.states("A-1") == [("place", "unclear")]
    assert books.message("A-1", Kind.PLACE).pk == message.pk


def test_the_same_telling_after_it_was_told_is_a_new_one(books: Books) -> None:
    shipped(books, "A-1")
    books.tells("A-1", Kind.CONFIRM)

    books.change("A-1", lambda ledger, row: ledger.put(row, Kind.CONFIRM))

    assert books.message("A-1", Kind.CONFIRM).generation == 1


# ---------------------------------------------------------------- what each side knows


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([], ""),
        (["dropped"], ""),
        (["due"], "being_told"),
        (["held"], "being_told"),
        (["sending"], "being_told"),
        (["unclear"], "being_told"),
        (["awaiting"], "being_told"),
        (["told"], "told"),
        (["told", "dropped"], "told"),
        (["told", "due"], "being_told"),
        (["parked"], "refused"),
        (["told", "parked"], "refused"),
        (["due", "parked"], "refused"),
    ],
)
@pytest.mark.parametrize(("side", "kind"), [("marketplace", Kind.CONFIRM), ("shop", Kind.CANCEL_SHOP)])
def test_what_a_side_knows_follows_from_its_messages(
    books: Books, side: str, kind: Kind, states: list[str], told: str
) -> None:
    books.hears("A-1")
    Message.objects.all().delete()
    for generation, state in enumerate(states):
        books.change("A-1", lambda ledger, row: ledger.put(row, kind, anew=True))
        Message.objects.filter(generation=generation).update(state=state)
        if generation + 1 < len(states):
            Message.objects.filter(generation=generation).update(state="told")
    for generation, state in enumerate(states):
        Message.objects.filter(generation=generation).update(state=state)

    row = books.change("A-1", lambda ledger, row: ledger.touch(row))

    both = {"shop": row.shop_told, "marketplace": row.marketplace_told}
    assert both == {"shop": "", "marketplace": ""} | {side: told}


def test_an_order_that_stands_in_the_shop_is_known_there(books: Books) -> None:
    books.hears("A-1")
    Message.objects.all().delete()
    Order.objects.update(shop_ref="adopted")

    assert books.change("A-1", lambda ledger, row: ledger.touch(row)).shop_told == "told"


# ---------------------------------------------------------------- problems


def test_a_problem_is_said_once_while_it_is_open(books: Books) -> None:
    books.hears("A-1")

    for _ in range(2):
        books.change("A-1", lambda ledger, row: ledger.problem(row, ProblemKind.WAIT_HELD))

    assert books.problems("A-1") == [ProblemKind.WAIT_HELD]
    assert books.events("A-1").count("problem") == 1


def test_a_solved_problem_can_come_again(books: Books) -> None:
    books.hears("A-1")
    books.change("A-1", lambda ledger, row: ledger.problem(row, ProblemKind.WAIT_HELD))

    books.change("A-1", lambda ledger, row: ledger.solve(row, [ProblemKind.WAIT_HELD]))
    solved = books.problems("A-1")
    books.change("A-1", lambda ledger, row: ledger.problem(row, ProblemKind.WAIT_HELD))

    assert (solved, books.problems("A-1")) == ([], [ProblemKind.WAIT_HELD])


def test_telling_it_at_last_solves_what_stood_in_its_way(books: Books) -> None:
    shipped(books, "A-1")
    books.finishes(books.begins("A-1", Kind.CONFIRM), Park(ProblemKind.REFUSED))
    Message.objects.filter(kind=Kind.CONFIRM).update(state=MessageState.DUE)

    books.tells("A-1", Kind.CONFIRM)

    assert books.problems("A-1") == []


def test_a_fact_outside_the_table_is_a_problem_and_no_crash(books: Books) -> None:
    books.hears("A-1")

    books.change("A-1", lambda ledger, row: move_order(ledger, row, Fact.WAIT_OVER))

    assert books.problems("A-1") == [ProblemKind.UNEXPECTED_FACT]
    assert books.order("A-1").status == Status.NOT_SHIPPED


@pytest.mark.parametrize(
    ("statement", "given"),
    [(statements._NEXT_DUE, [1, 1, 1]), (statements._DUE, [1, "due", "2026-01-01", 50])],
    ids=["next due", "due"],
)
def test_what_was_told_long_ago_is_not_walked_through(store: None, statement: str, given: list[object]) -> None:
    from django.db import connection as database

    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given)
        plan = [row[3] for row in cursor.fetchall()]

    assert any("USING INDEX message_due (connection_id=? AND state=?" in step for step in plan), plan


def test_pieces_that_were_cancelled_there_were_not_shipped_by_others(books: Books) -> None:
    books.places("A-1")
    books.shop_says(books.reading("A-1", ShopState.COMPLETED, codes=(TrackingCode(CODE, ""),)))
    message = books.finishes(books.begins("A-1", Kind.CONFIRM), MayHaveHappened("lost"))
    books.sees(books.sighting("A-1", cancelled=2))
    assert books.order("A-1").status == Status.CANCELLED

    books.finishes(message, Done(by_others=True), MessageState.UNCLEAR)

    assert not books.order("A-1").handled_by_others
    assert books.message("A-1", Kind.CONFIRM).state == MessageState.DROPPED
