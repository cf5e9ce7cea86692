"""A shipped order that no marketplace agreed to: its own words and colour say so, never those of an order that is through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orderhaven.store.listing.rows import Row
from orderhaven.store.models import Connection, Link, Message, Order
from orderhaven.words.orders import NEEDS_A_PERSON, mark, status_words, told_words
from tests.journeys.conftest import MUG, POSTNL_CODE

from .conftest import House

UNSURE_CODE = "12345678901234"


def nothing_else(house: House) -> None:
    """Nothing keeps the marketplace from being told."""


def rehearses(house: House) -> None:
    Link.objects.update(rehearsal=True)


def is_paused(house: House) -> None:
    Connection.objects.filter(role="marketplace").update(state="paused")


def needs_attention(house: House) -> None:
    Connection.objects.filter(role="marketplace").update(state="attention", problem_kind="auth_refused")


def shipped(house: House, code: str, circumstance: Callable[[House], None] = nothing_else) -> str:
    ref: str = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    circumstance(house)
    house.trade.shop.complete(house.trade.shop_ref(ref), code=code)
    house.trade.passes(minutes=30)
    return ref


def in_list(house: House, query: str = "") -> Mapping[str, Any]:
    [one] = house.operator.get(house.at(f"orders{query}")).context["rows"]
    return dict(one)


def tile(house: House) -> tuple[int, bool]:
    """Its number on the overview, and whether it is shown as bad."""
    figures = house.operator.get(house.at("overview")).context["figures"]
    [found] = [one for one in figures if one["title"] == "Not confirmed"]
    return found["number"], found["is_bad"]


def counted(house: House) -> dict[str, str]:
    tabs = house.operator.get(house.at("orders")).context["tabs"]
    return {tab.key: tab.count for tab in tabs if tab.key in ("confirming", "unconfirmed", "shipped")}


@pytest.mark.parametrize(
    ("code", "circumstance", "told"),
    [
        (UNSURE_CODE, nothing_else, "bol NL was not told: see the problem"),
        (POSTNL_CODE, rehearses, "rehearsal: not sent"),
        (POSTNL_CODE, is_paused, "bol NL is not told: its connection is paused"),
        (POSTNL_CODE, needs_attention, "bol NL is not told: its connection needs attention"),
    ],
)
def test_what_the_marketplace_is_not_told_is_not_confirmed_and_stands_on_its_own_tab(
    house: House, code: str, circumstance: Callable[[House], None], told: str
) -> None:
    ref = shipped(house, code, circumstance)

    row = in_list(house, "?tab=unconfirmed")
    page = house.operator.get(house.order(ref))

    assert Order.objects.get(ref=ref).status == "shipped"
    assert (row["row"].ref, row["status"], row["told"], row["mark"]) == (ref, "Not confirmed", told, NEEDS_A_PERSON)
    assert (page.context["status"], page.context["mark"]) == ("Not confirmed", NEEDS_A_PERSON)
    assert "dot-shipped" not in page.content.decode()
    assert counted(house) == {"confirming": "0", "unconfirmed": "1"}
    assert tile(house) == (1, True)
    assert house.operator.get(house.at("orders?tab=confirming")).context["rows"] == []


def test_what_the_marketplace_agreed_to_is_shipped_and_green(house: House) -> None:
    shipped(house, POSTNL_CODE)

    row = in_list(house)

    assert (row["status"], row["told"], row["mark"]) == ("Shipped", "confirmed by bol NL", "shipped")
    assert counted(house) == {"confirming": "0", "shipped": "1"}
    assert tile(house) == (0, False)


def test_what_is_being_told_has_not_the_colour_of_what_is_through(house: House) -> None:
    ref = shipped(house, POSTNL_CODE)
    Message.objects.filter(order__ref=ref, kind="confirm").update(state="due")
    Order.objects.filter(ref=ref).update(marketplace_told="being_told", confirmed_at=None, closed_at=None)

    row = in_list(house, "?tab=confirming")

    assert (row["status"], row["told"], row["mark"]) == ("Shipped", "bol NL is being told", "confirming")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"status": "shipped", "marketplace_told": "refused", "closed_at": None, "confirmed_at": None},
            ("Not confirmed", "bol NL was not told: see the connection", NEEDS_A_PERSON),
        ),
        (
            {"status": "cancelled", "marketplace_told": "refused"},
            ("Cancelled", "bol NL was not told: see the connection", NEEDS_A_PERSON),
        ),
        (
            {"status": "not_shipped", "shop_told": "refused"},
            ("Not shipped", "not placed: see the connection", NEEDS_A_PERSON),
        ),
        (
            {"status": "shipped", "marketplace_told": "refused"},
            ("Shipped", "confirmed by bol NL; what came later was not told", NEEDS_A_PERSON),
        ),
        (
            {"status": "shipped", "marketplace_told": "being_told"},
            ("Shipped", "confirmed by bol NL, which is being told more", "shipped"),
        ),
    ],
)
def test_what_is_stopped_with_others_points_to_the_connection_that_says_why(
    house: House, columns: Mapping[str, Any], said: tuple[str, str, str]
) -> None:
    ref = shipped(house, POSTNL_CODE)
    Order.objects.filter(ref=ref).update(**columns)

    row: Row = in_list(house)["row"]

    assert (status_words(row), told_words(row), mark(row)) == said


def test_cancellations_that_wait_for_a_word_do_not_count_as_being_told(house: House) -> None:
    Link.objects.update(cancellations_per_hour=0)
    ref = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    house.trade.shop.cancel(house.trade.shop_ref(ref))
    house.trade.passes(minutes=6)

    row = in_list(house)

    assert (row["status"], row["told"], row["mark"]) == (
        "Cancelled",
        "bol NL is not told until you say so",
        NEEDS_A_PERSON,
    )
