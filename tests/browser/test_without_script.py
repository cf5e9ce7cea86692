"""With JavaScript switched off: nothing updates itself, and everything can still be done."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit, Trade
from tests.browser.running import until
from tests.browser.test_orders import row_of
from tests.browser.users import OPERATOR

pytestmark = pytest.mark.processes


def test_many_are_handled_manually(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"PEN": 1})
    trade.context.wait_until_placed(ref)
    seat = sit(trade, OPERATOR, has_script=False)
    seat.go("orders")

    row_of(seat.page, ref).get_by_role("checkbox").check()
    seat.page.get_by_role("button", name="Handle manually").click()
    expect(seat.page.get_by_role("heading", name="Handle 1 order manually?")).to_be_visible()
    seat.page.get_by_role("button", name="Handle manually").click()

    expect(row_of(seat.page, ref)).to_contain_text("Manual")


def test_a_cancellation_request_is_answered_in_two_steps(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"PEN": 1})
    trade.context.wait_until_placed(ref)
    trade.context.ask_to_cancel(ref)
    seat = sit(trade, OPERATOR, has_script=False)
    seat.go("orders")
    until(lambda: seat.page.reload() is not None and "requested" in row_of(seat.page, ref).inner_text(), "it is heard")
    seat.go(f"orders/bol/{ref}")

    seat.page.get_by_role("button", name="Accept: cancel the order").click()
    expect(seat.page.get_by_text("bol is informed that the order is cancelled")).to_be_visible()
    seat.page.get_by_role("link", name="No, go back").click()
    expect(seat.page.locator(".state").first).to_contain_text("Cancellation requested")
    seat.page.get_by_role("button", name="Accept: cancel the order").click()
    seat.page.get_by_role("button", name="Cancel the order").click()

    expect(seat.page.locator(".state").first).to_contain_text("Cancelled")


def test_a_list_is_narrowed(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, has_script=False)
    seat.go("orders")

    seat.page.get_by_text("Filters").click()
    seat.page.get_by_label("Problem").select_option(label="Unknown product")
    seat.page.get_by_role("button", name="Search").click()

    expect(row_of(seat.page, trade.orders["problem"])).to_be_visible()
    expect(row_of(seat.page, trade.orders["placed"])).to_have_count(0)
    expect(seat.page.get_by_label("Problem")).to_have_value("unknown_product")


def test_what_needs_a_script_is_not_shown(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, has_script=False)

    seat.go(f"orders/bol/{trade.orders['problem']}")
    seat.page.get_by_text("For support").click()

    expect(seat.page.locator("#support")).to_be_visible()
    expect(seat.page.get_by_role("button", name="Copy")).to_be_hidden()
