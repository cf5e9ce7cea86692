"""From what a side shows now to the facts that move an order."""

from itertools import product

import pytest
from msgspec.structs import replace

from orderhaven.core.comparing import Wanted
from orderhaven.core.money import Money
from orderhaven.core.order import LineFacts
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import Header, ShopSide, header_of, marketplace_facts, newly_cancelled, shop_facts
from orderhaven.core.shipment import TrackingCode
from orderhaven.core.shop_order import ShopLine, ShopOrder, ShopState
from orderhaven.core.status import TABLE, Fact, Status

OPEN, WAITING, SHIPPED = Status.NOT_SHIPPED, Status.WAITING, Status.SHIPPED
LINE = LineFacts("1", 2)
OTHER = LineFacts("2", 1)
THEIRS = LineFacts("3", 1, by_marketplace=True)
CODE = "3SABCD1234567"

# what the hub knows of an order that stands open in the shop with two pieces
WANTED = (Wanted("L1", "Mug", "S", 2, "p"),)
KNOWN = ShopSide(OPEN, ShopState.OPEN, code="", wanted=WANTED, told=False, confirmed=False)
PLACED = ShopOrder("7", "7", "ours", ShopState.OPEN, "processing", (ShopLine("p", "S", "Mug", 2),))
COMPLETED = replace(PLACED, state=ShopState.COMPLETED)
WITH_CODE = (TrackingCode(CODE),)


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
def test_what_lines_add_up_to(lines: list[LineFacts], header: Header) -> None:
    assert header is header_of(lines)


@pytest.mark.parametrize(
    ("status", "before", "now", "facts"),
    [
        (OPEN, [LINE], [LINE], []),
        (OPEN, [LINE], [replace(LINE, shipped=2)], [Fact.SHIPPED_THERE]),
        (OPEN, [LINE], [replace(LINE, shipped=1)], [Fact.PART_SENT]),
        (OPEN, [LINE, OTHER], [replace(LINE, cancelled=1), OTHER], []),
        (OPEN, [LINE], [replace(LINE, cancelled=2)], [Fact.CANCELLED_THERE]),
        (OPEN, [LINE], [replace(LINE, buyer_asks_to_cancel=True)], [Fact.BUYER_ASKS]),
        (OPEN, [replace(LINE, buyer_asks_to_cancel=True)], [LINE], [Fact.CANCEL_WITHDRAWN]),
        (
            Status.CANCELLATION_REQUESTED,
            [replace(LINE, buyer_asks_to_cancel=True)],
            [replace(LINE, cancelled=2)],
            [Fact.CANCELLED_THERE],
        ),
        (Status.PARTLY_SHIPPED, [replace(LINE, shipped=1)], [replace(LINE, shipped=2)], [Fact.REST_SENT]),
        (Status.PARTLY_SHIPPED, [replace(LINE, shipped=1)], [replace(LINE, shipped=1, cancelled=1)], [Fact.REST_SENT]),
        (SHIPPED, [replace(LINE, shipped=2)], [replace(LINE, shipped=2)], []),
        (OPEN, [LINE, THEIRS], [LINE, replace(THEIRS, shipped=1)], []),
        (OPEN, [THEIRS], [replace(THEIRS, shipped=1)], [Fact.SHIPPED_THERE]),
        (OPEN, [], [replace(LINE, shipped=2)], [Fact.SHIPPED_THERE]),
    ],
)
def test_what_changed_at_the_marketplace(
    status: Status, before: list[LineFacts], now: list[LineFacts], facts: list[Fact]
) -> None:
    assert facts == marketplace_facts(status, before, now, confirmed=False)


def test_cancelled_after_it_was_confirmed_is_another_fact() -> None:
    facts = marketplace_facts(SHIPPED, [replace(LINE, shipped=2)], [replace(LINE, cancelled=2)], confirmed=True)

    assert [Fact.CANCELLED_THERE_LATE] == facts


def test_lines_of_which_pieces_were_cancelled_since_are_named() -> None:
    before = {"1": LINE, "2": replace(OTHER, cancelled=1)}

    refs = newly_cancelled(before, [replace(LINE, cancelled=1), replace(OTHER, cancelled=1)])

    assert ["1"] == refs


# ---------------------------------------------------------------- the shop


@pytest.mark.parametrize(
    ("known", "reading", "facts"),
    [
        (KNOWN, PLACED, ()),
        (KNOWN, COMPLETED, (Fact.COMPLETED_BARE,)),
        (KNOWN, replace(COMPLETED, codes=WITH_CODE), (Fact.COMPLETED_WITH_CODE,)),
        (KNOWN, replace(COMPLETED, label="VVB-1"), (Fact.COMPLETED_WITH_CODE,)),
        (KNOWN, replace(PLACED, codes=WITH_CODE), (Fact.CODE,)),
        (replace(KNOWN, code=CODE), replace(PLACED, codes=WITH_CODE), ()),
        (KNOWN, replace(PLACED, state=ShopState.CANCELLED), (Fact.SHOP_CANCELLED,)),
        (
            replace(KNOWN, status=Status.CANCELLED, state=ShopState.CANCELLED),
            replace(PLACED, state=ShopState.CANCELLED),
            (),
        ),
        (replace(KNOWN, state=ShopState.COMPLETED, status=WAITING), PLACED, (Fact.REOPENED,)),
        (replace(KNOWN, state=ShopState.CANCELLED, status=Status.CANCELLED), PLACED, (Fact.REOPENED,)),
        (replace(KNOWN, state=ShopState.COMPLETED, status=SHIPPED, told=True), PLACED, (Fact.REOPENED_LATE,)),
        (replace(KNOWN, state=ShopState.COMPLETED, status=WAITING), COMPLETED, (Fact.COMPLETED_BARE,)),
        (
            replace(KNOWN, state=ShopState.COMPLETED, status=WAITING),
            replace(COMPLETED, codes=WITH_CODE),
            (Fact.COMPLETED_WITH_CODE,),
        ),
        (
            replace(KNOWN, state=ShopState.COMPLETED, status=SHIPPED),
            replace(COMPLETED, codes=WITH_CODE),
            (Fact.CODE,),
        ),
        (replace(KNOWN, state=ShopState.COMPLETED, status=SHIPPED, code=CODE), COMPLETED, ()),
        (replace(KNOWN, status=SHIPPED), replace(PLACED, state=ShopState.TRASHED), ()),
    ],
)
def test_what_a_reading_of_the_shop_adds(known: ShopSide, reading: ShopOrder, facts: tuple[Fact, ...]) -> None:
    heard = shop_facts(known, reading)

    assert (facts, {}) == (heard.facts, heard.problems)


