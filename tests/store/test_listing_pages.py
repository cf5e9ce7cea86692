"""Pages of orders: whatever is asked for, they give every such order once, in the order of the list."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Prefetch
from django.test.utils import CaptureQueriesContext

from benchmarks.bought import (
    OLD_ARTICLE,
    OLD_CARRIER,
    OLD_NAME,
    OLD_POSTCODE,
    TOP_ARTICLE,
    TOP_CARRIER,
    TOP_NAME,
    TOP_POSTCODE,
)
from benchmarks.years import MARKETPLACES, SHOPS, code_of, ean_of, ref_of, shop_number_of, sku_of, write_years
from orderhaven.core.carriers import Carrier
from orderhaven.core.order import search_key
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.listing.filters import Filter, Sort, Tab, find_orders
from orderhaven.store.listing.pages import count_tabs, find_page
from orderhaven.store.models import Connection, Line, Link, Merchant, Order, OrderContact, Problem
from orderhaven.testing.clock import START

ORDERS = 420
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture
def every(any_store: None) -> Sequence[Order]:
    """Years of trade in a few orders, some of them odd; and somebody else's orders with the same in them."""
    merchant_id = write_years(ORDERS, START).merchant
    some = Order.objects.filter(merchant_id=merchant_id)
    some.filter(pk=ORDERS - 2).update(by_marketplace=True, ship_by=START - timedelta(hours=1), status="waiting")
    some.filter(pk=ORDERS - 4).update(ship_by=None, status="not_shipped")
    some.filter(pk__in=(ORDERS - 10, ORDERS - 12)).update(status="shipped", closed_at=None, marketplace_sync="pending")
    some.filter(pk=ORDERS - 12).update(marketplace_sync="rejected")
    some.filter(pk__in=(ORDERS - 6, ORDERS - 8)).update(
        placed_at=START - timedelta(days=3)
    )  # pulled late, at one moment
    somebody_else_sells_the_same()
    return list(some.select_related("connection", "link__shop").prefetch_related(
        "lines", "contacts", "shipments", Prefetch("problems", Problem.objects.filter(resolved_at=None), to_attr="open"),
    ))  # fmt: skip


def somebody_else_sells_the_same() -> None:
    other = Merchant.objects.create(name="Somebody else", slug="somebody-else")
    sides = [
        Connection.objects.create(merchant=other, connector="other", side=role, name=role, fingerprint=role)
        for role in ("marketplace", "shop")
    ]
    link = Link.objects.create(merchant=other, name=sides[0].name, marketplace=sides[0], shop=sides[1], from_at=START)
    for order in Order.objects.filter(pk__gt=ORDERS - 30):
        order.pk, order.merchant, order.connection, order.link = ORDERS + order.pk, other, sides[0], link
        order.save(force_insert=True)
        Line.objects.create(
            order=order, ref="1", position=0, sku=sku_of(TOP_ARTICLE), ean=ean_of(TOP_ARTICLE), ordered=1
        )
        OrderContact.objects.create(order=order, role="ship_to", last_name=TOP_NAME, name_key=search_key(TOP_NAME))
        Problem.objects.create(order=order, kind="unexpected_response", at=order.placed_at)


