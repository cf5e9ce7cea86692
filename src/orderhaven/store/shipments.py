"""The shipments that marketplaces confirmed, newest first, of all of a merchant's orders.

A page looks at no more than some thousands of shipments, whoever's they are; so it may hold fewer than were asked for, and
still not be the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from orderhaven.store.listing.conditions import unindexed
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
    found = _stretch(end).aggregate(oldest=Min("id"), youngest=Max("confirmed_at"), count=Count("id"))
    if found["oldest"] is None or found["youngest"] < since:
        return Shipments((), None)
    ids = list(_of(merchant_id, found["oldest"], end, since)[: limit + 1])
    if len(ids) > limit:
        return Shipments(_rows(ids[:limit]), ids[limit - 1])
    return Shipments(_rows(ids), found["oldest"] if found["count"] == _LOOKED_AT else None)


# below: how


def _stretch(end: int) -> QuerySet[Shipment, Any]:
    return Shipment.objects.filter(pk__lt=end).order_by("-id").values("id", "confirmed_at")[:_LOOKED_AT]


def _of(merchant_id: int, oldest: int, end: int, since: datetime) -> QuerySet[Shipment, int]:
    """In this stretch; whose it is is `unindexed`, or SQLite would begin with all orders of the merchant."""
    mine = Shipment.objects.filter(unindexed(order__merchant__id__exact=merchant_id), confirmed_at__gte=since)
    return mine.filter(pk__gte=oldest, pk__lt=end).order_by("-id").values_list("id", flat=True)


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