def test_quantities_that_differ_are_a_problem_and_move_nothing() -> None:
    heard = shop_facts(KNOWN, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 3),)))

    assert () == heard.facts
    assert {ProblemKind.QUANTITIES_DIFFER: {"lines": "Mug (S): 3 instead of 2"}} == heard.problems


def test_another_article_in_place_of_one_is_a_problem_although_the_pieces_add_up() -> None:
    known = replace(KNOWN, wanted=(Wanted("L1", "Mug", "S", 1, "p"), Wanted("L2", "Lamp", "T", 1, "q")))

    heard = shop_facts(known, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 2, line_ref="L1"),)))

    said = {"lines": "Mug (S): 2 instead of 1\nLamp (T): 0 instead of 1"}
    assert ((), {ProblemKind.QUANTITIES_DIFFER: said}) == (heard.facts, heard.problems)


def test_a_line_that_is_free_and_not_ours_changes_nothing() -> None:
    gift = ShopLine("g", "GIFT", "Sticker", 1, total=Money.zero("EUR"))

    heard = shop_facts(KNOWN, replace(COMPLETED, lines=(*COMPLETED.lines, gift)))

    assert ((Fact.COMPLETED_BARE,), {}) == (heard.facts, heard.problems)


def test_refunded_pieces_do_not_count() -> None:
    heard = shop_facts(KNOWN, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 3, refunded=1),)))

    assert (Fact.COMPLETED_BARE,) == heard.facts


def test_quantities_are_checked_in_the_wait_too() -> None:
    waiting = replace(KNOWN, state=ShopState.COMPLETED, status=WAITING)

    heard = shop_facts(waiting, replace(COMPLETED, lines=(ShopLine("p", "S", "Mug", 2, refunded=2),)))

    assert {ProblemKind.QUANTITIES_DIFFER} == set(heard.problems)


@pytest.mark.parametrize("state", [ShopState.TRASHED, ShopState.GONE])
@pytest.mark.parametrize("status", [OPEN, WAITING, Status.CANCELLATION_REQUESTED, Status.PARTLY_SHIPPED])
def test_a_shop_order_that_went_away_is_a_problem_and_moves_nothing(status: Status, state: ShopState) -> None:
    heard = shop_facts(replace(KNOWN, status=status), replace(PLACED, state=state))

    assert ((), {ProblemKind.SHOP_ORDER_GONE}) == (heard.facts, set(heard.problems))


def test_a_code_after_the_bare_confirmation_is_offered_as_a_correction() -> None:
    confirmed = replace(KNOWN, state=ShopState.COMPLETED, status=SHIPPED, told=True, confirmed=True)

    heard = shop_facts(confirmed, replace(COMPLETED, codes=WITH_CODE))

    assert {ProblemKind.LATER_CODE: {"code": CODE}} == heard.problems


# ---------------------------------------------------------------- both against the table

IN_SHOP = [status for status in Status if status is not Status.PENDING_CONFIRMATION]


@pytest.mark.parametrize("status", IN_SHOP)
def test_whatever_a_reading_of_the_shop_says_stands_in_the_table(status: Status) -> None:
    heard = {
        fact
        for state, told, codes, now in product(["", *ShopState], [False, True], [(), WITH_CODE], ShopState)
        for fact in shop_facts(
            replace(KNOWN, status=status, state=state, told=told), replace(PLACED, state=now, codes=codes)
        ).facts
        # an order that the marketplace does not know as told is not reopened too late, and one that was told stands closed
        if not (fact is Fact.REOPENED_LATE and status in (OPEN, WAITING, Status.CANCELLATION_REQUESTED))
    }

    assert set() == heard - TABLE[status].keys()


@pytest.mark.parametrize("before", [ShopState.OPEN, ShopState.COMPLETED])
@pytest.mark.parametrize("now", [ShopState.OPEN, ShopState.COMPLETED])
def test_so_is_one_of_an_order_that_was_reopened_meanwhile(before: ShopState, now: ShopState) -> None:
    confirmed = replace(KNOWN, state=before, status=SHIPPED, told=True, confirmed=True)

    heard = shop_facts(confirmed, replace(COMPLETED, state=now, codes=WITH_CODE))

    assert {ProblemKind.LATER_CODE: {"code": CODE}} == heard.problems
