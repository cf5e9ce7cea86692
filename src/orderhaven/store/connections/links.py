"""Links: which marketplace's orders go to which shop, and how."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from orderhaven.store.connections.connections import nudge
from orderhaven.store.models import Connection, Event, Hold, Link, Order
from orderhaven.store.orders import conversions
from orderhaven.store.upkeep.versions import ExpectedVersion


def of_name(merchant_id: int, marketplace: str) -> Link | None:
    """A link by the name of its marketplace connection, both sides loaded."""
    rows = Link.objects.select_related("marketplace", "shop")
    return rows.filter(merchant_id=merchant_id, marketplace__name=marketplace).first()


def all_of(merchant_id: int) -> list[Link]:
    """Both sides loaded, by the name of the marketplace."""
    rows = Link.objects.filter(merchant_id=merchant_id).select_related("marketplace", "shop")
    return list(rows.order_by("marketplace__name"))


def older_count(link_id: int) -> int:
    """Open orders from before the link that wait for a person's word."""
    return Order.objects.filter(link_id=link_id, hold=Hold.OLDER, closed_at__isnull=True).count()


def save(
    link: Link,
    every_s: int | None,
    now: datetime,
    actor: str,
    changes: Mapping[str, object],
    expected: ExpectedVersion | None = None,
) -> None:
    """Insert or change a link; both sides are pulled, and pushed to, at once. Raises Changed."""
    kind = "linked" if link._state.adding else "link_changed"
    sides = [link.marketplace_id, link.shop_id]
    with transaction.atomic():
        if expected is not None:
            expected.demand()
        link.save()
        if conversions.SETTINGS & changes.keys() and kind == "link_changed":
            conversions.estimate_anew(link)
        if every_s is not None:
            Connection.objects.filter(pk__in=sides).update(pull_every_s=every_s)
        for side in sides:
            nudge(side, now, "pull_at", "push_at")
        Event.objects.create(connection_id=sides[0], at=now, actor=actor, kind=kind, data=dict(changes))
