"""Ways to orders along one index, of which no page looks at more than some thousands of rows, however long the history is.

Both databases would rather read all orders of a merchant in the order of a list than sort the three that are looked for. So
they are told how to go. SQLite takes the index that is named, and does not turn a CROSS JOIN round; PostgreSQL does not look
past an OFFSET, even of 0, so what has one is done by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import connection

from orderhaven.store import sql
from orderhaven.store.cursors import Position

A_STRETCH = 5_000  # so many rows of a walk a page looks at, where some of them may not be wanted
# the moments that a list may go by
PLACED = "o.placed_at"
TO_SEND = "COALESCE(o.ship_by, '9999-01-01 00:00:00')"  # an order without a time to be sent by comes last


@dataclass(frozen=True, slots=True)
class Piece:
    """Some SQL, mostly a condition, and what its marks stand for. The order is `o`."""

    text: str
    given: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Sorting:
    newest: bool
    moment: str = ""  # what a list goes by, before the key; "": by the key alone, that is by when an order was heard


@dataclass(frozen=True, slots=True)
class Walk:
    """Along rows that are orders, or that belong to orders and are called `x`."""

    rows: str  # by `along`
    where: Piece  # what the index finds
    also: tuple[Piece, ...] = ()  # what else a row must be like
    key: str = "o.id"
    is_short: bool = False  # there can not be many such rows


def along(table: str, alias: str, index: str) -> str:
    return f"{table} {alias} INDEXED BY {index}" if connection.vendor == "sqlite" else f"{table} {alias}"


def all_of(merchant_id: int) -> Walk:
    """Every order of the merchant."""
    return Walk(along("store_order", "o", "order_list"), Piece("o.merchant_id = %s", (merchant_id,)))


def is_short(walk: Walk, stretch: int) -> bool:
    """Whether a page can look at all of it."""
    if walk.is_short:
        return True
    text = f"SELECT 1 FROM {walk.rows} WHERE {walk.where.text} LIMIT 1 OFFSET {stretch}"
    return not sql.rows(text, walk.where.given)


def end_of_stretch(walk: Walk, sorting: Sorting, behind: Position | None, stretch: int) -> Position | None:
    """The last row a page looks at, where the index stands in the order of the list. None: it can look at all the rest."""
    if walk.is_short:
        return None
    where = [walk.where, *_behind(_columns(walk, sorting), sorting, behind)]
    found = _select(Piece(walk.rows), where, _columns(walk, sorting), sorting, f"LIMIT 1 OFFSET {stretch - 1}")
    return found[0] if found else None


def orders(
    walk: Walk, wanted: Sequence[Piece], sorting: Sorting, behind: Position | None, end: Position | None, limit: int
) -> list[Position]:
    """Those behind one position and not behind the other, in the order of the list."""
    columns = _columns(walk, sorting)
    rows, found = _source(walk)
    where = [*found, *walk.also, *wanted, *_behind(columns, sorting, behind), *_up_to(columns, sorting, end)]
    return _select(rows, where, columns, sorting, f"LIMIT {limit}", "" if walk.key == "o.id" else "DISTINCT ")


def has(table: str, condition: Piece) -> Piece:
    """Of an order: that some row `x` of another table that belongs to it is like that."""
    return Piece(
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.order_id = o.id AND ({condition.text}) LIMIT 1 OFFSET 0)",
        condition.given,
    )


# below: how


def _source(walk: Walk) -> tuple[Piece, list[Piece]]:
    """What is read, with the orders beside it, and under which conditions."""
    if connection.vendor == "sqlite":
        if walk.key == "o.id":
            return Piece(walk.rows), [walk.where]
        return Piece(f"{walk.rows} CROSS JOIN store_order o"), [Piece(f"o.id = {walk.key}"), walk.where]
    alias = walk.key.partition(".")[0]
    rows, where = Piece(walk.rows), [walk.where]
    if walk.is_short:
        together = f"(SELECT {alias}.* FROM {walk.rows} WHERE {walk.where.text} OFFSET 0) {alias}"
        rows, where = Piece(together, walk.where.given), []
    if walk.key == "o.id":
        return rows, where
    beside = f"CROSS JOIN LATERAL (SELECT * FROM store_order o WHERE o.id = {walk.key} OFFSET 0) o"
    return Piece(f"{rows.text} {beside}", rows.given), where


def _columns(walk: Walk, sorting: Sorting) -> list[str]:
    return [sorting.moment, walk.key] if sorting.moment else [walk.key]


def _behind(columns: Sequence[str], sorting: Sorting, position: Position | None) -> list[Piece]:
    return _compared(columns, "<" if sorting.newest else ">", position)


def _up_to(columns: Sequence[str], sorting: Sorting, position: Position | None) -> list[Piece]:
    return _compared(columns, ">=" if sorting.newest else "<=", position)


def _compared(columns: Sequence[str], sign: str, position: Position | None) -> list[Piece]:
    if position is None:
        return []
    if len(position) == 1:
        return [Piece(f"{columns[0]} {sign} %s", position)]
    at, key = position
    return [Piece(f"({columns[0]}, {columns[1]}) {sign} (%s, %s)", (at, key))]


def _select(
    rows: Piece, where: Sequence[Piece], columns: Sequence[str], sorting: Sorting, limit: str, distinct: str = ""
) -> list[Position]:
    direction = " DESC" if sorting.newest else ""
    condition = " AND ".join(one.text for one in where) or "TRUE"
    text = (
        f"SELECT {distinct}{', '.join(columns)} FROM {rows.text} WHERE {condition} "
        f"ORDER BY {', '.join(column + direction for column in columns)} {limit}"
    )  # texts are our own; values are parameters
    return [_position(row) for row in sql.rows(text, [value for one in (rows, *where) for value in one.given])]


def _position(row: Sequence[Any]) -> Position:
    if len(row) == 1:
        return (row[0],)
    return (cast(datetime, sql.time_of(row[0])), row[1])
