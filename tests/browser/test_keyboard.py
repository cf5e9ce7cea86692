"""Without a mouse: everything that an operator does is reached, and what has the keyboard is seen."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Sit, Trade
from tests.browser.test_orders import at_orders, row_of
from tests.browser.users import OPERATOR, PASSWORD

pytestmark = pytest.mark.processes
_MOST_STEPS = 60


def test_one_logs_in_and_skips_to_the_content(trade: Trade, sit: Sit) -> None:
    seat = sit(trade)
    seat.go("/login")

    type_words(seat.page, OPERATOR.email)
    press(seat.page, "Tab")
    type_words(seat.page, PASSWORD)
    press(seat.page, "Enter")

    expect(seat.page.get_by_role("heading", name="Orders")).to_be_visible()
    press(seat.page, "Tab")
    expect(seat.page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    press(seat.page, "Enter", "Tab")
    expect(seat.page.get_by_role("link", name="Export CSV")).to_be_focused()


def test_one_goes_from_order_to_order_and_opens_one(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    refs = page.locator(".orders .ref a").all_inner_texts()

    press(page, "j", "j", "j", "k")

    expect(page.get_by_role("link", name=refs[1])).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("heading", name=refs[1])).to_be_visible()


def test_one_ticks_an_order_and_acts_on_it(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"PEN": 2})
    trade.context.wait_until_placed(ref)
    page = at_orders(sit, trade).page
    go_to_row(page, ref)

    press(page, "x")

    expect(page.locator(".ticked")).to_have_text("1")
    tab_to(page, page.get_by_role("button", name="Handle manually"), backwards=True)
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Handle 1 order manually?")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Handle manually"))
    press(page, "Enter")
    expect(row_of(page, ref)).to_contain_text("Manual")


def test_the_keyboard_stays_on_its_order_when_another_arrives(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    ref = trade.orders["placed"]
    go_to_row(page, ref)

    newer = trade.context.sell({"PEN": 1})

    expect(row_of(page, newer)).to_be_visible()
    expect(page.get_by_role("link", name=ref)).to_be_focused()
    expect(page.locator(".orders tr.here")).to_contain_text(ref)


def test_one_searches_and_leaves_the_field_with_escape(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page

    press(page, "/")

    expect(page.get_by_role("searchbox")).to_be_focused()
    type_words(page, trade.orders["placed"])
    press(page, "Enter")
    expect(page.locator(".orders tbody tr")).to_have_count(1)
    press(page, "/", "Escape", "j")
    expect(page.get_by_role("link", name=trade.orders["placed"])).to_be_focused()


def test_a_question_mark_shows_the_keys_and_escape_closes_them(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page

    press(page, "?")

    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "j")
    expect(page.locator(".orders .ref a").first).to_be_focused()


def test_two_letters_lead_to_another_page(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page

    press(page, "g", "v")

    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    press(page, "g", "c")
    expect(page.get_by_role("heading", name="Connections", level=1)).to_be_visible()


def test_the_menu_opens_and_closes(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    tab_to(page, page.locator(".menu summary"))

    press(page, "Enter", "Tab")

    expect(page.get_by_role("link", name="My account")).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("link", name="My account")).to_have_count(0)


def test_whatever_has_the_keyboard_is_seen(trade: Trade, sit: Sit) -> None:
    page = at_orders(sit, trade).page
    unseen = []

    for _step in range(_MOST_STEPS):
        press(page, "Tab")
        unseen += page.evaluate(_UNSEEN)

    assert [] == unseen


# what has the keyboard, unless it is drawn inside the window, uncovered and with a ring around it
_UNSEEN = """() => {
    const it = document.activeElement;
    if (!it || it === document.body) return [];
    const box = it.getBoundingClientRect();
    const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const isSeen = middle && (it.contains(middle) || middle.contains(it) || it.closest("label") === middle.closest("label"));
    const hasRing = getComputedStyle(it).outlineStyle !== "none";
    return isSeen && hasRing ? [] : [it.outerHTML.slice(0, 120)];
}"""


# ---------------------------------------------------------------- how


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def type_words(page: Page, words: str) -> None:
    page.keyboard.type(words)


def go_to_row(page: Page, ref: str) -> None:
    expect(row_of(page, ref)).to_be_visible()
    refs = page.locator(".orders .ref a").all_inner_texts()
    press(page, *["j"] * (refs.index(ref) + 1))
    expect(page.get_by_role("link", name=ref)).to_be_focused()


def tab_to(page: Page, wanted: Locator, *, backwards: bool = False) -> None:
    for _step in range(_MOST_STEPS):
        if wanted.evaluate("(it) => it === document.activeElement"):
            return
        press(page, "Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"{wanted} is not reached with Tab")
