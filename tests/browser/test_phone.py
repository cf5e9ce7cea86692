"""In the warehouse: a phone, a thumb, and an order to be solved."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Sit, Trade
from tests.browser.looks import NARROWEST, sticking_out
from tests.browser.seat import PHONE
from tests.browser.test_orders import row_of
from tests.browser.users import OPERATOR

pytestmark = pytest.mark.processes
_THUMB = 40  # pixels


def test_an_order_is_found_and_solved_with_a_thumb(trade: Trade, sit: Sit) -> None:
    ref = trade.context.sell({"FOUND-ON-A-PHONE": 1})
    seat = sit(trade, OPERATOR, size=PHONE, has_touch=True)
    page = seat.page
    seat.go("orders")
    expect(row_of(page, ref)).to_contain_text("Unknown product")

    row_of(page, ref).get_by_role("link", name=ref).tap()
    page.get_by_label("SKU in the shop").fill("PEN")
    page.get_by_role("button", name="It is this product").tap()

    expect(page.get_by_role("region", name="Unknown product")).to_have_count(0)
    trade.context.wait_until_placed(ref)


def test_every_order_is_a_card_that_fits(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, size=PHONE, has_touch=True)
    seat.go("orders")

    cards = seat.page.locator(".orders tbody tr")
    boxes = [card.bounding_box() for card in cards.all()[:5]]

    assert boxes
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0] for box in boxes)
    expect(cards.first).to_contain_text("€")


def test_what_is_done_with_many_stays_within_reach(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, size=PHONE, has_touch=True)
    seat.go("orders")

    seat.page.locator(".orders tbody .tick input").first.tap()

    bar = seat.page.locator(".bulk")
    expect(bar).to_be_in_viewport(ratio=1)
    box = bar.bounding_box()
    assert box
    assert PHONE[1] == box["y"] + box["height"]


def test_what_is_pressed_is_as_large_as_a_thumb(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, size=PHONE, has_touch=True)

    small = {}
    for path in ("orders", f"orders/bol/{trade.orders['problem']}", "connections", "links", "users"):
        seat.go(path)
        small[path] = too_small(seat.page)

    assert {} == {path: names for path, names in small.items() if names}


def test_an_order_with_endless_names_and_two_hundred_lines_fits(trade: Trade, sit: Sit) -> None:
    lines = {f"{'AN-ENDLESS-SKU-' * 4}{number}": 1 for number in range(200)}
    endless = "Donaudampfschifffahrtsgesellschaft" * 3
    person = {"last_name": f"{endless} \N{GRINNING FACE}", "company": endless, "street": "Langestraat" * 28}
    ref = trade.context.sell(lines, **person)
    seat = sit(trade, OPERATOR, size=NARROWEST, has_touch=True)
    seat.go("orders?tab=problems")
    expect(row_of(seat.page, ref)).to_be_visible()
    in_list = sticking_out(seat.page)

    seat.go(f"orders/bol/{ref}")

    expect(seat.page.locator(".lines tbody tr")).to_have_count(200)
    assert [] == [*in_list, *sticking_out(seat.page)]


def test_lines_are_read_without_moving_them_sideways(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, OPERATOR, size=PHONE, has_touch=True)
    seat.go(f"orders/bol/{trade.orders['placed']}")

    cells = seat.page.locator(".lines td.number").all()
    boxes = [cell.bounding_box() for cell in cells]

    assert boxes
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0] for box in boxes)


def too_small(page: Page) -> list[str]:
    """Buttons of the content, and links that look like buttons."""
    shown = [one for one in page.locator("main button, main .button, .tabs a").all() if one.is_visible()]
    boxes = [(one.inner_text().strip(), one.bounding_box()) for one in shown]
    return [name for name, box in boxes if not box or box["height"] < _THUMB]
