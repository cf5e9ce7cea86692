"""`python -m benchmarks.carriers FILE`: how many labelled codes are told right, wrong and not at all, and how fast.

FILE has a row for each code: code, carrier, group (the brand), accept (further right answers, divided by |), destination,
origin (ISO-2), kind, scope (core, world, or negative: nobody's), and perhaps shop_says (what a shop calls the carrier). Every
order has a destination, so each negative is asked as given and with the Netherlands, Belgium and Germany as destination, and
each core row once more with the Netherlands where it has none. The package tracking-numbers is measured beside ours.
"""

import argparse
import csv
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tracking_numbers import get_tracking_number

from orderhaven.core.carriers import DIVISIONS, recognise
from orderhaven.core.carriers.families import S10_FAMILIES

_ROUNDS = 5
_CODES_A_ROUND = 20_000
_FORMS_SHOWN = 4
_DESTINATIONS = ("NL", "BE", "DE")

Teller = Callable[["Labelled"], str]  # "": unsure


@dataclass(frozen=True, slots=True)
class Labelled:
    code: str
    carrier: str
    group: str
    accept: frozenset[str]
    destination: str
    origin: str
    scope: str
    carrier_name: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    outcomes: Counter[tuple[str, str]]  # (scope, right, wrong or unsure) -> rows
    unsure: Sequence[Labelled]  # of the core

    def percent(self, outcome: str, scope: str = "core") -> float:
        rows = sum(count for (of, _), count in self.outcomes.items() if of == scope)
        return 100 * self.outcomes[scope, outcome] / rows if rows else 0.0

    @property
    def false_positives(self) -> int:
        return self.outcomes["negative", "wrong"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What is promised of us; each is the worst of the ways in which the rows are asked."""

    core_correct: float
    core_wrong: float
    core_correct_named: float | None  # None: the file has no names
    false_positives: int
    speed_ratio: float  # ours by theirs, in percent, of the same run


def read(path: Path) -> list[Labelled]:
    """Raises ValueError when a column is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = {"code", "carrier", "group", "accept", "destination", "origin", "scope"} - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f"{path} has no column {', '.join(sorted(missing))}")
        return [
            Labelled(
                row["code"], row["carrier"], row["group"], frozenset(row["accept"].split("|")) - {""},
                row["destination"], row["origin"], row["scope"], row.get("shop_says") or "",
            )
            for row in rows
        ]  # fmt: skip


def score(rows: Sequence[Labelled], tell: Teller) -> Score:
    """By brand: a division of the right brand is right."""
    brands = {row.carrier: row.group for row in rows if row.carrier}
    brands |= {str(division): str(brand) for brand, divisions in DIVISIONS.items() for division in divisions}
    outcomes: Counter[tuple[str, str]] = Counter()
    unsure = []
    for row in rows:
        outcome = _outcome(row, tell(row), brands)
        outcomes[row.scope, outcome] += 1
        if (row.scope, outcome) == ("core", "unsure"):
            unsure.append(row)
    return Score(outcomes, unsure)


def ours(row: Labelled) -> str:
    return recognise(row.code, destination=row.destination, origin=row.origin).carrier or ""


def ours_named(row: Labelled) -> str:
    """With what the shop calls the carrier."""
    seen = recognise(row.code, destination=row.destination, origin=row.origin, carrier_name=row.carrier_name)
    return seen.carrier or ""


def sent_to(rows: Iterable[Labelled], country: str) -> list[Labelled]:
    """The same rows, those without a destination going to this country."""
    return [row if row.destination else replace(row, destination=country) for row in rows]


def false_positives(rows: Sequence[Labelled], tell: Teller) -> set[str]:
    """Texts that are nobody's code and get a carrier, wherever they go."""
    nobodys = [row for row in rows if row.scope == "negative"]
    asked = [*nobodys, *(replace(row, destination=country) for row in nobodys for country in _DESTINATIONS)]
    return {row.code for row in asked if tell(row)}


