"""The tables of docs/reference, and of a connector's own page (`docs.md` in its folder), that follow from the code. `python -m
tests.rules.tables` writes them into their pages again.

A table stands on its page between `<!-- table: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from orderhaven.actions.problem_actions import ProblemAction, offers
from orderhaven.connectors import specs
from orderhaven.core.carriers import Carrier, Family, tracking_url
from orderhaven.core.carriers.families import FAMILIES, S10_FAMILIES
from orderhaven.core.problems import SENTENCES, ProblemKind
from orderhaven.core.status import STATUS_NAMES, TRANSITIONS, Status
from orderhaven.ports.connector import Capability, ConnectorSpec, Limits, Setting, Side

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
CONNECTORS = ROOT / "src" / "orderhaven" / "connectors"
_BLOCK = re.compile(r"<!-- table: (?P<name>[a-z0-9_-]+) -->\n.*?<!-- end -->", re.DOTALL)
_OF_CONNECTION = (
    ProblemKind.UNIDENTIFIED_ROWS,
    ProblemKind.REPEATED_REJECTION,
    ProblemKind.AUTH_REJECTED,
    ProblemKind.ACCESS_REJECTED,
    ProblemKind.WRONG_ADDRESS,
    ProblemKind.CLOCK_OFF,
    ProblemKind.OTHER_ACCOUNT,
)


def pages() -> list[Path]:
    """The pages that hold such tables."""
    found = [*sorted(REFERENCE.glob("*.md")), *sorted(CONNECTORS.glob("*/docs.md"))]
    return [page for page in found if _BLOCK.search(page.read_text(encoding="utf-8"))]


def as_it_should_be(page: Path) -> str:
    """The page with its tables as the code has them. Raises KeyError for a table that no function here makes."""
    tables = all_tables()
    text = page.read_text(encoding="utf-8")
    return _BLOCK.sub(lambda block: f"<!-- table: {block['name']} -->\n{tables[block['name']]()}\n<!-- end -->", text)


def all_tables() -> Mapping[str, Callable[[], str]]:
    made: dict[str, Callable[[], str]] = {
        "statuses": statuses,
        "moves": moves,
        "problems": problems,
        "connection-problems": connection_problems,
        "who-can": who_can,
        "carriers": carriers,
        "families": families,
        "posts": posts,
    }
    for one in specs().values():
        made[f"{one.name}-settings"] = lambda one=one: settings(one)  # type: ignore[misc]
        made[f"{one.name}-capabilities"] = lambda one=one: capabilities(one)  # type: ignore[misc]
        made[f"{one.name}-limits"] = lambda one=one: limits(one)  # type: ignore[misc]
        made[f"{one.name}-carriers"] = lambda one=one: carrier_words(one)  # type: ignore[misc]
        made[f"{one.name}-honest"] = lambda one=one: one.limitations  # type: ignore[misc]
    return made


# below: each table


def statuses() -> str:
    rows = [(f"`{status}`", *STATUS_NAMES[status]) for status in Status]
    return table(("status", "shown in Dutch", "shown in English"), rows)


def moves() -> str:
    rows = [
        (f"`{status}`", f"`{fact}`", f"`{step.to}`" if step.to is not status else "stays", code(step.problem))
        for status, facts in TRANSITIONS.items()
        for fact, step in facts.items()
    ]
    return table(("at", "by this trigger", "goes to", "and this Problem"), rows)


def problems() -> str:
    rows = [
        (f"`{kind}`", plain(SENTENCES[kind]), ", ".join(offered(kind)))
        for kind in ProblemKind
        if kind not in _OF_CONNECTION
    ]
    return table(("kind", "what it says", "what can be done about it"), rows)


def connection_problems() -> str:
    return table(("kind", "what it says"), [(f"`{kind}`", plain(SENTENCES[kind])) for kind in _OF_CONNECTION])


def offered(kind: ProblemKind) -> list[str]:
    return ["`retry`: it is solved" if offer is ProblemAction.DONE else f"`{offer}`" for offer in offers(kind)]


def who_can() -> str:
    """Of the connectors that the reference describes; one with a page of its own has the table there."""
    found = [one for one in specs().values() if not (CONNECTORS / one.name / "docs.md").exists()]
    rows = [(f"`{can}`", *("yes" if can in one.capabilities else "" for one in found)) for can in Capability]
    return table(("capability", *(one.title for one in found)), rows)


def capabilities(spec: ConnectorSpec) -> str:
    return table(("what it can",), [(f"`{can}`",) for can in Capability if can in spec.capabilities])


def settings(spec: ConnectorSpec) -> str:
    rows = [
        (f"`{one.key}`", one.label, str(one.kind).replace("_", "/"), default(one), secret(one), one.help)
        for one in spec.settings
    ]
    return table(("key", "label", "kind", "default", "stored", "what it is"), rows)


def default(setting: Setting) -> str:
    if setting.default is None:
        return "must be given"
    return f"`{setting.default}`" if setting.default else "empty"


def secret(setting: Setting) -> str:
    return "encrypted, never shown" if setting.secret else "readable"


def limits(spec: ConnectorSpec) -> str:
    one: Limits = spec.limits
    visible = one.handled_orders_visible
    rows = [
        ("pulled at most once in", span(one.poll_floor)),
        ("a call is given up after", f"{one.call_timeout_s:g} s"),
        ("calls at once", str(one.concurrent_calls)),
        ("orders or products asked for in one call", str(one.orders_per_lookup)),
        ("how long an effect may stay invisible after a call was given up", span(one.visibility_delay)),
        ("how far each pull reaches back before the last one", span(one.overlap)),
        ("how long orders handled elsewhere stay listed", span(visible) if visible else "for good"),
    ]
    if Capability.ASYNCHRONOUS_COMMANDS in spec.capabilities:
        rows.append(("how long the hub waits for an outcome that is promised for later", span(one.outcome_deadline)))
    if spec.side is Side.MARKETPLACE:
        rows.append(("lines in one confirmation", str(one.lines_per_confirmation)))
        rows.append(("lines in one cancellation", str(one.lines_per_cancellation)))
    if one.pieces_per_confirmation:
        rows.append(("pieces in one confirmation", str(one.pieces_per_confirmation)))
    if one.pieces_per_cancellation:
        rows.append(("pieces in one cancellation", str(one.pieces_per_cancellation)))
    if Capability.FIND_PRODUCTS_BY_EAN in spec.capabilities:
        rows.append(("open orders are read again every", span(one.refresh_every)))
    return table(("limit", "value"), rows)


def carrier_words(spec: ConnectorSpec) -> str:
    rows = [(f"`{carrier}`", carrier.display_name, f"`{word}`") for carrier, word in spec.carriers.items()]
    return table(("carrier", "name", f"code at {spec.title}"), rows)


def carriers() -> str:
    rows = [(f"`{carrier}`", carrier.display_name, _page(carrier)) for carrier in Carrier]
    return table(("carrier", "name", "tracking page"), rows)


def _page(carrier: Carrier) -> str:
    """Whether the buyer can be shown one, and what it asks for."""
    if tracking_url(carrier, "CODE"):
        return "yes"
    if tracking_url(carrier, "CODE", "1234AB"):
        return "with postcode"
    return "with postcode and country" if tracking_url(carrier, "CODE", "1234AB", "NL") else ""


def families() -> str:
    rows = [
        (
            family.carrier.display_name,
            f"`{family.shape.pattern}`",
            "yes" if family.check else "",
            str(family.proves),
            _at_home(family),
            family.source,
        )
        for family in FAMILIES
    ]
    return table(("carrier", "form", "check digit", "alone", "sent from there", "source"), rows)


def _at_home(family: Family) -> str:
    if not family.home:
        return ""
    only = "; from nowhere else" if family.only_at_home else ""
    return f"{', '.join(sorted(family.home))}: {family.proves_at_home}{only}"


def posts() -> str:
    rows = [(f"`{suffix}`", family.carrier.display_name) for suffix, family in sorted(S10_FAMILIES.items())]
    return table(("at the end", "post"), rows)


# below: how a table is written


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(word: str | None) -> str:
    return f"`{word}`" if word else ""


def plain(sentence: str) -> str:
    """A sentence with its blanks as words: {shop_ref} becomes *shop ref*."""
    return re.sub(r"\{(\w+)\}", lambda blank: f"*{blank[1].replace('_', ' ')}*", sentence)


def span(duration: timedelta) -> str:
    minutes = duration.total_seconds() / 60
    return f"{minutes / 60:g} hours" if minutes >= 120 else f"{minutes:g} min"


def main() -> int:
    for page in pages():
        page.write_text(as_it_should_be(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
