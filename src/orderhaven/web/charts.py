"""Figures as pictures: where each thing stands; the templates in `charts/` draw it as SVG, the style sheet colours it.

Behind each picture stands the same as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil

_WIDE, _HEIGHT = 1200, 230  # a picture over the whole page
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 44, 10, 26  # the axis stands on the right, beside the latest
_NARROW = 360  # one beside another: as wide as a phone, so that it is read there as it is
_MOST_LABELS = 12
COLOURS = 6  # then they begin anew


@dataclass(frozen=True, slots=True)
class Column:
    """One stacked column: a value for each series."""

    label: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A coloured rectangle; `says` is shown on hovering."""

    x: float
    y: float
    width: float
    height: float
    colour: int = 0
    says: str = ""


@dataclass(frozen=True, slots=True)
class ChartText:
    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    width: int
    height: int
    blocks: tuple[Block, ...] = ()
    lines: tuple[float, ...] = ()  # where the grid is: heights of columns, lengths of bars
    marks: tuple[ChartText, ...] = ()  # what each line of the grid says
    labels: tuple[ChartText, ...] = ()  # below the columns
    rows: tuple[ChartRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One line of a list of bars: its name and what it comes to, and below them its bar."""

    name: ChartText
    bar: Block
    says: ChartText
    address: str = ""
    mark: float = 0.0  # where a mark stands on the bar


def stacked(title: str, series: Sequence[str], columns: Sequence[Column]) -> Picture:
    """Columns over time, one colour for each series, with a readable axis."""
    top = nice_top(max((sum(column.values) for column in columns), default=0))
    height, step = _HEIGHT - _TOP - _BOTTOM, (_WIDE - _LEFT - _RIGHT) / max(len(columns), 1)

    def y(value: float) -> float:
        return round(_TOP + height * (1 - value / top), 1)

    blocks = [
        Block(
            x=round(_LEFT + (number + 0.14) * step, 1),
            y=y(end),
            width=round(step * 0.72, 1),
            height=round(y(end - value) - y(end), 1),
            colour=index % COLOURS,
            says=f"{column.label}: {value} {series[index]}",
        )
        for number, column in enumerate(columns)
        for index, (value, end) in enumerate(zip(column.values, accumulate(column.values), strict=True))
        if value
    ]
    every = max(-(-len(columns) // _MOST_LABELS), 1)
    last = len(columns) - 1  # is always named
    named = [(number, column.label) for number, column in enumerate(columns) if (last - number) % every == 0]
    return Picture(
        title,
        _WIDE,
        _HEIGHT,
        blocks=tuple(blocks),
        lines=tuple(y(tick) for tick in ticks(top)),
        marks=tuple(ChartText(_WIDE - _RIGHT + 8, y(tick) + 4, str(tick)) for tick in ticks(top)),
        labels=tuple(ChartText(round(_LEFT + (number + 0.5) * step, 1), _HEIGHT - 8, label) for number, label in named),
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """What it is called, how much, and where it leads."""

    label: str
    value: int
    address: str


def bars(title: str, rows: Sequence[Bar]) -> Picture:
    """Horizontal bars, each with its name and its number."""
    longest = max((row.value for row in rows), default=1)
    drawn = [
        _row(number, row.label, row.value / longest, str(row.value), address=row.address)
        for number, row in enumerate(rows)
    ]
    return Picture(title, _NARROW, len(rows) * _ROW, rows=tuple(drawn))


@dataclass(frozen=True, slots=True)
class Span:
    """How long something took: half of all within `p50_s`, nineteen of twenty within `p95_s`; seconds."""

    label: str
    p50_s: float
    p95_s: float
    p50: str
    p95: str


def spans(title: str, rows: Sequence[Span], said: Callable[[float], str]) -> Picture:
    """For each a bar from nothing to p95, with a mark at p50, on one common axis; `said` puts seconds into words."""
    top, step = round_time(max((row.p95_s for row in rows), default=0.0))
    drawn = [
        _row(number, row.label, row.p95_s / top, f"{row.p50} / {row.p95}", mark=row.p50_s / top)
        for number, row in enumerate(rows)
    ]
    foot = len(rows) * _ROW
    at = [(round(_NARROW * tick / top, 1), tick) for tick in range(0, top + 1, step)]
    return Picture(
        title,
        _NARROW,
        foot + 20,
        rows=tuple(drawn),
        lines=tuple(x for x, _tick in at),
        marks=tuple(ChartText(x, foot + 15, said(tick) if tick else "0") for x, tick in at),
    )


def round_time(longest_s: float) -> tuple[int, int]:
    """The end of an axis for so many seconds, and its steps: at most five, of a length that people count in."""
    step = next((step for step in _TIMES if step * _MOST_STEPS >= longest_s), 0)
    step = step or -(-ceil(longest_s) // (_MOST_STEPS * _DAY)) * _DAY
    return max(-(-ceil(longest_s) // step), 1) * step, step


def nice_top(highest: int) -> int:
    """The first round number that is not below `highest`."""
    magnitude = 1
    while True:
        for lead in (1, 2, 4, 5, 10):
            if lead * magnitude >= max(highest, 4):
                return lead * magnitude
        magnitude *= 10


def ticks(top: int) -> list[int]:
    """Whole numbers from nothing to the top."""
    parts = next(parts for parts in (4, 5, 2, 1) if top % parts == 0)
    return [top * number // parts for number in range(parts + 1)]


_ROW = 44
_DAY = 86_400
_MOST_STEPS = 4
_TIMES = (1, 5, 15, 60, 300, 900, 1_800, 3_600, 2 * 3_600, 3 * 3_600, 6 * 3_600, 43_200, _DAY)


def _row(number: int, label: str, share: float, says: str, *, address: str = "", mark: float = 0.0) -> ChartRow:
    y = number * _ROW
    return ChartRow(
        name=ChartText(0, y + 15, label),
        bar=Block(0, y + 22, max(round(_NARROW * share, 1), 2), 14),
        says=ChartText(_NARROW, y + 15, says),
        address=address,
        mark=round(_NARROW * mark, 1),
    )
