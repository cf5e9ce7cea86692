"""From what a side shows now to the facts that move an order."""

from itertools import product

import pytest
from msgspec.structs import replace

from orderhaven.core.commands import TrackingNumber
from orderhaven.core.money import Money
from orderhaven.core.order import LineQuantities
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ExpectedLine, ShopLine, ShopOrderSnapshot, ShopState
from orderhaven.core.status import (
    TRANSITIONS,
    Header,
    ShopBaseline,
    Status,
    Trigger,
    header_of,
    marketplace_triggers,
    newly_cancelled,
    shop_triggers,
)

OPEN, WAITING, SHIPPED = Status.NOT_SHIPPED, Status.WAITING, Status.SHIPPED
LINE = LineQuantities("1", 2)
OTHER = LineQuantities("2", 1)
THEIRS = LineQuantities("3", 1, by_marketplace=True)
CODE = "3SABCD1234567"

# what the hub knows of an order that stands open in the shop with two pieces
WANTED = (ExpectedLine("L1", "Mug", "S", 2, "p"),)
KNOWN = ShopBaseline(OPEN, ShopState.OPEN, tracking_number="", expected=WANTED, synced=False, confirmed=False)
PLACED = ShopOrderSnapshot("7", "7", "ours", ShopState.OPEN, "processing", (ShopLine("p", "S", "Mug", 2),))
COMPLETED = replace(PLACED, state=ShopState.COMPLETED)
WITH_CODE = (TrackingNumber(CODE),)


# ---------------------------------------------------------------- the marketplace


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        ([LINE, OTHER], Header.OPEN),
        ([replace(LINE, shipped=1), OTHER], Header.PART_SENT),
        ([replace(LINE, shipped=2), OTHER], Header.PART_SENT),
        ([replace(LINE, shipped=2), replace(OTHER, shipped=1)], Header.SENT),
        ([replace(LINE, shipped=2), replace(OTHER, cancelled=1)], Header.SENT),
        ([replace(LINE, cancelled=2), replace(OTHER, cancelled=1)], Header.CANCELLED),
        ([LINE, replace(THEIRS, shipped=1)], Header.OPEN),
        ([replace(LINE, shipped=2), THEIRS], Header.SENT),
        ([replace(THEIRS, shipped=1)], Header.SENT),
        ([], Header.OPEN),
    ],
)
def test_what_lines_add_up_to(lines: list[LineQuantities], header: Header) -> None:
    assert header is header_of(lines)


@pytest.mark.parametrize(
    ("status", "before", "now", "facts"),
    [
        (OPEN, [LINE], [LINE], []),
        (OPEN, [LINE], [replace(LINE, shipped=2)], [Trigger.MARKETPLACE_SHIPPED]),
        (OPEN, [LINE], [replace(LINE, shipped=1)], [Trigger.PARTLY_SHIPPED]),
        (OPEN, [LINE, OTHER], [replace(LINE, cancelled=1), OTHER], []),
        (OPEN, [LINE], [replace(LINE, cancelled=2)], [Trigger.MARKETPLACE_CANCELLED]),
        (OPEN, [LINE], [replace(LINE, cancellation_requested=True)], [Trigger.CANCELLATION_REQUESTED]),
        (OPEN, [replace(LINE, cancellation_requested=True)], [LINE], [Trigger.CANCELLATION_WITHDRAWN]),
        (
            Status.CANCELLATION_REQUESTED,
            [replace(LINE, cancellation_requested=True)],
            [replace(LINE, cancelled=2)],
            [Trigger.MARKETPLACE_CANCELLED],
        ),
        (Status.PARTLY_SHIPPED, [replace(LINE, shipped=1)], [replace(LINE, shipped=2)], [Trigger.REST_SHIPPED]),
        (
            Status.PARTLY_SHIPPED,
            [replace(LINE, shipped=1)],
            [replace(LINE, shipped=1, cancelled=1)],
            [Trigger.REST_SHIPPED],
        ),
        (SHIPPED, [replace(LINE, shipped=2)], [replace(LINE, shipped=2)], []),
        (OPEN, [LINE, THEIRS], [LINE, replace(THEIRS, shipped=1)], []),
        (OPEN, [THEIRS], [replace(THEIRS, shipped=1)], [Trigger.MARKETPLACE_SHIPPED]),
        (OPEN, [], [replace(LINE, shipped=2)], [Trigger.MARKETPLACE_SHIPPED]),
    ],
)
def test_what_changed_at_the_marketplace(
    status: Status, before: list[LineQuantities], now: list[LineQuantities], facts: list[Trigger]
) -> None:
    assert facts == marketplace_triggers(status, before, now, confirmed=False)


