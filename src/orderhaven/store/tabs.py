"""The tabs of the order list: which orders stand on each, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from orderhaven.core.status import Status
from orderhaven.store import sql
from orderhaven.store.models import Problem


class Tab(StrEnum):
    ALL = "all"
    PROBLEMS = "problems"
    NOT_SHIPPED = "not_shipped"
    WAITING = "waiting"
    CONFIRMING = "confirming"  # shipped, and the marketplace has not agreed yet
    SHIPPED = "shipped"  # and the marketplace was told
    ASKED = "cancellation_requested"
    CANCELLED = "cancelled"
    MANUAL = "manual"
    LATE = "late"  # the time by which it had to be sent is over


_STILL_TO_SEND = (Status.PENDING_CONFIRMATION, Status.NOT_SHIPPED, Status.PARTLY_SHIPPED)
_OPEN = Q(closed_at__isnull=True)
_CONDITIONS: Mapping[Tab, Q] = {
    Tab.ALL: Q(),
    Tab.NOT_SHIPPED: _OPEN & Q(status__in=[str(one) for one in _STILL_TO_SEND]),
    Tab.WAITING: _OPEN & Q(status=str(Status.WAITING)),
    Tab.CONFIRMING: _OPEN & Q(status=str(Status.SHIPPED)),
    Tab.SHIPPED: Q(status=str(Status.SHIPPED), closed_at__isnull=False),
    Tab.ASKED: _OPEN & Q(status=str(Status.CANCELLATION_REQUESTED)),
    Tab.CANCELLED: Q(status=str(Status.CANCELLED)),
    Tab.MANUAL: Q(status=str(Status.MANUAL)),
}
CLOSED_TABS = frozenset({Tab.ALL, Tab.SHIPPED, Tab.CANCELLED, Tab.MANUAL})  # they grow for ever
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    is_exact: bool  # else there are at least so many


def condition(tab: Tab, now: datetime) -> Q:
    match tab:
        case Tab.PROBLEMS:
            return Q(pk__in=Problem.objects.filter(solved_at__isnull=True).values("order_id"))
        case Tab.LATE:
            return _OPEN & Q(ship_by__lt=now, by_marketplace=False)
        case _:
            return _CONDITIONS[tab]


_OPEN_COUNTS = """
SELECT status, COUNT(*), SUM(CASE WHEN ship_by < %s AND NOT by_marketplace THEN 1 ELSE 0 END)
FROM store_order WHERE merchant_id = %s AND closed_at IS NULL GROUP BY status
"""
_PROBLEM_COUNT = """
SELECT COUNT(DISTINCT p.order_id) FROM store_problem p JOIN store_order o ON o.id = p.order_id
WHERE p.solved_at IS NULL AND o.merchant_id = %s
"""
_SOME = "(SELECT COUNT(*) FROM (SELECT 1 FROM store_order WHERE merchant_id = %s {more} LIMIT {limit}) some)"
_CLOSED_COUNTS = "SELECT " + ", ".join(
    _SOME.format(more=more, limit=MOST_COUNTED + 1)
    for more in (
        "",
        "AND status = 'shipped' AND closed_at IS NOT NULL",
        "AND status = 'cancelled'",
        "AND status = 'manual'",
    )
)


def counts(merchant_id: int, now: datetime) -> dict[Tab, Count]:
    """Three queries: exact for what is open, up to 999 for what grows with history."""
    by_status: dict[str, int] = {}
    late = 0
    for status, number, are_late in sql.rows(_OPEN_COUNTS, [sql.moment(now), merchant_id]):
        by_status[status] = number
        late += are_late or 0
    ((problems,),) = sql.rows(_PROBLEM_COUNT, [merchant_id])
    (closed,) = sql.rows(_CLOSED_COUNTS, [merchant_id] * 4)
    found = {
        Tab.PROBLEMS: _exactly(problems),
        Tab.NOT_SHIPPED: _exactly(sum(by_status.get(one, 0) for one in _STILL_TO_SEND)),
        Tab.WAITING: _exactly(by_status.get(Status.WAITING, 0)),
        Tab.CONFIRMING: _exactly(by_status.get(Status.SHIPPED, 0)),
        Tab.ASKED: _exactly(by_status.get(Status.CANCELLATION_REQUESTED, 0)),
        Tab.LATE: _exactly(late),
    }
    for tab, number in zip((Tab.ALL, Tab.SHIPPED, Tab.CANCELLED, Tab.MANUAL), closed, strict=True):
        found[tab] = Count(min(number, MOST_COUNTED), number <= MOST_COUNTED)
    return {tab: found[tab] for tab in Tab}


def _exactly(number: int) -> Count:
    return Count(number, is_exact=True)