# what may be asked for, field by field
ASKED: Mapping[str, Sequence[Any]] = {
    "tab": [tab for tab in Tab if tab is not Tab.ALL],
    "statuses": [(Status.SHIPPED,), (Status.SHIPPED, Status.MANUAL), (Status.NOT_SHIPPED, Status.CANCELLED)],
    "problems": [(ProblemKind.UNKNOWN_PRODUCT,), (ProblemKind.UNEXPECTED_RESPONSE, ProblemKind.WAIT_EXTENDED)],
    "marketplace": [*MARKETPLACES, "No such"],
    "shop": SHOPS,
    "since": [START - timedelta(days=2), START - timedelta(hours=6)],
    "until": [START - timedelta(hours=3), START - timedelta(days=1)],
    "carrier": [Carrier(TOP_CARRIER), Carrier(OLD_CARRIER), Carrier.CHRONOPOST],
    "by_marketplace": [True, False],
    "search": [
        ref_of(7), shop_number_of(ORDERS - 1), code_of(3), sku_of(TOP_ARTICLE), sku_of(OLD_ARTICLE), ean_of(TOP_ARTICLE),
        TOP_NAME, OLD_NAME, "va", "j", TOP_POSTCODE, OLD_POSTCODE[:4], "Nobody's",
    ],
    "sort": [Sort.OLDEST, Sort.SHIP_BY],
}  # fmt: skip
SINGLE = [Filter(**{name: value}) for name, values in ASKED.items() for value in values]


def asked(chance: random.Random) -> Filter:
    names = chance.sample(list(ASKED), chance.randint(1, 4))
    return Filter(**{name: chance.choice(ASKED[name]) for name in names})


@pytest.mark.parametrize("stretch", [5_000, 25])
def test_all_pages_together_hold_what_is_asked_for_in_its_order(every: Sequence[Order], stretch: int) -> None:
    chance = random.Random(stretch)
    found = 0
    for _ in range(200):
        wanted = asked(chance)
        found += bool(as_a_person_would(every, wanted))

        assert pages(every[0].merchant_id, wanted, stretch) == as_a_person_would(every, wanted), wanted
    assert found > 100


def test_all_pages_of_each_filter_alone(every: Sequence[Order]) -> None:
    for wanted in SINGLE:
        assert pages(every[0].merchant_id, wanted, 5_000) == as_a_person_would(every, wanted), wanted


def test_the_counts_are_those_of_the_lists(every: Sequence[Order]) -> None:
    for tab, count in count_tabs(every[0].merchant_id, START).items():
        assert (count.number, count.is_exact) == (len(as_a_person_would(every, Filter(tab=tab))), True), tab


def test_what_a_person_took_over_is_not_late(every: Sequence[Order]) -> None:
    taken_over = {one.pk for one in every if one.status == "manual"}

    assert taken_over
    assert taken_over.isdisjoint(pages(every[0].merchant_id, Filter(tab=Tab.LATE), 5_000))


def test_no_number_names_no_order(every: Sequence[Order]) -> None:
    Order.objects.filter(pk=every[0].pk).update(shop_number="", shop_ref="")

    assert find_orders(every[0].merchant_id, "") == []


# below: one page after another, and what a person would pick


def pages(merchant_id: int, wanted: Filter, stretch: int) -> list[int]:
    found: list[int] = []
    after = ""
    for _ in range(3 * ORDERS):
        page = find_page(merchant_id, wanted, after, 40, START, stretch=stretch)
        assert len(page.orders) <= 40
        found += page.orders
        after = page.after
        if not after:
            return found
    raise AssertionError(f"the pages have no end: {wanted}")


def as_a_person_would(every: Sequence[Order], wanted: Filter) -> list[int]:
    ship_by = wanted.sort is Sort.SHIP_BY and not wanted.search and wanted.tab not in (Tab.SHIPPED, Tab.CANCELLED)
    rows = [one for one in every if is_wanted(one, wanted) and (not ship_by or may_be_sent(one, wanted))]
    if ship_by:
        return [one.pk for one in sorted(rows, key=lambda one: (one.ship_by or LATEST, one.pk))]
    oldest_first = wanted.sort is Sort.OLDEST and not wanted.search
    if wanted.since or wanted.until:
        rows.sort(key=lambda one: (one.placed_at, one.pk), reverse=not oldest_first)
    else:
        rows.sort(key=lambda one: one.pk, reverse=not oldest_first)
    return [one.pk for one in rows]


def may_be_sent(one: Order, wanted: Filter) -> bool:
    return one.closed_at is None and (one.status not in ("manual", "cancelled") or wanted.tab is Tab.MANUAL)


