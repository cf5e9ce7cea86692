"""Which orders stand on a page.

However long the history is, a page costs about the same. If few orders meet one of the conditions, its index finds them and they
are sorted. Otherwise the page goes through the orders in the order of the list, and looks at no more than a stretch of them: so it
may hold fewer orders than were asked for, even none, and still not be the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from orderhaven.store.listing.conditions import Condition, conditions_of, unindexed
from orderhaven.store.listing.cursors import LATEST, Position, cursor_of, position_of
from orderhaven.store.listing.filters import Filter
from orderhaven.store.models import Order

STRETCH = 5_000  # so many orders are looked at for one page


@dataclass(frozen=True, slots=True)
class PageKeys:
    """The orders of a page, and where the next one begins; "": this is the last."""

    orders: Sequence[int]
    after: str


def find_page(
    merchant_id: int, wanted: Filter, after: str, limit: int, now: datetime, *, stretch: int = STRETCH
) -> PageKeys:
    """Raises BadCursor."""
    behind = position_of(after, by_moment=bool(wanted.sorted_by))
    conditions = list(conditions_of(merchant_id, wanted, now))
    walk = next((one for one in conditions if one.sorted_by == wanted.sorted_by), None)
    rest = [one for one in conditions if one is not walk]
    few = next((one for one in conditions if _is_short(one, stretch)), None) if rest else None
    end = None
    if few is not None and few.keys is not None:
        rest = [one for one in conditions if one is not few]
        some = Order.objects.filter(unindexed(merchant__id__exact=merchant_id), pk__in=few.keys)
        rows = _in_order(some, wanted, behind, by_index=False)
    else:
        every = Order.objects.filter(walk.walk if walk else Q(), merchant_id=merchant_id)
        rows = _in_order(every, wanted, behind, by_index=True)
        if rest and (end := next(iter(rows[stretch - 1 : stretch]), None)):
            rows = rows.filter(_compared("gte" if wanted.is_newest_first else "lte", wanted.sorted_by, end))
    found = list(rows.filter(*(one.met for one in rest))[: limit + 1])
    if len(found) > limit:
        end, found = found[limit - 1], found[:limit]
    return PageKeys([one[-1] for one in found], cursor_of(end) if end else "")


def _is_short(condition: Condition, stretch: int) -> bool:
    return condition.keys is not None and (condition.is_short or not condition.keys[stretch : stretch + 1])


def _in_order(
    rows: QuerySet[Order], wanted: Filter, behind: Position | None, *, by_index: bool
) -> "QuerySet[Order, Position]":
    """By a moment, and by the key where moments are the same; or by the key alone, which is how orders were received."""
    names = [wanted.sorted_by, "pk"] if wanted.sorted_by else ["pk"]
    if wanted.is_by_ship_by:  # an order without a time to be sent by comes last
        rows = rows.annotate(send_by=Coalesce("ship_by", Value(LATEST)))
    if behind is not None:
        rows = rows.filter(_compared("lt" if wanted.is_newest_first else "gt", wanted.sorted_by, behind))
    # PostgreSQL would go through all orders along an index rather than sort a few
    form = "" if by_index or wanted.is_by_ship_by else "__unindexed"
    return rows.order_by(*(f"{'-' * wanted.is_newest_first}{name}{form}" for name in names)).values_list(*names)


def _compared(sign: str, moment: str, position: Position) -> Q:
    by_key = Q(**{f"pk__{sign}": position[-1]})
    if len(position) == 1:
        return by_key
    strictly = sign[:2]
    return Q(**{f"{moment}__{strictly}e": position[0]}) & (Q(**{f"{moment}__{strictly}": position[0]}) | by_key)
