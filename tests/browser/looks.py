"""A page as axe-core and a narrow window see it: what a person with a handicap cannot use, and what sticks out."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.seat import LAPTOP, PHONE

NARROWEST = (320, 844)
_ALL: dict[str, Any] = {"resultTypes": ["violations"]}
_COLOURS_ONLY = {**_ALL, "runOnly": ["color-contrast"]}  # nothing else of a page depends on the theme
_LOOKS: tuple[tuple[tuple[int, int], str, dict[str, Any]], ...] = (
    (LAPTOP, "light", _ALL),
    (LAPTOP, "dark", _COLOURS_ONLY),
    (PHONE, "light", _ALL),
    (PHONE, "dark", _COLOURS_ONLY),
)


def faults_of(page: Page) -> list[str]:
    """In both themes, on a laptop and on a phone; a sentence each. The page must not be replaced meanwhile."""
    found: list[str] = []
    for (width, height), theme, options in _LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        found += [f"{theme}, {width} wide: {fault}" for fault in _by_axe(page, options)]
        found += sticking_out(page)
    page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    found += sticking_out(page)
    page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
    return found


def _by_axe(page: Page, options: dict[str, Any]) -> list[str]:
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]} {node.get('failureSummary', '')}"
        for one in violations
        for node in one["nodes"]
    ]


def sticking_out(page: Page) -> list[str]:
    return [str(one) for one in page.evaluate(_STICKING_OUT)]


_STICKING_OUT = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const scrolls = (it) => it && (getComputedStyle(it).overflowX !== "visible" || scrolls(it.parentElement));
    const sticksOut = (it) => it.getBoundingClientRect().right > room + 1 && !scrolls(it.parentElement);
    const wide = Array.from(document.body.querySelectorAll("*")).filter(sticksOut);
    return wide.slice(0, 5).map((it) => `sticks out of ${room}: ${it.outerHTML.slice(0, 120)}`);
}"""


def unfold(page: Page) -> None:
    """Everything that is folded away, but the menu."""
    page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")
