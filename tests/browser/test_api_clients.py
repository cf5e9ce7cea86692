"""What an administrator sees of the programs that come by the API."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit, Trade
from tests.browser.users import ADMINISTRATOR

pytestmark = pytest.mark.processes


def test_the_description_of_the_api_is_shown_and_comes_from_this_hub_alone(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, ADMINISTRATOR)
    seat.go("api-clients")

    seat.page.get_by_role("link", name="What the API can do").click()

    expect(seat.page.locator("#swagger-ui .opblock").first).to_be_visible()


def test_a_token_is_shown_once_and_ended_after_a_question(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, ADMINISTRATOR)
    page = seat.page
    seat.go("api-clients")
    page.get_by_text("New token").click()
    page.get_by_label("For which API client").fill("A till")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#made")).to_contain_text("oh_")

    page.reload()

    expect(page.locator("#made")).to_have_count(0)
    token = page.get_by_role("listitem").filter(has_text="A till")
    page.once("dialog", lambda dialog: dialog.dismiss())
    token.get_by_role("button", name="End it").click()
    expect(token).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    token.get_by_role("button", name="End it").click()
    expect(token).to_have_count(0)
