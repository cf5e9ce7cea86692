"""From nothing to the first order: what somebody sees who has just started Orderhaven."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit, Trade
from tests.browser.looks import faults_of
from tests.browser.seat import Seat

pytestmark = pytest.mark.processes


def test_first_run(fresh: Trade, sit: Sit) -> None:
    seat = sit(fresh)

    make_the_first_account(seat, fresh)
    look_at_every_empty_page(seat)
    see_what_to_do_first(seat)
    connect_the_marketplace(seat, fresh)
    connect_the_shop(seat, fresh)
    link_them_in_a_dry_run(seat, fresh)
    end_the_dry_run(seat)


def make_the_first_account(seat: Seat, fresh: Trade) -> None:
    page = seat.page
    page.goto(fresh.hub.welcome_address())
    assert [] == faults_of(page)
    page.get_by_label("Name of your trade").fill("The trade")
    page.get_by_label("Your name").fill("The merchant")
    page.get_by_label("E-mail address").fill("merchant@example.com")
    page.get_by_label("Password").fill("password12")
    with seat.may_be_answered(422):
        page.get_by_role("button", name="Make my account").click()
        expect(page.get_by_role("alert")).to_contain_text("too common")
    expect(page.get_by_label("Your name")).to_have_value("The merchant")
    seat.begin()


def look_at_every_empty_page(seat: Seat) -> None:
    for path in ("orders", "overview", "connections", "links", "api-clients", "audit"):
        seat.go(path)
        assert [] == faults_of(seat.page), path


def see_what_to_do_first(seat: Seat) -> None:
    page = seat.page
    seat.go("orders")
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    page.get_by_role("link", name="Connect a marketplace and a shop").click()
    expect(page.get_by_role("heading", name="Nothing is connected yet")).to_be_visible()


def connect_the_marketplace(seat: Seat, fresh: Trade) -> None:
    page, settings = seat.page, fresh.context.addresses.marketplace
    page.get_by_role("link", name="bol", exact=True).click()
    page.get_by_text("More settings").click()
    page.get_by_label("Client ID").fill(settings["client_id"])
    page.get_by_label("Client secret").fill("not the secret")
    page.get_by_label("Address of the API").fill(settings["api_url"])
    page.get_by_label("Address of the login").fill(settings["login_url"])
    with seat.may_be_answered(422):
        page.get_by_role("button", name="Test and save").click()
        expect(page.get_by_role("alert")).to_contain_text("rejects")
    assert not has_connections(seat)
    page.get_by_label("Client secret").fill(settings["client_secret"])
    page.get_by_role("button", name="Test and save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")


def has_connections(seat: Seat) -> bool:
    """In another tab, so that the form stays as it is."""
    tab = seat.context.new_page()
    tab.goto(f"{seat.address}/{seat.slug}/connections")
    is_empty = tab.get_by_role("heading", name="Nothing is connected yet").is_visible()
    tab.close()
    return not is_empty


def connect_the_shop(seat: Seat, fresh: Trade) -> None:
    page, settings = seat.page, fresh.context.addresses.shop
    page.get_by_role("link", name="WooCommerce", exact=True).click()
    page.get_by_label("Name of this connection").fill("Shop")
    page.get_by_label("Address of the shop").fill(settings["url"])
    page.get_by_label("Consumer key").fill(settings["key"])
    page.get_by_label("Consumer secret").fill(settings["secret"])
    page.get_by_role("button", name="Test and save").click()
    sent = page.get_by_role("group", name="Statuses that mean: sent")
    expect(sent.get_by_role("checkbox", name="completed")).to_be_checked()
    assert [] == faults_of(page)
    sent.get_by_role("checkbox", name="on-hold").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    expect(page.locator(".connection")).to_have_count(2)


def link_them_in_a_dry_run(seat: Seat, fresh: Trade) -> None:
    page = seat.page
    page.get_by_role("link", name="no shop yet: link it").click()
    page.get_by_role("button", name="Link them").click()
    expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    ref = fresh.context.sell({"MUG-BLUE": 2})
    seat.go("orders")
    expect(page.get_by_role("link", name=ref)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=ref)).to_contain_text("dry run")
    seat.go("links/bol")
    expect(page.get_by_role("cell", name=ref)).to_be_visible()


def end_the_dry_run(seat: Seat) -> None:
    page = seat.page
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="End the dry run").click()
    expect(page.get_by_role("status")).to_contain_text("The dry run has ended")
    seat.go("orders")
    expect(page.locator(".in-shop")).to_be_visible()