def test_cancelled_after_it_was_confirmed_is_another_trigger() -> None:
    facts = marketplace_triggers(SHIPPED, [replace(LINE, shipped=2)], [replace(LINE, cancelled=2)], confirmed=True)

    assert [Trigger.MARKETPLACE_CANCELLED_LATE] == facts


def test_lines_of_which_pieces_were_cancelled_since_are_named() -> None:
    before = {"1": LINE, "2": replace(OTHER, cancelled=1)}

    refs = newly_cancelled(before, [replace(LINE, cancelled=1), replace(OTHER, cancelled=1)])

    assert ["1"] == refs


# ---------------------------------------------------------------- the shop


@pytest.mark.parametrize(
    ("known", "snapshot", "facts"),
    [
        (KNOWN, PLACED, ()),
        (KNOWN, COMPLETED, (Trigger.COMPLETED_UNTRACKED,)),
        (KNOWN, replace(COMPLETED, tracking=WITH_CODE), (Trigger.COMPLETED_TRACKED,)),
        (KNOWN, replace(COMPLETED, label_number="VVB-1"), (Trigger.COMPLETED_TRACKED,)),
        (KNOWN, replace(PLACED, tracking=WITH_CODE), (Trigger.TRACKING_ADDED,)),
        (replace(KNOWN, tracking_number=CODE), replace(PLACED, tracking=WITH_CODE), ()),
        (KNOWN, replace(PLACED, state=ShopState.CANCELLED), (Trigger.SHOP_CANCELLED,)),
        (
            replace(KNOWN, status=Status.CANCELLED, shop_state=ShopState.CANCELLED),
            replace(PLACED, state=ShopState.CANCELLED),
            (),
        ),
        (replace(KNOWN, shop_state=ShopState.COMPLETED, status=WAITING), PLACED, (Trigger.REOPENED,)),
        (replace(KNOWN, shop_state=ShopState.CANCELLED, status=Status.CANCELLED), PLACED, (Trigger.REOPENED,)),
        (replace(KNOWN, shop_state=ShopState.COMPLETED, status=SHIPPED, synced=True), PLACED, (Trigger.REOPENED_LATE,)),
        (replace(KNOWN, shop_state=ShopState.COMPLETED, status=WAITING), COMPLETED, (Trigger.COMPLETED_UNTRACKED,)),
        (
            replace(KNOWN, shop_state=ShopState.COMPLETED, status=WAITING),
            replace(COMPLETED, tracking=WITH_CODE),
            (Trigger.COMPLETED_TRACKED,),
        ),
        (
            replace(KNOWN, shop_state=ShopState.COMPLETED, status=SHIPPED),
            replace(COMPLETED, tracking=WITH_CODE),
            (Trigger.TRACKING_ADDED,),
        ),
        (replace(KNOWN, shop_state=ShopState.COMPLETED, status=SHIPPED, tracking_number=CODE), COMPLETED, ()),
        (replace(KNOWN, status=SHIPPED), replace(PLACED, state=ShopState.TRASHED), ()),
    ],
)
def test_what_a_shop_snapshot_adds(
    known: ShopBaseline, snapshot: ShopOrderSnapshot, facts: tuple[Trigger, ...]
) -> None:
    pulled = shop_triggers(known, snapshot)

    assert (facts, {}) == (pulled.triggers, pulled.problems)


def test_quantities_that_differ_are_a_problem_and_move_nothing() -> None:
    pulled = shop_triggers(KNOWN, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 3),)))

    assert () == pulled.triggers
    assert {ProblemKind.QUANTITIES_DIFFER: {"lines": "Mug (S): 3 instead of 2"}} == pulled.problems


