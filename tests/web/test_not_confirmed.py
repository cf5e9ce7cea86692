"""A shipped order that no marketplace agreed to: its own words and colour say so, never those of an order that is through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orderhaven.store.listing.rows import Row
from orderhaven.store.models import Connection, Link, Message, Order
from orderhaven.words.orders import NEEDS_ATTENTION, mark, status_words, sync_words
from tests.journeys.conftest import MUG, POSTNL_CODE

from .conftest import House

UNSURE_CODE = "12345678901234"


def nothing_else(house: House) -> None:
    """Nothing keeps the marketplace from being updated."""


def is_dry_run(house: House) -> None:
    Link.objects.update(dry_run=True)


def is_paused(house: House) -> None:
    Connection.objects.filter(side="marketplace").update(state="paused")


def needs_attention(house: House) -> None:
    Connection.objects.filter(side="marketplace").update(state="attention", problem_kind="auth_rejected")


def shipped(house: House, code: str, circumstance: Callable[[House], None] = nothing_else) -> str:
    ref: str = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    circumstance(house)
    house.trade.shop.complete(house.trade.shop_ref(ref), tracking_number=code)
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
        (UNSURE_CODE, nothing_else, "bol NL was not updated: see the problem"),
        (POSTNL_CODE, is_dry_run, "dry run: not sent"),
        (POSTNL_CODE, is_paused, "bol NL is not updated: its connection is paused"),
        (POSTNL_CODE, needs_attention, "bol NL is not updated: its connection needs attention"),
    ],
)
def test_what_the_marketplace_is_not_sent_is_not_confirmed_and_stands_on_its_own_tab(
    house: House, code: str, circumstance: Callable[[House], None], told: str
) -> None:
    ref = shipped(house, code, circumstance)

    row = in_list(house, "?tab=unconfirmed")
    page = house.operator.get(house.order(ref))

    assert Order.objects.get(ref=ref).status == "shipped"
    assert (row["row"].ref, row["status"], row["sync"], row["mark"]) == (ref, "Not confirmed", told, NEEDS_ATTENTION)
    assert (page.context["status"], page.context["mark"]) == ("Not confirmed", NEEDS_ATTENTION)
    assert "dot-shipped" not in page.content.decode()
    assert counted(house) == {"confirming": "0", "unconfirmed": "1"}
    assert tile(house) == (1, True)
    assert house.operator.get(house.at("orders?tab=confirming")).context["rows"] == []


def test_what_the_marketplace_agreed_to_is_shipped_and_green(house: House) -> None:
    shipped(house, POSTNL_CODE)

    row = in_list(house)

    assert (row["status"], row["sync"], row["mark"]) == ("Shipped", "confirmed by bol NL", "shipped")
    assert counted(house) == {"confirming": "0", "shipped": "1"}
    assert tile(house) == (0, False)


def test_what_is_pending_has_not_the_colour_of_what_is_through(house: House) -> None:
    ref = shipped(house, POSTNL_CODE)
    Message.objects.filter(order__ref=ref, kind="confirm").update(state="queued")
    Order.objects.filter(ref=ref).update(marketplace_sync="pending", confirmed_at=None, closed_at=None)

    row = in_list(house, "?tab=confirming")

    assert (row["status"], row["sync"], row["mark"]) == ("Shipped", "bol NL is being updated", "confirming")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"status": "shipped", "marketplace_sync": "rejected", "closed_at": None, "confirmed_at": None},
            ("Not confirmed", "bol NL was not updated: see the connection", NEEDS_ATTENTION),
        ),
        (
            {"status": "cancelled", "marketplace_sync": "rejected"},
            ("Cancelled", "bol NL was not updated: see the connection", NEEDS_ATTENTION),
        ),
        (
            {"status": "not_shipped", "shop_sync": "rejected"},
            ("Not shipped", "not created: see the connection", NEEDS_ATTENTION),
        ),
        (
            {"status": "shipped", "marketplace_sync": "rejected"},
            ("Shipped", "confirmed by bol NL; what came later was not sent", NEEDS_ATTENTION),
        ),
        (
            {"status": "shipped", "marketplace_sync": "pending"},
            ("Shipped", "confirmed by bol NL, which is being sent more", "shipped"),
        ),
    ],
)
def test_what_is_stopped_with_others_points_to_the_connection_that_says_why(
    house: House, columns: Mapping[str, Any], said: tuple[str, str, str]
) -> None:
    ref = shipped(house, POSTNL_CODE)
    Order.objects.filter(ref=ref).update(**columns)

    row: Row = in_list(house)["row"]

    assert (status_words(row), sync_words(row), mark(row)) == said


def test_cancellations_on_hold_do_not_count_as_pending(house: House) -> None:
    Link.objects.update(cancellations_per_hour=0)
    ref = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    house.trade.shop.cancel(house.trade.shop_ref(ref))
    house.trade.passes(minutes=6)

    row = in_list(house)

    assert (row["status"], row["sync"], row["mark"]) == (
        "Cancelled",
        "bol NL is not updated until you say so",
        NEEDS_ATTENTION,
    )
