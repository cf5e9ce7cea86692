"""One browser and one hub in use for this folder; an empty hub for the first run; a seat before the screen for each test.

They live as long as the tests of this folder, not longer: an event loop of Playwright's own runs meanwhile, and other tests
of the same process start theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import chromium
from tests.browser.running import BothSides, Hub, running
from tests.browser.seat import LAPTOP, Seat
from tests.browser.users import Person

pytestmark = pytest.mark.processes
_SEEN_WITHIN_MS = 20_000
CODE = "3SABCD1234567"  # has the form of PostNL's

Sit = Callable[..., Seat]


@dataclass
class Trade:
    """A hub in use, and what happens outside of it. Its people have logged in once, and stay so."""

    hub: Hub
    context: BothSides
    orders: dict[str, str] = field(default_factory=dict)  # what became of it -> order number
    sessions: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium.is_left_out():
        pytest.skip("ORDERHAVEN_NO_BROWSER is set")
    path = chromium.find()
    assert path is not None, chromium.WHAT_TO_DO
    expect.set_options(timeout=_SEEN_WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def trade(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trade]:
    """Connected and linked, and `trade.orders` of several kinds. No test changes these; it sells its own."""
    with running(tmp_path_factory.mktemp("trade"), in_use=True) as (hub, context):
        yield Trade(hub, context, _sold(context))


@pytest.fixture
def fresh(browser: Browser, tmp_path: Path) -> Iterator[Trade]:
    """A hub that was started for the first time."""
    with running(tmp_path, in_use=False) as (hub, context):
        yield Trade(hub, context)


@pytest.fixture
def sit(browser: Browser) -> Iterator[Sit]:
    """`sit(trade, person)`: before a screen, logged in unless `person` is None; see `_sit`.

    Whatever a page did that a good page does not do fails the test at its end.
    """
    seats: list[Seat] = []

    def sit(trade: Trade, person: Person | None = None, **wishes: Any) -> Seat:
        seats.append(_sit(browser, trade, person, **wishes))
        return seats[-1]

    yield sit
    for seat in seats:
        seat.context.close()
    assert [] == [fault for seat in seats for fault in seat.faults]


# below: how


def _sold(context: BothSides) -> dict[str, str]:
    orders = {
        "placed": context.sell({"RUG-S": 1, "PEN": 4}, last_name="Lastname", company="A company"),
        "problem": context.sell({"NOT-IN-THE-SHOP": 1}),
        "shipped": context.sell({"MUG-BLUE": 2}),
        "waiting": context.sell({"LAMP-OAK": 1}),
        "asked": context.sell({"SOAP-3": 1}),
        "cancelled": context.sell({"BAG-CANVAS": 1}),
    }
    context.cancel(orders["cancelled"])
    context.complete(orders["shipped"], CODE, "PostNL")
    context.complete(orders["waiting"])
    context.ask_to_cancel(orders["asked"])
    context.wait_until_placed(orders["placed"])
    return orders


def _sit(
    browser: Browser, trade: Trade, person: Person | None, *, size: tuple[int, int] = LAPTOP, locale: str = "en-GB",
    is_dark: bool = False, has_touch: bool = False, has_script: bool = True, anew: bool = False,
) -> Seat:  # fmt: skip
    """`anew` logs in once more, for whoever will log out."""
    kept = trade.sessions.get(person.email) if person is not None and not anew else None
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=locale, timezone_id="Europe/Amsterdam",
        color_scheme="dark" if is_dark else "light", storage_state=kept, has_touch=has_touch,
        java_script_enabled=has_script,
    )  # fmt: skip
    context.set_default_timeout(_SEEN_WITHIN_MS)
    seat = Seat(context, trade.hub.address)
    if person is not None and kept is None:
        seat.log_in(person)
        if not anew:
            trade.sessions[person.email] = context.storage_state()
    return seat
