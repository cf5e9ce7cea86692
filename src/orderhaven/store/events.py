"""Everything that happened to a merchant's orders and connections and to the merchant itself, in the order in which it was written.

What was read comes back never, and nothing is left out: a reader goes on behind the last event that it has. However many
events there are, and whoever's they are, a page looks at no more than some thousands of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderhaven.core.language import _
from orderhaven.store import sql
from orderhaven.store.listing.cursors import BadCursor
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
    ids = [
        key
        for (key,) in sql.rows(_MINE, [after, end, merchant_id, merchant_id, _own(merchant_id, of_merchant), limit + 1])
    ]
    if len(ids) > limit:
        return Events(_rows(ids[:limit]), ids[limit - 1], has_more=True)
    return Events(_rows(ids), end, has_more=goes_on)


def newest(now: datetime) -> int:
    """Behind it stands only what is still to happen."""
    ((last, young),) = sql.rows(_LAST, [now - _SETTLED_AFTER, _LOOKED_AT])
    return int(young) - 1 if young is not None else int(last or 0)


# below: how


_NEXT = """
SELECT MAX(id), MIN(CASE WHEN at > %s THEN id END), COUNT(*)
FROM (SELECT id, at FROM store_event WHERE id > %s ORDER BY id LIMIT %s) looked_at
"""
_LAST = """
SELECT MAX(id), MIN(CASE WHEN at > %s THEN id END) FROM (SELECT id, at FROM store_event ORDER BY id DESC LIMIT %s) looked_at
"""
_MINE = """
SELECT e.id FROM store_event e
LEFT JOIN store_order o ON o.id = e.order_id LEFT JOIN store_connection c ON c.id = e.connection_id
WHERE e.id > %s AND e.id <= %s AND (o.merchant_id = %s OR c.merchant_id = %s OR e.merchant_id = %s)
ORDER BY e.id LIMIT %s
"""


def _stretch(after: int, now: datetime) -> tuple[int, bool]:
    """To which event this page looks, and whether there is more to look at behind it. Raises BadCursor."""
    ((last, young, count),) = sql.rows(_NEXT, [now - _SETTLED_AFTER, after, _LOOKED_AT])
    if last is None:
        _demand_known(after)
        return after, False
    if young is not None:
        return int(young) - 1, False
    return int(last), count == _LOOKED_AT


def _demand_known(after: int) -> None:
    """A reader may be ahead of a store that was brought back from a backup; it would wait for ever."""
    ((last,),) = sql.rows("SELECT MAX(id) FROM store_event")
    if after > (last or 0):
        raise BadCursor(
            _("Nothing has got so far yet. If this hub was brought back from a backup, begin anew: leave 'after' out.")
        )


def _own(merchant_id: int, of_merchant: bool) -> int:
    return merchant_id if of_merchant else 0


def _rows(ids: list[int]) -> tuple[EventRow, ...]:
    found = Event.objects.filter(pk__in=ids).select_related("order__link__marketplace", "connection").order_by("id")
    return tuple(map(_row, found))


def _row(event: Event) -> EventRow:
    order, connection = event.order, event.connection
    return EventRow(
        event_id=event.pk,
        at=event.at,
        actor=event.actor,
        kind=event.kind,
        data=event.data,
        marketplace=order.link.marketplace.name if order is not None else "",
        ref=order.ref if order is not None else "",
        connection=connection.name if connection is not None else "",
    )
