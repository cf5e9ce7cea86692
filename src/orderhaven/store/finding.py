"""Which orders stand on a page: by filters, by a word that was searched for, in the order that is wanted.

However long the history is, a page costs about the same. What is wanted can be reached along several indexes: one is taken of
which a page can look at everything, and else a stretch of one that goes in the order of the list. So a page may hold fewer
orders than were asked for, even none, and still not be the last.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from orderhaven.store import walking
from orderhaven.store.cursors import BadCursor, Position, cursor_of, position_of
from orderhaven.store.filters import Filter, Sort
from orderhaven.store.narrowing import Asked, asked, conditions
from orderhaven.store.walking import A_STRETCH, PLACED, TO_SEND, Piece, Sorting
from orderhaven.store.ways import Way, ways

__all__ = ["BadCursor", "Keys", "page_of_keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """The orders of a page, and where the next one begins; "": this is the last."""

    orders: Sequence[int]
    after: str


def page_of_keys(
    merchant_id: int, wanted: Filter, after: str, limit: int, now: datetime, *, stretch: int = A_STRETCH
) -> Keys:
    """Raises BadCursor."""
    this = asked(merchant_id, wanted)
    sorting = _sorting(this)
    behind = position_of(after, by_moment=bool(sorting.moment))
    if this.is_impossible:
        return Keys((), "")
    asks = conditions(this, now)
    way, in_stretches = _best(ways(this, stretch), asks.keys(), sorting, stretch)
    rest = [where for name, where in asks.items() if name not in way.sees_to]
    return _page(way, rest, sorting, behind, limit, in_stretches)


def _sorting(this: Asked) -> Sorting:
    if this.by_ship_by:
        return Sorting(newest=False, moment=TO_SEND)
    newest = this.wanted.sort is not Sort.OLDEST or bool(this.word)
    return Sorting(newest, PLACED if this.has_dates else "")


def _best(found: Sequence[Way], names: Set[str], sorting: Sorting, stretch: int) -> tuple[Way, int | None]:
    """The way to take, and in what stretches; None: a page can go to its end."""
    if found[0].moment == sorting.moment and names <= found[0].sees_to:
        return found[0], None  # it meets nothing that is not wanted, so a page is full soon
    for way in found:
        if all(walking.is_short(walk, stretch) for walk in way.walks):
            return replace(way, walks=[replace(walk, is_short=True) for walk in way.walks]), None
    return next(way for way in found if way.moment == sorting.moment), stretch


def _page(
    way: Way, rest: Sequence[Piece], sorting: Sorting, behind: Position | None, limit: int, stretch: int | None
) -> Keys:
    ends: list[Position] = []
    found: set[Position] = set()
    for walk in way.walks:
        end = walking.end_of_stretch(walk, sorting, behind, stretch) if stretch is not None else None
        found.update(walking.orders(walk, rest, sorting, behind, end, limit + 1))
        ends += [end] if end is not None else []
    first = max if sorting.newest else min
    end = first(ends, default=None)  # as far as all walks have come
    rows = sorted((one for one in found if end is None or first(one, end) == one), reverse=sorting.newest)
    if len(rows) > limit:
        end, rows = rows[limit - 1], rows[:limit]
    return Keys([row[-1] for row in rows], cursor_of(end) if end is not None else "")
