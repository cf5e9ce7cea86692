"""Everything that happened to a merchant's orders and connections and to the merchant itself, in the order in which it was written.

What was read comes back never, and nothing is left out: a reader goes on behind the last event that it has. However many
events there are, and whoever's they are, a page looks at no more than some thousands of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from orderhaven.core.translation import _
from orderhaven.store.listing.pages import BadCursor
from orderhaven.store.models import Event

# of two transactions at once, the one that took its numbers first may end last: what is younger than this is left for later
_SETTLED_AFTER = timedelta(seconds=2)
_LOOKED_AT = 5_000


@dataclass(frozen=True, slots=True)
class EventRow:
    event_id: int
    at: datetime
    actor: str
    kind: str
    data: Mapping[str, object]
    marketplace: str  # the connection's name and the order's number; "" when it happened to no order
    ref: str
    connection: str  # "" when it happened to no connection


@dataclass(frozen=True, slots=True)
class Events:
    """`after` is where the next page begins, also when nothing was found; `has_more`: the next page can be asked for at once."""

    rows: tuple[EventRow, ...]
    after: int
    has_more: bool


def events(merchant_id: int, after: int, limit: int, now: datetime, *, of_merchant: bool) -> Events:
    """Those behind `after`, oldest first; with `of_merchant` also what concerns neither an order nor a connection.

    Three queries. Raises BadCursor.
    """
    end, goes_on = _stretch(after, now)
    ids = list(_of(merchant_id, after, end, of_merchant=of_merchant)[: limit + 1])
    if len(ids) > limit:
        return Events(_rows(ids[:limit]), ids[limit - 1], has_more=True)
    return Events(_rows(ids), end, has_more=goes_on)


def newest(now: datetime) -> int:
    """Behind it stands only what is still to happen."""
    looked_at = Event.objects.order_by("-id").values("id", "at")[:_LOOKED_AT]
    last, young, _count = _ends(looked_at, now)
    return young - 1 if young is not None else last or 0


# below: how


def _stretch(after: int, now: datetime) -> tuple[int, bool]:
    """To which event this page looks, and whether there is more to look at behind it. Raises BadCursor."""
    last, young, count = _ends(Event.objects.filter(pk__gt=after).order_by("id").values("id", "at")[:_LOOKED_AT], now)
    if last is None:
        _require_known(after)
        return after, False
    if young is not None:
        return young - 1, False
    return last, count == _LOOKED_AT


def _require_known(after: int) -> None:
    """A reader may be ahead of a store that was brought back from a backup; it would wait for ever."""
    if after > (Event.objects.aggregate(last=Max("pk"))["last"] or 0):
        raise BadCursor(
            _("Nothing has got so far yet. If this hub was brought back from a backup, begin anew: leave 'after' out.")
        )


def _of(merchant_id: int, after: int, end: int, *, of_merchant: bool) -> QuerySet[Event, int]:
    mine = Q(order__merchant_id=merchant_id) | Q(connection__merchant_id=merchant_id)
    if of_merchant:
        mine |= Q(merchant_id=merchant_id)
    return Event.objects.filter(mine, pk__gt=after, pk__lte=end).order_by("id").values_list("id", flat=True)


def _ends(looked_at: QuerySet[Event, Any], now: datetime) -> tuple[int | None, int | None, int]:
    """Of these events the last one, the first that is too young to be settled, and how many there are."""
    young = Min("id", filter=Q(at__gt=now - _SETTLED_AFTER))
    found = looked_at.aggregate(last=Max("id"), young=young, count=Count("id"))
    return found["last"], found["young"], found["count"]


def _rows(ids: list[int]) -> tuple[EventRow, ...]:
    found = Event.objects.filter(pk__in=ids).select_related("order__connection", "connection").order_by("id")
    return tuple(map(_row, found))


def _row(event: Event) -> EventRow:
    order, connection = event.order, event.connection
    return EventRow(
        event_id=event.pk,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        data=event.data,
        marketplace=order.connection.name if order is not None else "",
        ref=order.ref if order is not None else "",
        connection=connection.name if connection is not None else "",
    )
