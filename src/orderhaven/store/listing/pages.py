"""A page of the list, the cursor to the next one, and the counts of its tabs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from django.db.models import Count as Number
from django.db.models import IntegerField, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from orderhaven.core.status import Status
from orderhaven.core.translation import _
from orderhaven.store.listing.filters import (
    IN_PROGRESS,
    TAB_STATUSES,
    Condition,
    Filter,
    Tab,
    conditions_of,
    is_late,
    is_unconfirmed,
    unindexed,
)
from orderhaven.store.models import Merchant, Order, Problem

# an order's key, behind the moment that a list goes by where it goes by one
Position: TypeAlias = tuple[int] | tuple[datetime, int]
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(Exception):
    """This is not an `after` that a page gave."""


def cursor_of(position: Position) -> str:
    if len(position) == 1:
        return f"o{position[0]:x}"
    at, key = position
    return f"o{key:x}t{max((at - _EPOCH) // _MICROSECOND, 0):x}"


def position_of(after: str, *, by_moment: bool) -> Position | None:
    """None: a list begins. Raises BadCursor."""
    if not after:
        return None
    if not by_moment:
        found = re.fullmatch(r"o([0-9a-f]{1,15})", after)
        if found:
            return (int(found[1], 16),)
    else:
        found = re.fullmatch(r"o([0-9a-f]{1,15})t([0-9a-f]{1,16})", after)
        if found and int(found[2], 16) <= (LATEST - _EPOCH) // _MICROSECOND:
            return (_EPOCH + int(found[2], 16) * _MICROSECOND, int(found[1], 16))
    raise BadCursor(
        _("'{after}' is not the end of a page. Take it from the page before, or leave it out.", after=after[:60])
    )


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


MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    is_exact: bool  # else there are at least so many


class _NumberOf(Subquery):
    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"

    def __init__(self, rows: QuerySet[Order], at_most: int | None = None) -> None:
        super().__init__(rows.values("pk")[:at_most], output_field=IntegerField())


def count_tabs(merchant_id: int, now: datetime) -> dict[Tab, Count]:
    """Two queries: exact for what is open, up to 999 for what grows with history."""
    orders = Order.objects.filter(merchant_id=merchant_id)
    late, unconfirmed = (Number("pk", filter=one) for one in (is_late(now), is_unconfirmed()))
    open_orders = orders.filter(closed_at=None, status__in=IN_PROGRESS).values("status")
    rows = open_orders.annotate(number=Number("pk"), late=late, unconfirmed=unconfirmed)
    by_status = {row["status"]: row for row in rows}
    open_shipped = by_status.get(Status.SHIPPED, {"number": 0, "unconfirmed": 0})
    with_problem = orders.filter(pk__in=Problem.objects.filter(resolved_at=None).values("order_id"))
    most = MOST_COUNTED + 1
    every, shipped, cancelled, manual, problems = Merchant.objects.values_list(
        _NumberOf(orders, most),
        _NumberOf(orders.filter(status=Status.SHIPPED), most + open_shipped["number"]),
        _NumberOf(orders.filter(status=Status.CANCELLED), most),
        _NumberOf(orders.filter(status=Status.MANUAL), most),
        _NumberOf(with_problem),
    ).get(pk=merchant_id)

    def open_on(tab: Tab) -> Count:
        return _exactly(sum(by_status[one]["number"] for one in TAB_STATUSES[tab] if one in by_status))

    found = {
        Tab.ALL: _at_least(every),
        Tab.PROBLEMS: _exactly(problems),
        **{tab: open_on(tab) for tab in (Tab.NOT_SHIPPED, Tab.WAITING, Tab.ASKED)},
        Tab.CONFIRMING: _exactly(open_shipped["number"] - open_shipped["unconfirmed"]),
        Tab.UNCONFIRMED: _exactly(open_shipped["unconfirmed"]),
        Tab.SHIPPED: _at_least(shipped - open_shipped["number"]),
        Tab.CANCELLED: _at_least(cancelled),
        Tab.MANUAL: _at_least(manual),
        Tab.LATE: _exactly(sum(row["late"] for row in by_status.values())),
    }
    return {tab: found[tab] for tab in Tab}


def _exactly(number: int) -> Count:
    return Count(number, is_exact=True)


def _at_least(number: int) -> Count:
    return Count(min(number, MOST_COUNTED), number <= MOST_COUNTED)
