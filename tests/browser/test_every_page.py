"""Each page as axe-core and a narrow window see it: light and dark, on a laptop and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit, Trade
from tests.browser.looks import NARROWEST, faults_of, sticking_out, unfold
from tests.browser.seat import Seat
from tests.browser.users import ADMINISTRATOR

pytestmark = pytest.mark.processes

Open = Callable[[Seat, Trade], None]


def at(path: str) -> Open:
    return lambda seat, _trade: seat.go(path)


def order(kind: str) -> Open:
    return lambda seat, trade: seat.go(f"orders/bol/{trade.orders[kind]}")


def invitation(seat: Seat, trade: Trade) -> None:
    seat.go("users")
    seat.page.get_by_label("E-mail address").fill("another@example.com")
    seat.page.get_by_role("button", name="Make an invitation").click()
    address = seat.page.locator("#invitation").inner_text()
    seat.context.clear_cookies()
    seat.page.goto(address)


def token(seat: Seat, trade: Trade) -> None:
    seat.go("api-clients")
    unfold(seat.page)
    seat.page.get_by_label("For which API client").fill("A program")
    seat.page.get_by_role("button", name="Make the token").click()
    expect(seat.page.get_by_role("heading", name="The token", exact=True)).to_be_visible()


def ticked(seat: Seat, trade: Trade) -> None:
    seat.go("orders")
    seat.page.locator(".orders tbody .tick input").first.check()
    expect(seat.page.locator(".bulk")).to_be_visible()


def keys(seat: Seat, trade: Trade) -> None:
    seat.go("orders")
    seat.page.keyboard.press("?")
    expect(seat.page.get_by_role("dialog")).to_be_visible()


def menu(seat: Seat, trade: Trade) -> None:
    seat.go("orders")
    seat.page.locator(".menu summary").click()


NOT_IN_DUTCH = {"invitation", "programs, with a new token"}  # reached by buttons, which are named in English here
PAGES: dict[str, Open] = {
    "orders": at("orders"),
    "orders, filtered": at("orders?q=3SABCD1234567&carrier=postnl"),
    "orders, one ticked": ticked,
    "orders, with the keys": keys,
    "orders, with the menu": menu,
    "orders, none found": at("orders?q=nothing"),
    "order with a problem": order("problem"),
    "order that is shipped": order("shipped"),
    "order whose buyer asks to cancel": order("asked"),
    "order that waits for a code": order("waiting"),
    "overview": at("overview"),
    "overview of 14 days": at("overview?period=days"),
    "connections": at("connections"),
    "connection": at("connections/WooCommerce"),
    "form of a marketplace": at("connections/new/bol"),
    "form of a shop": at("connections/new/woocommerce"),
    "links": at("links"),
    "link": at("links/bol"),
    "users": at("users"),
    "invitation": invitation,
    "api_clients": at("api-clients"),
    "programs, with a new token": token,
    "audit": at("audit"),
    "my account": at("/me"),
    "second factor": at("/me/second-factor"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(name: str, trade: Trade, sit: Sit) -> None:
    seat = sit(trade, ADMINISTRATOR)

    PAGES[name](seat, trade)
    unfold(seat.page)

    faults = faults_of(seat.page)
    assert not faults, "\n".join(faults)


def test_in_dutch_nothing_sticks_out_of_the_narrowest_window(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, ADMINISTRATOR, locale="nl-NL", size=NARROWEST)
    found = []

    for name in PAGES.keys() - NOT_IN_DUTCH:
        PAGES[name](seat, trade)
        unfold(seat.page)
        expect(seat.page.locator("html[lang=nl]")).to_be_attached()
        found += [f"{name}: {one}" for one in sticking_out(seat.page)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["/login", "/no-such-page"])
def test_a_page_before_the_log_in_can_be_used_by_everybody(path: str, trade: Trade, sit: Sit) -> None:
    seat = sit(trade)

    with seat.may_be_answered(404):
        seat.go(path)

    faults = faults_of(seat.page)
    assert not faults, "\n".join(faults)
