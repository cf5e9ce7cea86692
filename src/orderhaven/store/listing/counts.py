"""How many orders stand on each tab."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count as Number
from django.db.models import IntegerField, QuerySet, Subquery

from orderhaven.core.status import Status
from orderhaven.store.listing.conditions import is_late, is_unconfirmed
from orderhaven.store.listing.filters import IN_PROGRESS, TAB_STATUSES, Tab
from orderhaven.store.models import Merchant, Order, Problem

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
    with_problem = orders.filter(pk__in=Problem.objects.filter(solved_at=None).values("order_id"))
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
