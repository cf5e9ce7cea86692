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
    UNCONFIRMED = "unconfirmed"  # shipped, and the marketplace is not told until a person does something
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
    Tab.UNCONFIRMED: (Status.SHIPPED,),
    Tab.SHIPPED: (Status.SHIPPED,),
    Tab.ASKED: (Status.CANCELLATION_REQUESTED,),
    Tab.CANCELLED: (Status.CANCELLED,),
    Tab.MANUAL: (Status.MANUAL,),
    Tab.LATE: STILL_COMES,
}
# of what is not closed
OPEN_TABS = frozenset({Tab.NOT_SHIPPED, Tab.WAITING, Tab.CONFIRMING, Tab.UNCONFIRMED, Tab.ASKED, Tab.LATE})
CLOSED_TABS = frozenset({Tab.ALL, Tab.SHIPPED, Tab.CANCELLED, Tab.MANUAL})  # they grow for ever
# of an order `o` that is shipped and open: it was refused, its link only rehearses, or nothing goes to its marketplace now
IS_UNCONFIRMED = """
(o.marketplace_told = 'refused' OR o.link_id IN (SELECT l.id FROM store_link l
JOIN store_connection c ON c.id = l.marketplace_id WHERE l.rehearsal OR c.state <> 'active'))
"""
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
_UNCONFIRMED = f"""
(SELECT COUNT(*) FROM {{orders}} WHERE o.merchant_id = %s AND o.closed_at IS NULL AND o.status = 'shipped'
AND {IS_UNCONFIRMED})
"""
_OTHER_COUNTS = "SELECT " + ", ".join(
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
    still = by_status.get(Status.SHIPPED, 0)  # shipped as well, and not closed
    most = MOST_COUNTED + 1
    given = [merchant_id, most, merchant_id, most + still, merchant_id, most, merchant_id, most, merchant_id]
    text = f"{_OTHER_COUNTS}, {_UNCONFIRMED.format(orders=along('store_order', 'o', 'order_open_tabs'))}"
    ((every, shipped, cancelled, manual, unconfirmed),) = sql.rows(text, given)
    found = {
        Tab.ALL: _at_least(every),
        Tab.PROBLEMS: _exactly(problems),
        Tab.NOT_SHIPPED: _exactly(sum(by_status.get(one, 0) for one in _STILL_TO_SEND)),
        Tab.WAITING: _exactly(by_status.get(Status.WAITING, 0)),
        Tab.CONFIRMING: _exactly(still - unconfirmed),
        Tab.UNCONFIRMED: _exactly(unconfirmed),
        Tab.SHIPPED: _at_least(shipped - still),
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
