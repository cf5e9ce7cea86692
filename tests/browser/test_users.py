"""Who may come in, how, and what they see."""

from base64 import b32decode
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django_otp.oath import totp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Sit, Trade
from tests.browser.looks import faults_of
from tests.browser.seat import LAPTOP, PHONE, Seat
from tests.browser.test_orders import row_of
from tests.browser.users import ADMINISTRATOR, CAREFUL, LEAVING, PASSWORD, VIEWER

pytestmark = pytest.mark.processes
_AFTER_A_WRONG_CODE_MS = 1100  # django-otp takes none for a second, and longer after each further one


def test_somebody_who_is_invited_comes_in_as_operator(trade: Trade, sit: Sit) -> None:
    host, guest = sit(trade, ADMINISTRATOR), sit(trade)
    host.go("users")
    host.page.get_by_label("E-mail address").fill("invited@example.com")
    host.page.get_by_role("button", name="Make an invitation").click()
    address = host.page.locator("#invitation").inner_text()

    guest.page.goto(address)
    guest.page.get_by_label("Your name").fill("The invited one")
    guest.page.get_by_label("Password").fill(PASSWORD)
    guest.page.get_by_role("button", name="Accept the invitation").click()

    expect(guest.page.get_by_role("heading", name="Orders", level=1)).to_be_visible()
    expect(guest.page.get_by_role("checkbox").first).to_be_visible()
    expect(guest.page.get_by_role("link", name="Programs")).to_have_count(0)
    host.page.reload()
    expect(host.page.get_by_role("listitem").filter(has_text="The invited one")).to_be_visible()
    expect(host.page.locator("#invitation")).to_have_count(0)


def test_an_invitation_is_good_for_one_use(trade: Trade, sit: Sit) -> None:
    host, guest, other = sit(trade, ADMINISTRATOR), sit(trade), sit(trade)
    host.go("users")
    host.page.get_by_label("E-mail address").fill("once@example.com")
    host.page.get_by_role("button", name="Make an invitation").click()
    address = host.page.locator("#invitation").inner_text()
    guest.page.goto(address)
    guest.page.get_by_label("Your name").fill("The first one")
    guest.page.get_by_label("Password").fill(PASSWORD)
    guest.page.get_by_role("button", name="Accept the invitation").click()
    expect(guest.page.get_by_role("heading", name="Orders", level=1)).to_be_visible()

    with other.may_be_answered(404):
        other.page.goto(address)

    expect(other.page.get_by_text("This invitation is used or over")).to_be_visible()


def test_a_viewer_sees_orders_and_no_button_and_no_address(trade: Trade, sit: Sit) -> None:
    viewer, host = sit(trade, VIEWER), sit(trade, ADMINISTRATOR)
    address = f"orders/bol/{trade.orders['placed']}"
    host.go(address)
    expect(host.page.get_by_text("Lastname")).to_be_visible()

    viewer.go("orders?tab=problems")
    expect(row_of(viewer.page, trade.orders["problem"])).to_contain_text("Unknown product")
    expect(viewer.page.get_by_role("checkbox")).to_have_count(0)
    viewer.go(address)

    expect(viewer.page.get_by_role("heading", name=trade.orders["placed"])).to_be_visible()
    expect(viewer.page.get_by_text("Lastname")).to_have_count(0)
    assert buttons_in(viewer.page) == ["Copy"]
    viewer.go(f"orders/bol/{trade.orders['problem']}")
    expect(viewer.page.get_by_role("region", name="Unknown product")).to_be_visible()
    assert buttons_in(viewer.page) == ["Copy"]
    for path in ("connections", "connections/WooCommerce", "links", "links/bol", "users"):
        viewer.go(path)
        assert buttons_in(viewer.page) == [], path


