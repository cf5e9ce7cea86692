"""The store and its outbox against a plain model, by random walks: whatever is pulled, pushed, overtaken or broken off.

The walks are hypothesis's; the model knows of each message what was last written, and which claims are over.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orderhaven.core.commands import TrackingNumber
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Status, Trigger, is_possible_history
from orderhaven.store.connections import connections
from orderhaven.store.connections.connections import Claim, Fenced
from orderhaven.store.models import (
    Connection,
    Event,
    Line,
    Link,
    Merchant,
    Message,
    MessageKind,
    MessageState,
    Order,
    OrderContact,
    Problem,
    Shipment,
)
from orderhaven.store.orders.follow_ups import is_still_needed, transition_order
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.testing.goods import MUG

from .conftest import CODE, PACE, Books, everything_open, new_books

_TABLES = (Event, Problem, Shipment, Message, OrderContact, Line, Order, Link, Connection, Merchant)
_IN_FLIGHT = ("in_flight", "unconfirmed", "processing")
_REFS = ("A-1", "A-2", "A-3")


class StoreMachine(RuleBasedStateMachine):
    books: Books

    @initialize()
    def start(self) -> None:
        for table in _TABLES:
            table.objects.all().delete()
        self.books = new_books()
        self.stale: list[Claim] = []
        self.told: dict[int, str] = {}  # messages that were sent, and their remote reference
        # each walk begins in the middle of the trade: one order stands in the shop, one is being created there
        self.books.places("A-1")
        self.books.pulls("A-2")
        self.books.begins("A-2", MessageKind.CREATE)

    # ------------------------------------------------------------ what is pulled

    @rule(ref=st.sampled_from(_REFS), pieces=st.integers(1, 3))
    def an_order_comes(self, ref: str, pieces: int) -> None:
        if not Order.objects.filter(ref=ref).exists():
            self.books.pulls(ref, (MUG, pieces))

    @rule(ref=st.sampled_from(_REFS))
    def it_is_pulled_again(self, ref: str) -> None:
        before = _dump()
        if self._knows(ref) and self.books.lines(ref) == [(self.books.lines(ref)[0][0], 0, 0)] and not _asks(ref):
            self.books.sees(self.books.summary(ref))
            assert _dump() == before

    @rule(ref=st.sampled_from(_REFS), what=st.sampled_from(("shipped", "cancelled", "asked", "withdrawn")))
    def the_marketplace_says(self, ref: str, what: str) -> None:
        if not self._knows(ref):
            return
        [(ordered, shipped, cancelled)] = self.books.lines(ref)
        left = ordered - shipped - cancelled
        facts: dict[str, Any] = {"shipped": shipped, "cancelled": cancelled, "cancellation_requested": what == "asked"}
        if what in ("shipped", "cancelled"):
            facts[what] += left
        self.books.sees(self.books.summary(ref, **facts))

    @precondition(lambda self: Order.objects.exclude(shop_ref="").exists())
    @rule(ref=st.sampled_from(_REFS), state=st.sampled_from(tuple(ShopState)), coded=st.booleans())
    def the_shop_says(self, ref: str, state: ShopState, coded: bool) -> None:
        if self._knows(ref) and self.books.order(ref).shop_ref:
            codes = (TrackingNumber(CODE, ""),) if coded else ()
            self.books.shop_says(self.books.snapshot(ref, state, tracking=codes))

    @precondition(lambda self: Order.objects.filter(wait_until__isnull=False).exists())
    @rule(ref=st.sampled_from(_REFS))
    def the_wait_is_over(self, ref: str) -> None:
        if self._knows(ref) and (until := self.books.order(ref).wait_until):
            self.books.now = max(self.books.now, until)
            self.books.shop_says(self.books.snapshot(ref, ShopState.COMPLETED))
            assert self.books.order(ref).wait_until is None

    @rule(
        ref=st.sampled_from(_REFS),
        fact=st.sampled_from((Trigger.TAKEN_OVER, Trigger.GIVEN_BACK, Trigger.CANCELLATION_ACCEPTED)),
    )
    def a_person_says(self, ref: str, fact: Trigger) -> None:
        if self._knows(ref):
            self.books.change(ref, lambda uow, row: transition_order(uow, row, fact))

    @rule(minutes=st.integers(1, 200))
    def time_passes(self, minutes: int) -> None:
        self.books.passes(minutes=minutes)

    # ------------------------------------------------------------ runs and messages

    @rule(at_the_shop=st.booleans())
    def another_run_takes_over(self, at_the_shop: bool) -> None:
        claim = self.books.here if at_the_shop else self.books.there
        taken = connections.claim(claim.connection_id)
        assert taken is not None
        assert taken[0].epoch == claim.epoch + 1
        self.stale.append(claim)
        if at_the_shop:
            self.books.here = taken[0]
        else:
            self.books.there = taken[0]
        sending = set(_ids("in_flight", claim.connection_id))
        queue.due_states(taken[0], self.books.now)
        # what was on its way may have happened: looked for, twice, before it is repeated
        assert set(Message.objects.filter(pk__in=sending).values_list("state", "not_found_count")) <= {
            ("unconfirmed", 0)
        }

    @precondition(lambda self: Message.objects.filter(state="queued").exists())
    @rule(place=st.integers(0, 5))
    def one_is_begun(self, place: int) -> None:
        message = _pick(Message.objects.filter(state="queued"), place)
        if message is None:
            return
        claim, attempt = self.books._claim_of(message), message.attempt
        first = message.pk in {one.pk for one in queue.due(claim, MessageState.QUEUED, self.books.now, 50)}
        if first:
            composed = ComposedMessage(message, everything_open(message))
            assert queue.begin(claim, [composed], self.books.now + timedelta(seconds=30), self.books.now) == {
                message.pk
            }
            assert Message.objects.get(pk=message.pk).attempt == attempt + 1

    @precondition(lambda self: Message.objects.filter(state__in=_IN_FLIGHT).exists())
    @rule(place=st.integers(0, 5), number=st.integers(0, 6))
    def one_is_finished(self, place: int, number: int) -> None:
        message = _pick(Message.objects.filter(state__in=_IN_FLIGHT), place)
        if message is not None:
            outcome = self._outcome(message, number)
            before = message.not_found_count
            self.books.finishes(message, outcome, MessageState(message.state))
            self._check_repeat(message, outcome, before)

    @precondition(lambda self: bool(self.stale))
    @rule(place=st.integers(0, 5), number=st.integers(0, 6), which=st.integers(0, 9))
    def an_overtaken_run_wants_to_write(self, place: int, number: int, which: int) -> None:
        claim = self.stale[which % len(self.stale)]
        message = _pick(Message.objects.filter(connection_id=claim.connection_id), place)
        if message is None:
            return
        before = _dump()
        written = {message.pk: (message.attempt, self._outcome(message, number))}
        with pytest.raises(Fenced):
            queue.finish(claim, written, MessageState(message.state), PACE, self.books.now)
        with pytest.raises(Fenced):
            queue.begin(claim, [ComposedMessage(message, message.payload)], self.books.now, self.books.now)
        assert _dump() == before

    @precondition(lambda self: Message.objects.filter(state__in=_IN_FLIGHT).exists())
    @rule(place=st.integers(0, 5), number=st.integers(0, 6))
    def what_is_overtaken_is_written_down(self, place: int, number: int) -> None:
        message = _pick(Message.objects.filter(state__in=_IN_FLIGHT), place)
        if message is None:
            return
        before = _dump()
        claim, outcome = self.books._claim_of(message), self._outcome(message, number)
        older = {message.pk: (message.attempt - 1, outcome)}
        queue.finish(claim, older, MessageState(message.state), PACE, self.books.now)
        elsewhere = next(MessageState(state) for state in _IN_FLIGHT if state != message.state)
        queue.finish(claim, {message.pk: (message.attempt, outcome)}, elsewhere, PACE, self.books.now)
        assert _dump() == before

    @precondition(lambda self: Message.objects.filter(state__in=_IN_FLIGHT).exists())
    @rule(place=st.integers(0, 5), number=st.integers(0, 6), nth=st.integers(1, 14))
    def the_store_breaks_off_in_between(self, place: int, number: int, nth: int) -> None:
        message = _pick(Message.objects.filter(state__in=_IN_FLIGHT), place)
        if message is None:
            return
        before, outcome = _dump(), self._outcome(message, number)
        try:
            with _breaks_at(nth) as broken:
                self.books.finishes(message, outcome, MessageState(message.state))
        except OperationalError:
            # all of it or nothing; the nudge of the other side comes after the commit, and may be lost
            [after_the_commit] = broken
            assert after_the_commit or _dump() == before
        else:
            self._check_repeat(message, outcome, message.not_found_count)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def one_message_is_open_per_order_and_side(self) -> None:
        for ref in _REFS:
            for side in ("shop", "marketplace"):
                assert Message.objects.filter(order__ref=ref, side=side, state__in=_IN_FLIGHT).count() <= 1

    @invariant()
    def a_history_is_a_path_of_the_table(self) -> None:
        for order in Order.objects.all():
            moves = list(Event.objects.filter(order=order, kind="status").order_by("id").values_list("data", flat=True))
            path = [*(one["from"] for one in moves[:1]), *(one["to"] for one in moves)] or [order.status]
            assert path[-1] == order.status
            assert is_possible_history([Status(one) for one in path])

    @invariant()
    def what_was_done_stays_done(self) -> None:
        for message in Message.objects.filter(pk__in=self.told):
            assert message.state == "done"
        self.told |= dict(Message.objects.filter(state="done").values_list("pk", "remote_ref"))

    @invariant()
    def what_each_side_knows_follows_from_the_messages(self) -> None:
        for order in Order.objects.all():
            assert order.shop_sync == _told(order, "shop", bool(order.shop_ref))
            assert order.marketplace_sync == _told(order, "marketplace", order.handled_externally)

    @invariant()
    def nothing_unsent_is_due_that_nobody_wants(self) -> None:
        for message in Message.objects.filter(state="queued", attempt=0).select_related("order"):
            assert is_still_needed(message.order, MessageKind(message.kind)), (
                f"{message.kind} at {message.order.status}"
            )

    # ------------------------------------------------------------ the model

    def _outcome(self, message: Message, number: int) -> result.CommandResult:
        ref = message.order.ref
        made = self.books.snapshot(ref) if message.kind == MessageKind.CREATE else None
        return (
            result.Done(made.shop_ref if made else "remote-1", made),
            result.Processing("handle-1") if message.side == "marketplace" else result.Unconfirmed("lost"),
            result.Unconfirmed("lost"),
            result.RetryLater("later"),
            result.NotFound(is_conclusive=False),
            result.NotFound(is_conclusive=True),
            result.NoAnswerYet()
            if message.side == "marketplace"
            else result.NeedsAttention(ProblemKind.REJECTED, {"side": "x", "reason": "y"}),
        )[number]

    def _check_repeat(self, message: Message, outcome: result.CommandResult, misses: int) -> None:
        """What is unconfirmed is sent again only after two conclusive verifications."""
        after = Message.objects.get(pk=message.pk)
        if message.state == "unconfirmed" and after.state == "queued" and isinstance(outcome, result.NotFound):
            assert outcome.is_conclusive
            assert misses >= 1

    def _knows(self, ref: str) -> bool:
        return Order.objects.filter(ref=ref).exists()


def _told(order: Order, side: str, knows_by_itself: bool) -> str:
    states = set(order.messages.filter(side=side).values_list("state", flat=True))
    if "blocked" in states:
        return "rejected"
    if states & {"on_hold", "queued", *_IN_FLIGHT}:
        return "pending"
    return "synced" if knows_by_itself or "done" in states else ""


def _asks(ref: str) -> bool:
    return Line.objects.filter(order__ref=ref, cancellation_requested=True).exists()


def _ids(state: str, connection_id: int) -> list[int]:
    return list(Message.objects.filter(state=state, connection_id=connection_id).values_list("pk", flat=True))


def _pick(messages: Any, place: int) -> Message | None:
    found = list(messages.select_related("order__link").order_by("pk"))
    return found[place % len(found)] if found else None


def _dump() -> list[list[tuple[Any, ...]]]:
    """Every row of every table that a run writes."""
    return [list(table.objects.order_by("pk").values_list()) for table in _TABLES]


@contextmanager
def _breaks_at(nth: int) -> Iterator[list[bool]]:
    """The list that comes is empty until it broke; then it holds whether all that was written was committed before."""
    left, written, broken = [nth], list[bool](), list[bool]()

    def statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        left[0] -= 1
        within = connection.in_atomic_block
        if left[0] == 0:
            broken.append(any(written) and all(written) and not within)
            raise OperationalError("the disk is gone")
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and "store_connection" not in sql:
            written.append(within)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(statement):
        yield broken


def test_random_walks_keep_every_promise(any_store: None) -> None:
    walks = 25 if connection.vendor == "sqlite" else 8
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(max_examples=walks, stateful_step_count=30, deadline=None, suppress_health_check=checks),
    )
