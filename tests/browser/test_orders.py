"""What an operator does all day: orders come in, a problem is solved, many are ticked, a list becomes a file."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import CODE, Sit, Trade
from tests.browser.looks import faults_of
from tests.browser.seat import Seat
from tests.browser.users import OPERATOR

pytestmark = pytest.mark.processes
_UPDATE = re.compile(r"/orders\?.*live=")


def test_an_order_arrives_without_reloading(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    page.evaluate("window.stillThere = true")

    ref = trade.context.sell({"PEN": 3})

    expect(row_of(page, ref)).to_contain_text("Not shipped")
    expect(row_of(page, ref).locator(".in-shop")).to_be_visible()
    assert page.evaluate("window.stillThere")


def test_an_order_page_follows_the_order_until_the_marketplace_confirmed_it(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"MUG-BLUE": 1})
    trade.context.wait_until_placed(ref)
    seat = at_orders(sit, trade)
    row_of(seat.page, ref).get_by_role("link", name=ref).click()
    expect(seat.page.get_by_role("region", name="What each side knows")).to_be_visible()
    seat.page.evaluate("window.stillThere = true")

    trade.context.complete(ref, CODE, "PostNL")

    sides = seat.page.get_by_role("region", name="What each side knows")
    expect(sides).to_contain_text("Confirmed the shipment")
    expect(seat.page.get_by_role("link", name="Follow the parcel")).to_be_visible()
    assert seat.page.evaluate("window.stillThere")


def test_a_problem_is_fixed_with_its_button(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"RENAMED": 1})
    seat = at_orders(sit, trade)
    page = seat.page
    expect(row_of(page, ref)).to_contain_text("Unknown product")
    page.get_by_role("navigation", name="Where orders stand").get_by_role("link", name="Problems").click()
    row_of(page, ref).get_by_role("link", name=ref).click()

    problem = page.get_by_role("region", name="Unknown product")
    expect(problem).to_contain_text("RENAMED")
    problem.get_by_label("SKU in the shop").fill("MUG-BLUE")
    problem.get_by_role("button", name="It is this product").click()

    expect(page.get_by_role("status")).to_be_visible()
    expect(problem).to_have_count(0)
    expect(page.get_by_role("region", name="What each side knows")).to_contain_text("It is open")
    trade.context.wait_until_placed(ref)


def test_a_product_that_the_shop_does_not_have_either_is_refused_in_words(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR)
    seat.go("orders?tab=problems")
    row_of(seat.page, trade.orders["problem"]).get_by_role("link").click()
    problem = seat.page.get_by_role("region", name="Unknown product")

    problem.get_by_label("SKU in the shop").fill("NOWHERE")
    problem.get_by_role("button", name="It is this product").click()

    expect(seat.page.get_by_text("NOWHERE")).to_be_visible()
    expect(problem).to_be_visible()


def test_a_tick_stays_when_the_page_was_about_to_update_itself(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    updates: list[Route] = []
    page.route(_UPDATE, lambda route: updates.append(route))  # they are held up
    box = row_of(page, trade.orders["placed"]).get_by_role("checkbox")

    with page.expect_request(_UPDATE):
        trade.context.sell({"PEN": 1})
    box.check()  # while the answer is on its way
    page.evaluate(_NOTE_THE_NEXT_UPDATE)
    for update in updates:
        update.continue_()
    expect(page.locator("html[data-updated]")).to_be_attached()

    expect(box).to_be_checked()
    expect(page.locator(".ticked")).to_have_text("1")


_NOTE_THE_NEXT_UPDATE = """() => document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status === 200) document.documentElement.dataset.updated = "yes";
})"""


def test_many_orders_are_handled_manually_at_once(trade: Trade, sit: Sit) -> None:
    refs = [trade.context.sell({"PEN": 1}) for _number in range(2)]
    for ref in refs:
        trade.context.wait_until_placed(ref)
    page = at_orders(sit, trade).page

    for ref in refs:
        row_of(page, ref).get_by_role("checkbox").check()
    page.get_by_role("button", name="Handle manually").click()
    expect(page.get_by_role("heading", name="Handle 2 orders manually?")).to_be_visible()
    assert [] == faults_of(page)
    page.get_by_role("button", name="Handle manually").click()

    expect(page.get_by_role("status")).to_contain_text("2 orders")
    for ref in refs:
        expect(row_of(page, ref)).to_contain_text("Manual")


def test_an_order_is_found_and_a_link_keeps_its_filters(trade: Trade, sit: Sit) -> None:
    seat = at_orders(sit, trade)
    page = seat.page
    page.get_by_role("searchbox").fill(CODE)
    page.keyboard.press("Enter")
    expect(row_of(page, trade.orders["shipped"])).to_be_visible()
    expect(row_of(page, trade.orders["placed"])).to_have_count(0)

    page.get_by_text("Filters").click()
    page.locator("select[name=carrier]").select_option(label="PostNL")
    expect(page).to_have_url(re.compile(f"q={CODE}.*carrier=postnl"))
    other = sit(trade, OPERATOR)
    other.page.goto(page.url)

    expect(row_of(other.page, trade.orders["shipped"])).to_be_visible()
    expect(other.page.locator("select[name=carrier]")).to_have_value("postnl")


def test_an_order_leads_back_to_the_list_that_one_came_from(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR)
    seat.go("orders?tab=problems&problem=unknown_product")
    row_of(seat.page, trade.orders["problem"]).get_by_role("link").click()
    seat.page.get_by_role("button", name="Try everything again now").click()  # which comes back to the order

    expect(seat.page.get_by_role("status")).to_be_visible()
    seat.page.locator(".crumbs").get_by_role("link", name="Orders").click()

    expect(seat.page).to_have_url(re.compile(r"orders\?tab=problems&problem=unknown_product$"))


def test_a_page_says_that_the_hub_does_not_answer_and_when_it_does_again(trade: Trade, sit: Sit) -> None:
    seat = at_orders(sit, trade)
    said = seat.page.get_by_role("alert").filter(has_text="does not answer")
    is_back = False
    seat.page.route(_UPDATE, lambda route: route.fulfill(status=204 if is_back else 503))

    with seat.may_be_answered(503):
        expect(said).to_be_visible()
        is_back = True

        expect(said).to_be_hidden()


def test_a_search_that_finds_nothing_says_how_searching_goes(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR)

    seat.go("orders?q=nothing-like-it")

    expect(seat.page.get_by_role("heading", name="No order is like that")).to_be_visible()
    seat.page.get_by_role("link", name="Show all orders").click()
    expect(row_of(seat.page, trade.orders["placed"])).to_be_visible()


def test_the_list_as_a_file_holds_what_the_filters_leave_and_no_buyer(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR)
    seat.go(f"orders?q={trade.orders['placed']}")

    with seat.page.expect_download() as started:
        seat.page.get_by_role("link", name="Export CSV").click()

    text = Path(started.value.path()).read_text(encoding="utf-8-sig")
    assert [trade.orders["placed"]] == [row["order"] for row in csv.DictReader(text.splitlines())]
    assert "Lastname" not in text


# ---------------------------------------------------------------- how


def at_orders(sit: Sit, trade: Trade) -> Seat:
    seat = sit(trade, OPERATOR)
    seat.go("orders")
    return seat


def row_of(page: Page, ref: str) -> Locator:
    return page.locator(".orders tbody tr").filter(has_text=ref)