def figures(rows: Sequence[Labelled], speed: float, their_speed: float) -> Figures:
    given, sent = score(rows, ours), score(sent_to(rows, _DESTINATIONS[0]), ours)
    has_names = any(row.carrier_name for row in rows)
    wrong = false_positives(rows, ours) | (false_positives(rows, ours_named) if has_names else set())
    return Figures(
        core_correct=given.percent("right"),
        core_wrong=max(given.percent("wrong"), sent.percent("wrong")),
        core_correct_named=score(rows, ours_named).percent("right") if has_names else None,
        false_positives=len(wrong),
        speed_ratio=100 * speed / their_speed,
    )


def theirs(row: Labelled) -> str:
    """The package tracking-numbers. An S10 code that it only calls so counts as the post's of its suffix."""
    found = get_tracking_number(row.code)
    if found is None:
        return ""
    post = S10_FAMILIES.get(found.number.strip()[-2:])
    return str(post.carrier) if found.courier.code == "s10" and post else str(found.courier.code)


def codes_per_s(rows: Sequence[Labelled], tell: Teller) -> float:
    """Of one core's CPU time, in the least disturbed round."""
    repeated = (list(rows) * (_CODES_A_ROUND // len(rows) + 1))[:_CODES_A_ROUND]
    return max(_CODES_A_ROUND / _cpu_s(repeated, tell) for _ in range(_ROUNDS))


# below: how


def _outcome(row: Labelled, told: str, brands: Mapping[str, str]) -> str:
    if not told:
        return "unsure"
    return "right" if {told, brands.get(told, told)} & {row.carrier, row.group, *row.accept} else "wrong"


def _cpu_s(rows: Sequence[Labelled], tell: Teller) -> float:
    began = time.process_time()
    for row in rows:
        tell(row)
    return time.process_time() - began


def _form(code: str) -> str:
    if code.isdecimal():
        return f"{len(code)} digits"
    return re.sub(r"[A-Za-z]", "A", re.sub(r"\d", "9", code))


def _say_abstained(console: Console, unsure: Sequence[Labelled]) -> None:
    console.print("\nLeft open, because the form alone does not tell:")
    by_carrier: dict[str, Counter[str]] = {}
    for row in unsure:
        by_carrier.setdefault(row.carrier, Counter())[_form(row.code)] += 1
    for carrier, forms in sorted(by_carrier.items(), key=lambda item: -item[1].total()):
        shown = ", ".join(f"{form} ({count})" for form, count in forms.most_common(_FORMS_SHOWN))
        more = len(forms) - _FORMS_SHOWN
        console.print(f"  {forms.total():3} {carrier}: {shown}{f' and {more} more forms' if more > 0 else ''}")


def _say_measured(console: Console, rows: Sequence[Labelled], measured: Mapping[str, tuple[Score, float]]) -> None:
    table = Table(title=f"{len(rows)} labelled codes", title_justify="left")
    for column in ("", "core right", "core wrong", "core left open", "world right", "false positives", "codes/s"):
        table.add_column(column, justify="right" if column else "left")
    for name, (one, speed) in measured.items():
        shares = [one.percent(outcome) for outcome in ("right", "wrong", "unsure")]
        shares.append(one.percent("right", "world"))
        table.add_row(name, *(f"{share:.1f} %" for share in shares), str(one.false_positives), f"{speed:,.0f}")
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-carriers CSV=FILE", description=__doc__)
    parser.add_argument("file", type=Path)
    path: Path = parser.parse_args().file
    console = Console(highlight=False, width=110, soft_wrap=True)
    try:
        rows = read(path)
    except (OSError, ValueError) as error:
        console.print(f"The labelled codes cannot be read: {error}. Name a file: make bench-carriers CSV=FILE")
        return 2
    tellers = {"Orderhaven": ours, "tracking-numbers": theirs}
    measured = {name: (score(rows, tell), codes_per_s(rows, tell)) for name, tell in tellers.items()}
    mine, speed = measured["Orderhaven"]
    _say_measured(console, rows, measured)
    _say_abstained(console, mine.unsure)
    told = figures(rows, speed, measured["tracking-numbers"][1])
    console.print(f"\ncore_correct {told.core_correct:.2f}")
    if told.core_correct_named is not None:
        console.print(f"core_correct_named {told.core_correct_named:.2f}")
    console.print(f"core_wrong {told.core_wrong:.2f}")
    console.print(f"false_positives {told.false_positives}")
    console.print(f"speed_ratio {told.speed_ratio:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
