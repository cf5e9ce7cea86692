"""The order list as people use it: tabs, filters that stay in the address, many at once, a file, and news without a reload."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Event, Order
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE

from .conftest import House

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


@pytest.fixture
def sold(house: House) -> dict[str, str]:
    """One shipped, one waiting, one that cannot be created, one by name, one cancelled."""
    trade = house.trade
    refs = {
        "shipped": trade.sells((MUG, 1)),
        "waiting": trade.sells((LAMP, 1)),
        "problem": trade.sells((CUP, 2)),
        "named": trade.sells((LAMP, 3), address={"last_name": "De Müller", "postcode": "9712 CP"}),
        "cancelled": trade.sells((MUG, 1)),
    }
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(refs["shipped"]), tracking_number=POSTNL_CODE)
    trade.shop.complete(trade.shop_ref(refs["waiting"]))
    trade.shop.cancel(trade.shop_ref(refs["cancelled"]))
    trade.passes(minutes=20)
    return refs


def listed(house: House, query: str = "") -> list[str]:
    return [one["row"].ref for one in house.operator.get(house.at(f"orders{query}")).context["rows"]]


def count(house: House, tab: str) -> str:
    tabs = house.operator.get(house.at("orders")).context["tabs"]
    return next((one.count for one in tabs if one.key == tab), "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?tab=problems", {"problem"}),
        ("?tab=not_shipped", {"problem", "named"}),
        ("?tab=waiting", {"waiting"}),
        ("?tab=shipped", {"shipped"}),
        ("?tab=cancelled", {"cancelled"}),
        ("?tab=manual", set()),
        ("?q=de+muller", {"named"}),
        ("?q=9712cp", {"named"}),
        ("?q=LAMP-2", {"waiting", "named"}),
        (f"?q={POSTNL_CODE}", {"shipped"}),
        ("?q=LAMP-2&tab=waiting", {"waiting"}),
        ("?carrier=postnl", {"shipped"}),
        ("?carrier=gls", set()),
        ("?marketplace=bol+NL&tab=waiting", {"waiting"}),
        ("?marketplace=Another", set()),
        ("?fulfilment=marketplace", set()),
        ("?problem=unknown_product", {"problem"}),
        ("?since=2020-01-01&tab=waiting", {"waiting"}),
        ("?until=2020-01-01", set()),
    ],
)
def test_an_address_narrows_the_list(house: House, sold: dict[str, str], query: str, expected: set[str]) -> None:
    assert {sold[name] for name in expected} == set(listed(house, query))


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_a_list_goes_by_the_order_that_is_wanted(house: House, sold: dict[str, str], sort: str) -> None:
    keys = [Order.objects.get(ref=ref).pk for ref in listed(house, f"?sort={sort}")]

    assert keys == sorted(keys, reverse=sort == "newest")


def test_what_must_be_sent_first_comes_first(house: House, sold: dict[str, str]) -> None:
    first, second = listed(house, "?tab=not_shipped")
    Order.objects.filter(ref=first).update(ship_by=datetime(2026, 3, 9, tzinfo=UTC))
    Order.objects.filter(ref=second).update(ship_by=datetime(2026, 3, 8, tzinfo=UTC))

    moments = [Order.objects.get(ref=ref).ship_by for ref in listed(house, "?sort=ship_by&tab=not_shipped")]

    assert moments == [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)]


def test_what_waits_for_a_code_says_until_when(house: House, sold: dict[str, str]) -> None:
    until = Order.objects.get(ref=sold["waiting"]).wait_until
    assert until is not None

    answer = house.viewer.get(house.at("orders")).content.decode()

    assert answer.count("for a code, until") == 1
    assert until.isoformat() in answer


@pytest.mark.parametrize("query", ["?problem=unknown_product", "?sort=oldest", "?carrier=gls", "?fulfilment=merchant"])
def test_what_narrows_or_sorts_a_list_is_seen_on_it(house: House, query: str) -> None:
    name, value = query[1:].split("=")

    page = house.viewer.get(house.at(f"orders{query}"))

    assert page.context["is_filtered"]
    assert f'<option value="{value}" selected>' in page.content.decode().split(f'<select name="{name}">')[1]


def test_tabs_count_what_stands_on_them(house: House, sold: dict[str, str]) -> None:
    found = {tab: count(house, tab) for tab in ("all", "problems", "not_shipped", "waiting", "shipped", "cancelled")}

    assert found == {"all": "5", "problems": "1", "not_shipped": "2", "waiting": "1", "shipped": "1", "cancelled": "1"}


@pytest.mark.parametrize(
    "nonsense",
    [
        "?tab=x&sort=y&carrier=z&problem=w&since=v",
        "?q=%00",
        "?since=0001-01-01",
        "?until=9999-12-31",
        "?after=",
        "?live=&tab=all",
    ],
)
def test_an_address_that_makes_no_sense_narrows_nothing_and_breaks_nothing(
    house: House, sold: dict[str, str], nonsense: str
) -> None:
    assert house.viewer.get(house.at(f"orders{nonsense}")).status_code == 200


def test_an_end_of_a_page_that_no_page_gave_is_refused_in_words(house: House) -> None:
    answer = house.viewer.get(house.at("orders?after=xyz"))

    assert answer.status_code == 400
    assert "not the end of a page" in answer.content.decode()


def test_a_second_page_goes_on_where_the_first_ended_with_the_same_filters(house: House) -> None:
    for _number in range(60):
        house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)

    first = house.viewer.get(house.at("orders?q=MUG-1"))
    second = house.viewer.get(house.at(f"orders{first.context['next']}"))

    refs = [one["row"].ref for page in (first, second) for one in page.context["rows"]]
    assert "q=MUG-1" in first.context["next"]
    assert len(refs) == len(set(refs)) == 60
    assert second.context["next"] == ""


def test_nothing_is_sent_while_nothing_happens_and_the_list_once_something_did(
    house: House, sold: dict[str, str]
) -> None:
    beat = house.viewer.get(house.at("orders")).context["heartbeat"]
    assert house.viewer.get(house.at(f"orders?live={beat}")).status_code == 204

    ref = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    news = house.viewer.get(house.at(f"orders?live={beat}"))

    assert news.status_code == 200
    assert ref in news.content.decode()
    assert "<html" not in news.content.decode()


def test_many_are_retried_at_once_and_what_cannot_be_done_holds_nothing_up(house: House, sold: dict[str, str]) -> None:
    orders = [f"bol NL/{sold['named']}", "bol NL/NOT-THERE", f"bol NL/{sold['problem']}"]

    asked = house.operator.post(
        house.at("orders/bulk"),
        {"act": "handle", "order": orders},
        HTTP_REFERER="http://localhost/wolkenwinkel/orders?tab=late",
    )
    assert "Handle 3 orders manually?" in asked.content.decode()
    assert Order.objects.filter(status="manual").count() == 0
    answer = house.operator.post(
        house.at("orders/bulk"), {"act": "handle", "order": orders, "asked": "yes", "back": asked.context["back"]}
    )
    assert answer.url == "/wolkenwinkel/orders?tab=late"
    page = house.operator.get(house.at("orders")).content.decode()

    assert {Order.objects.get(ref=sold[name]).status for name in ("named", "problem")} == {"manual"}
    assert "NOT-THERE" in page
    assert "Done for 2 orders." in page


def test_who_did_it_stands_in_the_timeline(house: House, sold: dict[str, str]) -> None:
    house.operator.post(house.order(sold["named"]), {"act": "handle"})

    assert "Bram" in Event.objects.filter(order__ref=sold["named"]).values_list("actor", flat=True)


def test_the_file_has_every_order_that_the_filters_leave_and_no_personal_data(
    house: House, sold: dict[str, str]
) -> None:
    answer = house.viewer.get(house.at("orders.csv?tab=not_shipped"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["order"] for row in rows} == {sold["problem"], sold["named"]}
    assert rows[0]["currency"] == "EUR"
    assert "ller" not in text
    assert "9712" not in text


@pytest.mark.parametrize("word", ["De Müller", "dem", "9712 CP", "97"])
def test_a_viewer_does_not_find_buyers_by_how_their_names_begin(house: House, sold: dict[str, str], word: str) -> None:
    def found(someone: Any, address: str) -> bool:
        answer = someone.get(house.at(address), {"q": word})
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return sold["named"].encode() in text

    for address in ("orders", "orders.csv"):
        assert found(house.operator, address)
        assert not found(house.viewer, address)


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(house: House, sold: dict[str, str]) -> None:
    Order.objects.filter(ref=sold["named"]).update(shop_number='=HYPERLINK("http://x")')

    answer = house.viewer.get(house.at(f"orders.csv?q={sold['named']}"))

    assert "'=HYPERLINK" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "{{ 7*7 }}"])
def test_what_comes_from_outside_is_shown_and_never_run(house: House, sold: dict[str, str], hostile: str) -> None:
    Order.objects.filter(ref=sold["named"]).update(shop_number=hostile, tracking_number=hostile[:90])
    from orderhaven.store.models import Line

    Line.objects.filter(order__ref=sold["named"]).update(title=hostile)

    for page in (house.operator.get(house.at("orders")), house.operator.get(house.order(sold["named"]))):
        assert page.status_code == 200
        assert hostile not in page.content.decode() or hostile == "{{ 7*7 }}"
        assert "49" not in page.content.decode() or hostile != "{{ 7*7 }}" or "{{ 7*7 }}" in page.content.decode()


def test_without_orders_the_page_says_what_to_do(house: House) -> None:
    page = house.administrator.get("/somebody-else/orders")
    assert page.status_code == 404

    mine: Any = house.stranger.get("/somebody-else/orders")

    assert "/somebody-else/connections" in mine.content.decode()
    assert "/somebody-else/links" in mine.content.decode()


def test_without_orders_the_page_says_how_far_one_has_come(house: House) -> None:
    theirs = house.stranger.get("/somebody-else/orders").context
    ours = house.administrator.get(house.at("orders?live=")).context

    assert (theirs["is_connected"], theirs["is_linked"]) == (False, False)
    assert (ours["is_connected"], ours["is_linked"]) == (True, True)


def test_no_page_asks_a_user_who_has_buttons_to_type_a_command(house: House, sold: dict[str, str]) -> None:
    house.operator.post(house.order(sold["named"]), {"act": "handle"})
    house.operator.post(house.at("connections/Webshop/actions"), {"act": "pause"})
    tried = [
        house.operator.get(house.order("C999")),
        house.operator.post(house.order(sold["named"]), {"act": "handle"}, follow=True),
        house.operator.post(house.at("connections/Webshop/actions"), {"act": "poll"}, follow=True),
        house.operator.get(house.order(sold["problem"])),
    ]

    assert [] == [page.content.decode() for page in tried if "orderhaven " in page.content.decode()]


def test_a_monitor_may_ask_for_the_head_alone(house: House) -> None:
    response = house.viewer.head(house.at("orders"))

    assert (response.status_code, response.content) == (200, b"")


def test_the_list_and_the_file_say_with_whom_an_order_left(house: House, sold: dict[str, str]) -> None:
    page = house.operator.get(house.at("orders?tab=shipped"))
    text = b"".join(house.operator.get(house.at("orders.csv?tab=shipped")).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    assert [(one["row"].ref, one["carriers"]) for one in page.context["rows"]] == [(sold["shipped"], "PostNL")]
    assert [row["carrier"] for row in csv.DictReader(io.StringIO(text))] == ["postnl"]
