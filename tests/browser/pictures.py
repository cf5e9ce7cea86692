"""`python -m tests.browser.pictures FOLDER`: every page after a day of trade, in both themes, on a laptop and on a phone.

Look at them after a change of a page. `--three FOLDER` makes the README's instead.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright

from orderhaven.demo.processes import Child
from orderhaven.demo.sandboxes import Addresses
from orderhaven.ports.connector import ScaledClock
from tests.browser import chromium
from tests.browser.a_day import FIRST_HOUR, HOURS
from tests.browser.running import WEB_ALONE, Hub, until
from tests.browser.seat import LAPTOP, PHONE, Seat
from tests.browser.users import ADMINISTRATOR

pytestmark = pytest.mark.processes

_ORDERS = 150
_FACTOR = 1800.0
_STANDS_STILL = 1e-6
_BEGINS_AFTER = timedelta(hours=10)  # of this clock: the hub has come up by then

Open = Callable[[Seat], None]


def at(path: str) -> Open:
    return lambda seat: seat.go(path)


def first_order(of: str) -> Open:
    """The page of the first order of a list; the list itself when it is empty."""

    def open_it(seat: Seat) -> None:
        seat.go(of)
        if seat.page.locator(".ref a").count():
            seat.page.locator(".ref a").first.click()
            seat.page.wait_for_load_state()

    return open_it


def unfolded(path: str) -> Open:
    def open_it(seat: Seat) -> None:
        seat.go(path)
        seat.page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")

    return open_it


PAGES: Mapping[str, Open] = {
    "orders": at("orders"),
    "problems": at("orders?tab=problems"),
    "none-found": at("orders?q=nothing"),
    "order-problem": first_order("orders?problem=unknown_product"),
    "order-shipped": first_order("orders?tab=shipped"),
    "order-waiting": first_order("orders?tab=waiting"),
    "order-placed": first_order("orders?tab=not_shipped"),
    "order-cancelled": first_order("orders?tab=cancelled"),
    "overview": at("overview"),
    "overview-days": unfolded("overview?period=days"),
    "connections": at("connections"),
    "connection": unfolded("connections/WooCommerce"),
    "form-marketplace": unfolded("connections/new/bol"),
    "form-shop": unfolded("connections/new/woocommerce"),
    "links": at("links"),
    "link": unfolded("links/bol"),
    "users": at("users"),
    "api_clients": unfolded("programs"),
    "audit": at("audit"),
    "me": at("/me"),
    "second-factor": at("/me/second-factor"),
    "nothing": at("/no-such-page"),
}
_OF_THE_README = {"screen-orders": "orders", "screen-order": "order-problem", "screen-overview": "overview"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--three", type=Path, metavar="FOLDER", help="the README's pictures, and where they go")
    given = parser.parse_args()
    path = chromium.find()
    if path is None or not (given.folder or given.three):
        parser.error(chromium.WHAT_TO_DO if path is None else "say where the pictures go")
    with after_a_day() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        if given.three:
            take_three(browser, address, given.three)
        if given.folder:
            take_all(browser, address, given.folder)
        browser.close()


def take_three(browser: Browser, address: str, folder: Path) -> None:
    seat = sit(browser, address, LAPTOP, "light")
    for file, name in _OF_THE_README.items():
        PAGES[name](seat)
        seat.page.screenshot(path=folder / f"{file}.png")


def take_all(browser: Browser, address: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        for size, device in ((LAPTOP, "laptop"), (PHONE, "phone")):
            seat = sit(browser, address, size, theme)
            for name, open_it in PAGES.items():
                open_it(seat)
                seat.page.screenshot(path=folder / f"{name}-{device}-{theme}.png", full_page=name != "orders")
            seat.context.clear_cookies()
            seat.go("/login")
            seat.page.screenshot(path=folder / f"login-{device}-{theme}.png")
            seat.context.close()


def sit(browser: Browser, address: str, size: tuple[int, int], theme: str) -> Seat:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-GB", timezone_id="Europe/Amsterdam",
        color_scheme="dark" if theme == "dark" else "light",
    )  # fmt: skip
    seat = Seat(context, address)
    seat.log_in(ADMINISTRATOR)
    return seat


# ---------------------------------------------------------------- the day


@contextmanager
def after_a_day() -> Iterator[str]:
    """A day is played until this evening, and then time stands still. Gives the address of the web interface."""
    with tempfile.TemporaryDirectory(prefix="orderhaven-pictures-") as name:
        folder = Path(name)
        still = ScaledClock(play_a_day(folder), _STANDS_STILL)
        web = Hub(folder, still, WEB_ALONE)
        web.start()
        try:
            yield web.address
        finally:
            web.end()


def play_a_day(folder: Path) -> datetime:
    """When it was over."""
    ends = datetime.now(ZoneInfo("Europe/Amsterdam")).replace(hour=FIRST_HOUR, minute=50).astimezone(UTC)
    begins = ends - timedelta(hours=HOURS)
    clock = ScaledClock(begins - _BEGINS_AFTER, _FACTOR)
    sides = Child(["tests.browser.a_day", str(clock), str(_ORDERS)], {}, folder / "sides.log")
    hub = Hub(folder, clock)
    try:
        at = msgspec.json.decode(sides.first_line(), type=Addresses)
        hub.arrange(at)
        hub.start()
        until(lambda: clock.now() >= begins, "the day begins")
        begin(at)
        until(lambda: clock.now() >= ends, "the day is over", within_s=2 * HOURS * 3600 / _FACTOR)
    finally:
        hub.end()
        sides.end()
    return ends


def begin(at: Addresses) -> None:
    connection = HTTPConnection(at.control.removeprefix("http://"), timeout=20)
    connection.request("POST", "/begin")
    connection.getresponse().read()
    connection.close()


if __name__ == "__main__":
    main()
