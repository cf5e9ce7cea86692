"""Figures as pictures: where each thing stands; the templates in `charts/` draw it as SVG, the style sheet colours it.

Behind each picture stands the same as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_WIDE, _WIDTH, _HEIGHT = 1200, 560, 230  # a picture over the whole page; one beside another
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 26
_LABELS = 225  # room for the names of rows
_MOST_LABELS = 12
_COLOURS = 6


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
class Text:
    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    title: str
    width: int
    height: int
    blocks: tuple[Block, ...] = ()
    lines: tuple[float, ...] = ()  # heights of the grid
    marks: tuple[Text, ...] = ()  # beside the grid
    labels: tuple[Text, ...] = ()  # below the columns
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list of bars: its name, its bar, and what stands behind it."""

    name: Text
    bar: Block
    behind: Text
    address: str = ""
    mark: float = 0.0  # where a mark stands on the bar


def stacked(title: str, series: Sequence[str], columns: Sequence[Column]) -> Picture:
    """Columns over time, one colour for each series, with a readable axis on the left."""
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
            colour=index % _COLOURS,
            says=f"{column.label}: {value} {series[index]}",
        )
        for number, column in enumerate(columns)
        for index, (value, end) in enumerate(zip(column.values, accumulate(column.values), strict=True))
        if value
    ]
    every = max(-(-len(columns) // _MOST_LABELS), 1)
    named = [(number, column.label) for number, column in enumerate(columns) if number % every == 0]
    return Picture(
        title,
        _WIDE,
        _HEIGHT,
        blocks=tuple(blocks),
        lines=tuple(y(tick) for tick in ticks(top)),
        marks=tuple(Text(_LEFT - 8, y(tick) + 4, str(tick)) for tick in ticks(top)),
        labels=tuple(Text(round(_LEFT + (number + 0.5) * step, 1), _HEIGHT - 8, label) for number, label in named),
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """What it is called, how much, and where it leads."""

    label: str
    value: int
    address: str


def bars(title: str, rows: Sequence[Bar]) -> Picture:
    """Horizontal bars, each with its number behind it."""
    longest = max((row.value for row in rows), default=1)
    drawn = [_row(number, row.label, row.value / longest, str(row.value), 60) for number, row in enumerate(rows)]
    linked = [Row(row.name, row.bar, row.behind, address=bar.address) for row, bar in zip(drawn, rows, strict=True)]
    return Picture(title, _WIDTH, len(rows) * _ROW, rows=tuple(linked))


@dataclass(frozen=True, slots=True)
class Span:
    """How long something took: half of all within `p50_s`, nineteen of twenty within `p95_s`; seconds."""

    label: str
    p50_s: float
    p95_s: float
    p50: str
    p95: str


def spans(title: str, rows: Sequence[Span]) -> Picture:
    """For each a bar from nothing to p95, with a mark at p50, on one common axis."""
    longest = max((row.p95_s for row in rows), default=1.0) or 1.0
    drawn = []
    for number, row in enumerate(rows):
        one = _row(number, row.label, row.p95_s / longest, f"{row.p50} / {row.p95}", 150)
        mark = _LABELS + (_WIDTH - _LABELS - 150) * row.p50_s / longest
        drawn.append(Row(one.name, one.bar, one.behind, mark=round(mark, 1)))
    return Picture(title, _WIDTH, len(rows) * _ROW, rows=tuple(drawn))


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


# below: how

_ROW = 34


def _row(number: int, label: str, share: float, behind: str, room: int) -> Row:
    width = max(round((_WIDTH - _LABELS - room) * share, 1), 2)
    y = number * _ROW
    return Row(
        name=Text(_LABELS - 10, y + 22, label),
        bar=Block(_LABELS, y + 8, width, 18),
        behind=Text(_LABELS + width + 10, y + 22, behind),
    )
