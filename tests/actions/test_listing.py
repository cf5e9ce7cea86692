"""The order list and the page of one order."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.actions.context import ActionContext
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.listing.filters import Filter, Tab, find_orders
from orderhaven.store.listing.pages import BadCursor
from orderhaven.store.listing.rows import list_orders
from orderhaven.store.models import Merchant, OrderContact
from orderhaven.store.orders import order_page
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


@pytest.fixture
def sold(trade: Any) -> list[str]:
    """A shipped mug, two lamps of Jansen's, an unknown cup, and another mug."""
    trade.passes(seconds=10)
    refs = [
        trade.sells((MUG, 1)),
        trade.sells((LAMP, 2), address={"last_name": "Jansen", "postcode": "9712 CP"}),
        trade.sells((CUP, 1)),
        trade.sells((MUG, 1)),
    ]
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(refs[0]), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    return refs


def listed(context: ActionContext, **wanted: Any) -> list[str]:
    return [row.ref for row in list_orders(context.merchant_id, Filter(**wanted), now=context.clock.now()).rows]


def test_the_newest_order_comes_first(context: ActionContext, sold: list[str]) -> None:
    assert set(listed(context)) == set(sold)
    ids = [context.order(ref).order_id for ref in listed(context)]
    assert ids == sorted(ids, reverse=True)


def test_a_list_is_narrowed(context: ActionContext, sold: list[str]) -> None:
    assert listed(context, statuses=(Status.SHIPPED,)) == [sold[0]]
    assert listed(context, tab=Tab.PROBLEMS) == [sold[2]]
    assert listed(context, problems=(ProblemKind.UNKNOWN_PRODUCT,)) == [sold[2]]
    assert listed(context, problems=(ProblemKind.WAIT_EXTENDED,)) == []
    assert len(listed(context, marketplace="bol NL", shop="Webshop")) == 4
    assert listed(context, shop="bol NL") == []
    assert listed(context, since=context.clock.now()) == []


@pytest.mark.parametrize(
    "words",
    ["LAMP-2", "lamp-2", "8712345678913", "Jansen", "jan", "9712 CP", "9712cp", "9712"],
)
def test_an_order_is_found_by_what_stands_in_it(context: ActionContext, sold: list[str], words: str) -> None:
    assert listed(context, search=words) == [sold[1]]


@pytest.mark.parametrize("words", ["Ko", "KOŠIR", "kosir v", "1100 a", "1100an"])
def test_a_buyer_is_found_without_accents_and_spaces(trade: Any, context: ActionContext, words: str) -> None:
    trade.passes(seconds=10)
    trade.sells((MUG, 1))
    ref = trade.sells((MUG, 1), address={"last_name": "Košir Vidmar", "postcode": "1100 AN"})
    trade.passes(minutes=6)

    assert listed(context, search=words) == [ref]


@pytest.mark.parametrize("column", ["name_key", "postcode_key"])
def test_looking_for_a_buyer_walks_through_an_index(trade: Any, context: ActionContext, column: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        listed(context, search="Jansen")
    statements = [one["sql"] for one in asked.captured_queries if f'."{column}" BETWEEN' in one["sql"]]

    assert statements
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            plan = [row[3] for row in cursor.fetchall()]
        assert re.search("USING (COVERING )?INDEX contact_by_", " ".join(plan)), plan


def test_an_order_is_found_by_its_numbers_and_tracking_number(
    trade: Any, context: ActionContext, sold: list[str]
) -> None:
    for words in (sold[0], sold[0].lower(), trade.order(sold[0]).shop_number, POSTNL_CODE, POSTNL_CODE.lower()):
        assert listed(context, search=words) == [sold[0]]


@pytest.mark.parametrize("words", ["ansen", "LAMP", "%", "_", "'; drop table store_order"])
def test_what_does_not_begin_so_is_not_found(context: ActionContext, sold: list[str], words: str) -> None:
    assert listed(context, search=words) == []


@pytest.mark.parametrize("search", ["", "MUG-1"])
def test_pages_give_every_order_once(context: ActionContext, sold: list[str], search: str) -> None:
    wanted, after, seen = Filter(search=search), "", []
    for _ in range(len(sold)):
        page = list_orders(context.merchant_id, wanted, after, limit=1, now=context.clock.now())
        seen += [row.ref for row in page.rows]
        after = page.after
        if not after:
            break

    assert seen == listed(context, search=search)
    assert len(seen) == len(set(seen)) > 1


@pytest.mark.parametrize("cursor", ["x", "o", "o1;", "1", "o" + "f" * 40])
def test_a_cursor_that_no_page_gave_is_refused(context: ActionContext, sold: list[str], cursor: str) -> None:
    with pytest.raises(BadCursor):
        list_orders(context.merchant_id, Filter(), cursor, now=context.clock.now())


def test_another_merchant_sees_nothing(context: ActionContext, sold: list[str]) -> None:
    stranger = Merchant.objects.create(name="Somebody else", slug="somebody-else").pk

    assert list_orders(stranger, now=context.clock.now()).rows == ()
    assert find_orders(stranger, sold[0]) == []


@pytest.mark.parametrize("search", ["", "MUG-1"])
def test_a_list_costs_the_same_number_of_queries_however_many_orders(
    trade: Any, context: ActionContext, search: str
) -> None:
    counts = []
    for _ in range(2):
        trade.passes(seconds=10)
        for _ in range(4):
            trade.sells((MUG, 1), (LAMP, 1))
        trade.passes(minutes=6)
        with CaptureQueriesContext(connection) as queries:
            list_orders(context.merchant_id, Filter(search=search), now=context.clock.now())
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_no_row_and_no_page_holds_personal_data(context: ActionContext, sold: list[str]) -> None:
    personal = {
        part
        for person in OrderContact.objects.all()
        for part in (person.last_name, person.street, person.email, person.phone, person.postcode)
        if part
    }
    shown = repr(list_orders(context.merchant_id, now=context.clock.now())) + repr(
        [order_page.order_page(context.order(ref).order_id) for ref in sold]
    )

    assert personal
    assert {part for part in personal if part in shown} == set()
    assert "Jansen" in repr(order_page.buyer(context.order(sold[1]).order_id))


def test_the_page_of_an_order_says_everything_about_it(context: ActionContext, sold: list[str]) -> None:
    page = order_page.order_page(context.order(sold[0]).order_id)

    assert [(line.sku, line.ordered, line.in_shop) for line in page.lines] == [("MUG-1", 1, 1)]
    assert [(one.kind, one.state) for one in page.messages] == [("create", "done"), ("confirm", "done")]
    assert [(one.tracking_number, one.carrier) for one in page.shipments] == [(POSTNL_CODE, "postnl")]
    assert [event.kind for event in page.events][:2] == ["received", "shop_order_created"]
    assert page.problems == ()


def test_the_page_of_an_order_says_its_problem_in_a_sentence(context: ActionContext, sold: list[str]) -> None:
    [problem] = order_page.order_page(context.order(sold[2]).order_id).problems

    assert problem.sentence.startswith("CUP-9 (Cup) is not in the shop.")
