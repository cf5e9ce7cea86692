"""By when an order must leave: as its marketplace states it, or estimated and said so."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from orderhaven import paths
from orderhaven.store.connections import links
from orderhaven.store.listing.filters import Tab
from orderhaven.store.listing.pages import count_tabs
from orderhaven.store.models import Link, MessageState, Order
from orderhaven.store.orders.shop_snapshots import hold_until
from orderhaven.store.outbox import commands, queue

from .conftest import START, Books

ARRIVES = START.replace(day=5, hour=22)  # a Thursday; START is a Monday
LEAVES = START.replace(day=4, hour=16)  # Wednesday, 17:00 in Amsterdam


def pulls(books: Books, ref: str, **stated: Any) -> Order:
    books._sold[ref] = replace(books.whole(ref), **{"ship_by": None, "deliver_by": ARRIVES} | stated)
    books.sees(books.summary(ref))
    books.reads(ref)
    return books.order(ref)


def deadline(row: Order) -> tuple[object, bool]:
    return row.ship_by, row.ship_by_is_estimated


def test_a_day_of_delivery_gives_an_estimate(books: Books) -> None:
    assert deadline(pulls(books, "A-1")) == (LEAVES, True)


def test_a_time_zone_that_is_left_empty_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_TIME_ZONE", "")

    assert paths.time_zone() == "Europe/Amsterdam"


def test_what_the_marketplace_states_stays_as_it_is(books: Books) -> None:
    stated = START + timedelta(hours=5)

    assert deadline(pulls(books, "A-1", ship_by=stated)) == (stated, False)


def test_without_a_day_of_delivery_there_is_none(books: Books) -> None:
    assert deadline(pulls(books, "A-1", deliver_by=None)) == (None, False)


def test_an_estimate_fills_the_tab_of_what_is_late(books: Books) -> None:
    pulls(books, "A-1")

    assert count_tabs(books.merchant.pk, LEAVES)[Tab.LATE].number == 0
    assert count_tabs(books.merchant.pk, LEAVES + timedelta(minutes=1))[Tab.LATE].number == 1


def test_an_estimate_never_shortens_a_wait_nor_the_time_that_an_order_is_held(books: Books) -> None:
    pulls(books, "A-1")
    books.gets_placed("A-1")
    row = books.change("A-1", lambda uow, row: uow.wait(row, books.now + timedelta(hours=3)))

    assert row.wait_until == books.now + timedelta(hours=3)
    assert hold_until(row) == ARRIVES - timedelta(seconds=row.link.ship_by_margin_s)


def test_the_shop_gets_no_estimate(books: Books) -> None:
    pulls(books, "A-1")
    (message,) = queue.due(books.here, MessageState.QUEUED, books.now, 10)

    assert commands.draft_of(message, "any").order.ship_by is None


def test_other_settings_of_the_link_give_open_orders_another_estimate(books: Books) -> None:
    stated = START + timedelta(hours=5)
    pulls(books, "A-1")
    pulls(books, "A-2", ship_by=stated)
    books.link.transit_days, books.link.cut_off = 2, "12:00"

    links.save(books.link, None, books.now, "tester", {"transit_days": "2", "cut_off": "12:00"})

    assert deadline(books.order("A-1")) == (START.replace(day=3, hour=11), True)
    assert deadline(books.order("A-2")) == (stated, False)


def test_free_days_and_the_time_zone_of_the_link_count(books: Books) -> None:
    Link.objects.update(free_days=["2026-03-04"], time_zone="Europe/London", working_days=[1, 3])
    books.link.refresh_from_db()

    assert deadline(pulls(books, "A-1")) == (START.replace(day=2, hour=17), True)
