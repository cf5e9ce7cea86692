"""Somebody before a screen: a page of their own, and a note of everything that a good page does not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Request, Response, expect

from tests.browser.users import PASSWORD, TRADE, Person

LAPTOP, PHONE = (1280, 800), (390, 844)
_OURS = "127.0.0.1"
_BY_THE_BROWSER = "net::ERR_ABORTED"  # what was under way when the page was left, or became a download
_SAID_OF_ANSWERS = (
    "Failed to load resource",
    "Response Status Error Code",
)  # the answers themselves are looked at, which tells more


class Seat:
    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.faults: list[str] = []
        self._refusals: set[int] = set()
        context.on("console", lambda said: self._note_console(said.type, said.text))
        context.on("weberror", lambda error: self.faults.append(f"error in the page: {error.error}"))
        context.on("request", self._note_request)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)
        self.page: Page = context.new_page()

    @contextmanager
    def may_be_answered(self, *statuses: int) -> Iterator[None]:
        """What the page does here is refused, and that is right."""
        self._refusals |= set(statuses)
        yield
        self._refusals -= set(statuses)

    def go(self, path: str) -> None:
        """To an address of this hub; a path without a slash is one of the merchant's pages."""
        self.page.goto(self.address + (path if path.startswith("/") else f"/{self.slug}/{path}"))

    @property
    def slug(self) -> str:
        return self.page.locator("body").get_attribute("data-slug") or "the-trade"

    def log_in(self, person: Person, password: str = PASSWORD) -> None:
        self.go("/login")
        self.page.get_by_label("E-mail address").fill(person.email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_text(person.name, exact=True)).to_be_visible()

    def begin(self) -> None:
        """The first account of an empty hub, on the page of its welcome address."""
        self.page.get_by_label("Name of your trade").fill(TRADE)
        self.page.get_by_label("Your name").fill("The merchant")
        self.page.get_by_label("E-mail address").fill("merchant@example.com")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Make my account").click()
        expect(self.page.get_by_role("heading", name="No orders yet")).to_be_visible()

    # below: what is noted

    def _note_console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(_SAID_OF_ANSWERS):
            self.faults.append(f"console {kind}: {text}")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != _OURS:
            self.faults.append(f"request to another host: {request.url}")

    def _note_failure(self, request: Request) -> None:
        if request.failure != _BY_THE_BROWSER:
            self.faults.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _note_answer(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._refusals:
            self.faults.append(f"answer {response.status}: {response.request.method} {response.url}")
