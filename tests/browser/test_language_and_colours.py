"""Dutch or English, light or dark: as somebody chooses, on the page where they are."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Sit, Trade
from tests.browser.users import LINGUIST, VIEWER

pytestmark = pytest.mark.processes


def test_another_language_keeps_the_page_and_its_filters(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, LINGUIST)
    seat.go("orders?tab=shipped&carrier=postnl&sort=oldest")
    page, address = seat.page, seat.page.url

    page.get_by_role("button", name="NL", exact=True).click()

    expect(page.locator("html[lang=nl]")).to_be_attached()
    assert address == page.url
    expect(page.get_by_role("heading", level=1)).to_have_text("Bestellingen")
    expect(page.get_by_role("button", name="NL", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator("html[lang=en]")).to_be_attached()
    assert address == page.url
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")


def test_in_dutch_every_tab_is_seen_on_a_laptop(trade: Trade, sit: Sit) -> None:
    sit(trade, VIEWER)  # who has logged in
    seat = sit(trade, VIEWER, locale="nl-NL")

    seat.go("orders")

    for tab in seat.page.get_by_role("navigation", name="Hoe bestellingen ervoor staan").get_by_role("link").all():
        expect(tab).to_be_in_viewport(ratio=1)


def test_before_the_log_in_the_browser_says_which_language(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, locale="nl-NL")

    seat.go("/login")

    expect(seat.page.locator("html[lang=nl]")).to_be_attached()
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("Inloggen")


def test_the_machine_says_whether_it_is_light_or_dark(trade: Trade, sit: Sit) -> None:
    light, dark = sit(trade, VIEWER), sit(trade, VIEWER, is_dark=True)

    light.go("orders")
    dark.go("orders")

    assert lightness(light.page) > 200
    assert lightness(dark.page) < 60


def test_chosen_colours_stay_until_they_are_left_to_the_machine_again(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, VIEWER)
    seat.go("orders")

    choose_colours(seat.page, "Dark")
    seat.page.reload()

    assert lightness(seat.page) < 60
    choose_colours(seat.page, "Automatic")
    assert lightness(seat.page) > 200


def choose_colours(page: Page, name: str) -> None:
    page.locator(".menu summary").click()
    with page.expect_navigation():  # until it came anew, whole, with the menu closed
        page.get_by_role("button", name=name).click()


def lightness(page: Page) -> float:
    """Of the ground behind everything, from 0 to 255."""
    colours = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    return sum(colours) / 3
