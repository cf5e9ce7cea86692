"""The tabs of the order list: which orders stand on each, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderhaven.core.status import Status
from orderhaven.store import sql
from orderhaven.store.walking import along


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
# what Orderhaven still does something for; what a person took over is that person's, and is never closed
STILL_COMES = (*_STILL_TO_SEND, Status.WAITING, Status.CANCELLATION_REQUESTED, Status.SHIPPED)
STATUSES: Mapping[Tab, tuple[Status, ...]] = {
    Tab.NOT_SHIPPED: _STILL_TO_SEND,
    Tab.WAITING: (Status.WAITING,),
    Tab.CONFIRMING: (Status.SHIPPED,),
    Tab.SHIPPED: (Status.SHIPPED,),
    Tab.ASKED: (Status.CANCELLATION_REQUESTED,),
    Tab.CANCELLED: (Status.CANCELLED,),
    Tab.MANUAL: (Status.MANUAL,),
    Tab.LATE: STILL_COMES,
}
OPEN_TABS = frozenset({Tab.NOT_SHIPPED, Tab.WAITING, Tab.CONFIRMING, Tab.ASKED, Tab.LATE})  # of what is not closed
CLOSED_TABS = frozenset({Tab.ALL, Tab.SHIPPED, Tab.CANCELLED, Tab.MANUAL})  # they grow for ever
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    is_exact: bool  # else there are at least so many


_OPEN_COUNTS = f"""
SELECT o.status, COUNT(*), SUM(CASE WHEN o.ship_by < %s AND NOT o.by_marketplace THEN 1 ELSE 0 END)
FROM {{orders}} WHERE o.merchant_id = %s AND o.closed_at IS NULL AND o.status IN ({sql.marks(STILL_COMES)})
GROUP BY o.status
"""
# the open ones are taken together first: SQLite would begin with all orders of the merchant
_PROBLEM_COUNT = """
WITH p AS MATERIALIZED (SELECT DISTINCT order_id FROM store_problem WHERE solved_at IS NULL)
SELECT COUNT(*) FROM p CROSS JOIN store_order o WHERE o.id = p.order_id AND o.merchant_id = %s
"""
_SOME = "(SELECT COUNT(*) FROM (SELECT 1 FROM store_order WHERE merchant_id = %s {more} LIMIT %s) few)"
_CLOSED_COUNTS = "SELECT " + ", ".join(
    _SOME.format(more=more)
    for more in ("", "AND status = 'shipped'", "AND status = 'cancelled'", "AND status = 'manual'")
)


def counts(merchant_id: int, now: datetime) -> dict[Tab, Count]:
    """Three queries: exact for what is open, up to 999 for what grows with history."""
    by_status: dict[str, int] = {}
    late = 0
    text = _OPEN_COUNTS.format(orders=along("store_order", "o", "order_open_tabs"))
    for status, number, are_late in sql.rows(text, [now, merchant_id, *map(str, STILL_COMES)]):
        by_status[status] = number
        late += are_late or 0
    ((problems,),) = sql.rows(_PROBLEM_COUNT, [merchant_id])
    confirming = by_status.get(Status.SHIPPED, 0)  # shipped as well, and not closed
    most = MOST_COUNTED + 1
    given = [merchant_id, most, merchant_id, most + confirming, merchant_id, most, merchant_id, most]
    ((every, shipped, cancelled, manual),) = sql.rows(_CLOSED_COUNTS, given)
    found = {
        Tab.ALL: _at_least(every),
        Tab.PROBLEMS: _exactly(problems),
        Tab.NOT_SHIPPED: _exactly(sum(by_status.get(one, 0) for one in _STILL_TO_SEND)),
        Tab.WAITING: _exactly(by_status.get(Status.WAITING, 0)),
        Tab.CONFIRMING: _exactly(confirming),
        Tab.SHIPPED: _at_least(shipped - confirming),
        Tab.ASKED: _exactly(by_status.get(Status.CANCELLATION_REQUESTED, 0)),
        Tab.CANCELLED: _at_least(cancelled),
        Tab.MANUAL: _at_least(manual),
        Tab.LATE: _exactly(late),
    }
    return {tab: found[tab] for tab in Tab}


def _at_least(number: int) -> Count:
    return Count(min(number, MOST_COUNTED), number <= MOST_COUNTED)


def _exactly(number: int) -> Count:
    return Count(number, is_exact=True)