def is_wanted(one: Order, wanted: Filter) -> bool:
    open_kinds = {problem.kind for problem in one.open}  # type: ignore[attr-defined]
    return all([
        is_on(wanted.tab, one, open_kinds),
        not wanted.statuses or one.status in wanted.statuses,
        not wanted.problems or open_kinds & set(wanted.problems),
        wanted.marketplace in ("", one.link.marketplace.name),
        wanted.shop in ("", one.link.shop.name),
        wanted.since is None or one.placed_at >= wanted.since,
        wanted.until is None or one.placed_at < wanted.until,
        wanted.carrier is None or wanted.carrier in {shipment.carrier for shipment in one.shipments.all()},
        wanted.by_marketplace in (None, one.by_marketplace),
        not wanted.search or has_in_it(one, wanted.search),
    ])  # fmt: skip


def is_on(tab: Tab, one: Order, open_kinds: set[str]) -> bool:
    is_open = one.closed_at is None
    match tab:
        case Tab.ALL:
            return True
        case Tab.PROBLEMS:
            return bool(open_kinds)
        case Tab.NOT_SHIPPED:
            return is_open and one.status in ("pending_confirmation", "not_shipped", "partly_shipped")
        case Tab.CONFIRMING:
            return is_open and one.status == "shipped" and not is_kept_from_marketplace(one)
        case Tab.UNCONFIRMED:
            return is_open and one.status == "shipped" and is_kept_from_marketplace(one)
        case Tab.SHIPPED:
            return not is_open and one.status == "shipped"
        case Tab.LATE:
            is_over = one.ship_by is not None and one.ship_by < START
            return is_open and is_over and not one.by_marketplace and one.status != "manual"
        case _:
            return one.status == tab


def is_kept_from_marketplace(one: Order) -> bool:
    return one.marketplace_sync == "rejected" or one.link.dry_run or one.link.marketplace.state != "active"


def has_in_it(one: Order, word: str) -> object:
    key, spelled = search_key(word), {word, word.upper(), word.lower()}
    of_people = [begin for person in one.contacts.all() for begin in (person.name_key, person.postcode_key)]
    return (
        spelled & {one.ref, one.shop_number, one.shop_ref, one.tracking_number}
        or any(spelled & {line.sku, line.ean} for line in one.lines.all())
        or (len(key) > 1 and any(begin.startswith(key) for begin in of_people))
    )


# below: how SQLite goes about it


@pytest.mark.parametrize("wanted", SINGLE, ids=str)
def test_no_page_reads_a_whole_table(store: None, wanted: Filter) -> None:
    merchant_id = write_years(40, START).merchant

    for statement, steps in plans(merchant_id, wanted):
        scanned = [one for one in steps if one.startswith("SCAN ") and "INDEX one_open_problem_per_kind" not in one]
        assert len(scanned) <= statement.count('FROM "store_link"'), (statement, steps)  # a merchant has few links


def test_whatever_is_asked_for_one_index_leads_to_it(store: None) -> None:
    merchant_id = write_years(40, START).merchant
    chance = random.Random(1)

    for _ in range(100):
        for statement, steps in plans(merchant_id, asked(chance)):
            if '"store_order"."id" IN (SELECT' in statement:
                assert steps[0] == "SEARCH store_order USING INTEGER PRIMARY KEY (rowid=?)", (statement, steps)
            else:
                assert "USE TEMP B-TREE FOR ORDER BY" not in steps, (statement, steps)


def plans(merchant_id: int, wanted: Filter) -> Iterator[tuple[str, list[str]]]:
    """Each statement that finds a page, and the steps in which SQLite carries it out."""
    with CaptureQueriesContext(connection) as asked_for:
        find_page(merchant_id, wanted, "", 10, START)
    for statement in [one["sql"] for one in asked_for.captured_queries]:
        with connection.cursor() as cursor:
            yield statement, [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()]
