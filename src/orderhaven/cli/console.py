"""How things look in a terminal: tables that fold, times, durations, one error in one sentence."""

import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orderhaven import paths
from orderhaven.cli.language import speak_to_a_program
from orderhaven.core.translation import _
from orderhaven.words import days

_DATE = re.compile(r"\d{4}-|\d{8}")
_AGO = re.compile(r"\s+(ago|geleden)\s*$", re.IGNORECASE)
out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)
Json = Annotated[
    bool, typer.Option("--json", callback=speak_to_a_program, is_eager=True, help=_("For programs, in English."))
]


def say(sentence: str, style: str = "") -> None:
    """Words as they are: nothing in them is markup."""
    out.print(Text(sentence, style=style), soft_wrap=not out.is_terminal)


def warn(sentence: str) -> None:
    """On stderr, beside what was asked for."""
    err.print(Text(sentence))


def fail(sentence: str) -> NoReturn:
    """One sentence on stderr, and exit 1."""
    err.print(Text(sentence))
    raise typer.Exit(1)


def not_empty(text: str) -> str:
    """Of an argument that must say something."""
    if not text.strip():
        raise typer.BadParameter(_("nothing was given."))
    return text


def order_meant(text: str) -> str:
    """Of an argument that names an order."""
    if not text.strip():
        raise typer.BadParameter(_("say which order, by its number."))
    return text


def orders_meant(texts: list[str]) -> list[str]:
    return [order_meant(text) for text in texts]


def text_of(file: Path) -> str:
    """What stands in a file, or comes in by standard input where it is called '-'."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except UnicodeDecodeError:
        fail(_("{file} is not text in UTF-8. Save it as that and try again.", file=file))


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
    """In the hub's time zone, to the minute, as the web interface shows it to whoever chose no other."""
    return at.astimezone(zone()).strftime("%Y-%m-%d %H:%M") if at is not None else ""


def zone() -> ZoneInfo:
    """The hub's. Ends the command when there is none of that name."""
    name = paths.time_zone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fail(_("ORDERHAVEN_TIME_ZONE is '{name}', which is no time zone. Give one as in Europe/Amsterdam.", name=name))


def duration(text: str | None) -> timedelta | None:
    """'90s', '5m', '3h', '2d', '1 h 30 min'; None stays None."""
    if text is None:
        return None
    try:
        return days.read(text)
    except ValueError:
        raise typer.BadParameter(_("'{text}' is no duration. Say 90s, 5m, 3h or 2d.", text=text)) from None


def since(text: str | None, now: datetime) -> datetime | None:
    """A date or time as people write it, in the hub's zone; or so long ago, as in '2d ago' or '2d'. None stays None."""
    if text is None:
        return None
    try:
        if _DATE.match(text.strip()):
            at = datetime.fromisoformat(text.strip())
            return at if at.tzinfo is not None else at.replace(tzinfo=zone())
        return now - days.read(_AGO.sub("", text))
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            _("'{text}' is no date. Say 2026-01-31, 2026-01-31T14:00 or 2d ago.", text=text)
        ) from None


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