def test_another_article_in_place_of_one_is_a_problem_although_the_pieces_add_up() -> None:
    known = replace(KNOWN, expected=(ExpectedLine("L1", "Mug", "S", 1, "p"), ExpectedLine("L2", "Lamp", "T", 1, "q")))

    pulled = shop_triggers(known, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 2, line_ref="L1"),)))

    said = {"lines": "Mug (S): 2 instead of 1\nLamp (T): 0 instead of 1"}
    assert ((), {ProblemKind.QUANTITIES_DIFFER: said}) == (pulled.triggers, pulled.problems)


def test_a_line_that_is_free_and_not_ours_changes_nothing() -> None:
    gift = ShopLine("g", "GIFT", "Sticker", 1, total=Money.zero("EUR"))

    pulled = shop_triggers(KNOWN, replace(COMPLETED, lines=(*COMPLETED.lines, gift)))

    assert ((Trigger.COMPLETED_UNTRACKED,), {}) == (pulled.triggers, pulled.problems)


def test_refunded_pieces_do_not_count() -> None:
    pulled = shop_triggers(KNOWN, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 3, refunded=1),)))

    assert (Trigger.COMPLETED_UNTRACKED,) == pulled.triggers


def test_quantities_are_checked_in_the_wait_too() -> None:
    waiting = replace(KNOWN, shop_state=ShopState.COMPLETED, status=WAITING)

    pulled = shop_triggers(waiting, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 2, refunded=2),)))

    assert {ProblemKind.QUANTITIES_DIFFER} == set(pulled.problems)


@pytest.mark.parametrize("state", [ShopState.TRASHED, ShopState.GONE])
@pytest.mark.parametrize("status", [OPEN, WAITING, Status.CANCELLATION_REQUESTED, Status.PARTLY_SHIPPED])
def test_a_shop_order_that_went_away_is_a_problem_and_moves_nothing(status: Status, state: ShopState) -> None:
    pulled = shop_triggers(replace(KNOWN, status=status), replace(PLACED, state=state))

    assert ((), {ProblemKind.SHOP_ORDER_GONE}) == (pulled.triggers, set(pulled.problems))


def test_a_tracking_number_after_the_untracked_confirmation_is_offered_as_a_correction() -> None:
    confirmed = replace(KNOWN, shop_state=ShopState.COMPLETED, status=SHIPPED, synced=True, confirmed=True)

    pulled = shop_triggers(confirmed, replace(COMPLETED, tracking=WITH_CODE))

    assert {ProblemKind.LATE_TRACKING: {"tracking_number": CODE}} == pulled.problems


# ---------------------------------------------------------------- both against the table

IN_SHOP = [status for status in Status if status is not Status.PENDING_CONFIRMATION]


@pytest.mark.parametrize("status", IN_SHOP)
def test_whatever_a_shop_snapshot_says_stands_in_the_table(status: Status) -> None:
    pulled = {
        fact
        for state, told, codes, now in product(["", *ShopState], [False, True], [(), WITH_CODE], ShopState)
        for fact in shop_triggers(
            replace(KNOWN, status=status, shop_state=state, synced=told), replace(PLACED, state=now, tracking=codes)
        ).triggers
        # an order that the marketplace does not know as sent is not reopened too late, and one that was sent stands closed
        if not (fact is Trigger.REOPENED_LATE and status in (OPEN, WAITING, Status.CANCELLATION_REQUESTED))
    }

    assert set() == pulled - TRANSITIONS[status].keys()


@pytest.mark.parametrize("before", [ShopState.OPEN, ShopState.COMPLETED])
@pytest.mark.parametrize("now", [ShopState.OPEN, ShopState.COMPLETED, ShopState.CANCELLED])
def test_so_is_one_of_an_order_that_was_reopened_meanwhile(before: ShopState, now: ShopState) -> None:
    confirmed = replace(KNOWN, shop_state=before, status=SHIPPED, synced=True, confirmed=True)

    pulled = shop_triggers(confirmed, replace(COMPLETED, state=now, tracking=WITH_CODE))

    assert {ProblemKind.LATE_TRACKING: {"tracking_number": CODE}} == pulled.problems