def test_a_page_that_is_not_theirs_says_whom_to_ask(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, VIEWER)

    with seat.may_be_answered(403):
        seat.go("audit")

    expect(seat.page.get_by_role("heading", name="You may not do this")).to_be_visible()
    expect(seat.page.get_by_text("Only an administrator may do this.")).to_be_visible()


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_picture_for_the_phone_can_be_scanned_from_the_screen(
    trade: Trade, sit: Sit, size: tuple[int, int], is_dark: bool
) -> None:
    seat = sit(trade, CAREFUL, size=size, is_dark=is_dark)
    seat.go("/me/second-factor")

    scanned = zxingcpp.read_barcodes(Image.open(BytesIO(seat.page.screenshot())))

    shown = seat.page.locator(".door-card code").inner_text()
    assert [(urlsplit(one.text).scheme, parse_qs(urlsplit(one.text).query)["secret"]) for one in scanned] == [
        ("otpauth", [shown])
    ]


def test_a_second_factor_is_set_up_asked_for_and_switched_off(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, CAREFUL, anew=True)
    page = seat.page
    seat.go("/me")
    page.get_by_role("link", name="Switch it on").click()
    secret = page.locator("code").inner_text()
    expect(page.locator(".qr svg")).to_be_visible()

    with seat.may_be_answered(422):
        answer_with_code(seat, "000000", "Switch it on")
        expect(page.get_by_role("alert")).to_contain_text("not right")
    page.wait_for_timeout(_AFTER_A_WRONG_CODE_MS)
    answer_with_code(seat, figures(secret), "Switch it on")
    expect(page.get_by_role("heading", name="Write these down")).to_be_visible()
    assert [] == faults_of(page)
    on_paper = page.locator(".codes li").all_inner_texts()
    assert 10 == len(set(on_paper))

    log_out(seat)
    give_password(seat)
    expect(page.get_by_role("heading", name="One more code")).to_be_visible()
    assert [] == faults_of(page)
    answer_with_code(seat, figures(secret, steps_ahead=1), "Go on")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()

    log_out(seat)
    give_password(seat)
    answer_with_code(seat, on_paper[0], "Go on")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_visible()

    seat.go("/me")
    page.get_by_text("Switch it off").first.click()
    page.get_by_label("Present password").last.fill(PASSWORD)
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_role("status")).to_contain_text("The second factor is off")


def test_logging_out_leads_the_other_tab_to_the_log_in_and_back(trade: Trade, sit: Sit) -> None:
    seat = sit(trade, LEAVING, anew=True)
    seat.go("orders?tab=problems")
    address, other_tab = seat.page.url, seat.context.new_page()
    other_tab.goto(seat.address)

    with seat.may_be_answered(401):
        log_out_on(other_tab)
        trade.context.sell({"PEN": 1})

        expect(seat.page.get_by_role("heading", name="Log in")).to_be_visible()
    give_password(seat, LEAVING.email)
    expect(row_of(seat.page, trade.orders["problem"])).to_be_visible()
    assert address == seat.page.url


def test_wrong_passwords_are_refused_in_words(trade: Trade, sit: Sit) -> None:
    seat = sit(trade)
    seat.go("/login")

    with seat.may_be_answered(422):
        give_password(seat, VIEWER.email, "something else")

        expect(seat.page.get_by_role("alert")).to_have_text("Address and password do not belong together.")
    expect(seat.page.get_by_label("E-mail address")).to_have_value(VIEWER.email)


# ---------------------------------------------------------------- how


def buttons_in(page: Page) -> list[str]:
    """What can be pressed in the content, by name, seen or folded away; the search's own button is none of them."""
    return [name.strip() for name in page.locator("main button:not(.filters button)").all_text_contents()]


def give_password(seat: Seat, email: str = CAREFUL.email, password: str = PASSWORD) -> None:
    seat.page.get_by_label("E-mail address").fill(email)
    seat.page.get_by_label("Password").fill(password)
    seat.page.get_by_role("button", name="Log in").click()


def log_out(seat: Seat) -> None:
    log_out_on(seat.page)


def log_out_on(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def answer_with_code(seat: Seat, code: str, button: str) -> None:
    seat.page.get_by_label("Code").fill(code)
    seat.page.get_by_role("button", name=button).click()


def figures(secret: str, steps_ahead: int = 0) -> str:
    """As a phone shows them; one step ahead, because a code counts once."""
    key = b32decode(secret + "=" * (-len(secret) % 8))
    return f"{totp(key, drift=steps_ahead):06d}"
