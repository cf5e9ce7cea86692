"""The shipments that marketplaces confirmed, newest first, of all of a merchant's orders.

A page looks at no more than some thousands of shipments, whoever's they are; so it may hold fewer than were asked for, and
still not be the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from orderhaven.store import sql
from orderhaven.store.models import Shipment

_LOOKED_AT = 2_000
_BEHIND_ALL = 2**62
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    marketplace: str
    ref: str
    code: str
    carrier: str
    label: str
    remote_ref: str
    pieces: Mapping[str, int]  # line ref -> quantity
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Shipments:
    rows: tuple[ShipmentRow, ...]
    before: int | None  # the next page stands before this one; None: this is the last


def shipments(merchant_id: int, before: int | None, since: datetime | None, limit: int) -> Shipments:
    """Those confirmed at or after `since`. Three queries.

    A shipment is written when it is confirmed: before a stretch that is too old, all are.
    """
    end, since = before if before is not None else _BEHIND_ALL, since or _LONG_AGO
    ((oldest, youngest, count),) = sql.rows(_STRETCH, [end, _LOOKED_AT])
    if oldest is None or (sql.time_of(youngest) or since) < since:
        return Shipments((), None)
    given = [oldest, end, merchant_id, since, limit + 1]
    ids = [key for (key,) in sql.rows(_MINE, given)]
    if len(ids) > limit:
        return Shipments(_rows(ids[:limit]), ids[limit - 1])
    return Shipments(_rows(ids), oldest if count == _LOOKED_AT else None)


# below: how


_STRETCH = """
SELECT MIN(id), MAX(confirmed_at), COUNT(*)
FROM (SELECT id, confirmed_at FROM store_shipment WHERE id < %s ORDER BY id DESC LIMIT %s) looked_at
"""
# the cross join keeps SQLite from beginning with the merchant's orders, of which there are more every day
_MINE = """
SELECT s.id FROM store_shipment s CROSS JOIN store_order o
WHERE o.id = s.order_id AND s.id >= %s AND s.id < %s AND o.merchant_id = %s AND s.confirmed_at >= %s
ORDER BY s.id DESC LIMIT %s
"""


def _rows(ids: list[int]) -> tuple[ShipmentRow, ...]:
    found = Shipment.objects.filter(pk__in=ids).select_related("order__link__marketplace").order_by("-id")
    return tuple(map(_row, found))


def _row(shipment: Shipment) -> ShipmentRow:
    return ShipmentRow(
        marketplace=shipment.order.link.marketplace.name,
        ref=shipment.order.ref,
        code=shipment.code,
        carrier=shipment.carrier,
        label=shipment.label,
        remote_ref=shipment.remote_ref,
        pieces=shipment.pieces,
        confirmed_at=shipment.confirmed_at,
    )
