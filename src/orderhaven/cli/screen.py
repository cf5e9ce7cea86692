"""How things look in a terminal: tables that fold, times, durations, one error in one sentence."""

import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, NoReturn

import typer
from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orderhaven.cli.language import speak_to_a_program
from orderhaven.core.language import _
from orderhaven.words import durations

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", re.IGNORECASE)
out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)
Json = Annotated[
    bool, typer.Option("--json", callback=speak_to_a_program, is_eager=True, help=_("For programs, in English."))
]


def say(sentence: str, style: str = "") -> None:
    """Words as they are: nothing in them is markup."""
    out.print(Text(sentence, style=style), soft_wrap=not out.is_terminal)


def fail(sentence: str) -> NoReturn:
    """One sentence on stderr, and exit 1."""
    err.print(Text(sentence))
    raise typer.Exit(1)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Collection[str] = (),
    at_least: Mapping[str, int] = {},
) -> None:
    """A table of words that folds long cells. `right` are headings of numbers, `at_least` widths that are kept."""
    shown = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading in headings:
        shown.add_column(
            heading,
            overflow="fold",
            justify="right" if heading in right else "left",
            min_width=at_least.get(heading),
        )
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    out.print(shown)


def print_json(value: object) -> None:
    """For programs: plain, one document, times in ISO 8601, amounts as strings."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2) + "\n")


def moment(at: datetime | None) -> str:
    """Local time, to the minute."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at is not None else ""


def duration(text: str | None) -> timedelta | None:
    """'90s', '5m', '3h', '2d', '1 h 30 min'; None stays None."""
    if text is None:
        return None
    try:
        return durations.read(text)
    except ValueError:
        raise typer.BadParameter(_("'{text}' is no duration. Say 90s, 5m, 3h or 2d.", text=text)) from None


def since(text: str | None) -> datetime | None:
    """A date or time as people write it, local; or so long ago, as in '2d'. None stays None."""
    if text is None:
        return None
    if _DURATION.fullmatch(text):
        return datetime.now().astimezone() - (duration(text) or timedelta())
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise typer.BadParameter(_("'{text}' is no date. Say 2026-01-31, 2026-01-31T14:00 or 2d.", text=text)) from None


def _plain(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return f"{value.normalize():f}"
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple() | frozenset() | set():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _plain(asdict(value))
        case Struct():
            return _plain(structs.asdict(value))
        case _:
            return value
