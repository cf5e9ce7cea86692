"""The time by which an order must leave: as its marketplace states it, or estimated by the settings of its link."""

from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from orderhaven import paths
from orderhaven.core.deadline import Dispatch, estimated_ship_by, free_days_of
from orderhaven.core.order import Order as WholeOrder
from orderhaven.store.models import Link, Order

SETTINGS = frozenset({"transit_days", "working_days", "cut_off", "time_zone", "free_days"})  # columns of a link
_AT_ONCE = 500


def deadline_columns(link: Link, whole: WholeOrder) -> dict[str, object]:
    return _columns(link, whole.ship_by, whole.deliver_by, whole.placed_at, by_marketplace=whole.by_marketplace)


def estimate_anew(link: Link) -> None:
    """The link's settings have changed: its open orders get another estimate, in batches."""
    rows = Order.objects.filter(link=link, closed_at__isnull=True, read_at__isnull=False).order_by("id")
    after = 0
    while some := list(rows.filter(id__gt=after)[:_AT_ONCE]):
        after = some[-1].id
        for row in some:
            stated = None if row.ship_by_is_estimated else row.ship_by
            columns = _columns(link, stated, row.deliver_by, row.placed_at, by_marketplace=row.by_marketplace)
            for name, value in columns.items():
                setattr(row, name, value)
        Order.objects.bulk_update(some, ["ship_by", "ship_by_is_estimated"])


def _columns(
    link: Link, stated: datetime | None, deliver_by: datetime | None, placed_at: datetime, *, by_marketplace: bool
) -> dict[str, object]:
    """What the marketplace ships itself needs no estimate."""
    if stated is not None or deliver_by is None or by_marketplace:
        return {"ship_by": stated, "ship_by_is_estimated": False}
    dispatch = _dispatch(
        link.transit_days, tuple(link.working_days), link.cut_off, link.time_zone, tuple(link.free_days)
    )
    return {"ship_by": estimated_ship_by(deliver_by, placed_at, dispatch), "ship_by_is_estimated": True}


@lru_cache(maxsize=256)
def _dispatch(
    transit_days: int, working_days: tuple[int, ...], cut_off: str, time_zone: str, free_days: tuple[str, ...]
) -> Dispatch:
    return Dispatch(
        zone=ZoneInfo(time_zone or paths.time_zone()),
        transit_days=transit_days,
        working_days=frozenset(working_days),
        cut_off=time.fromisoformat(cut_off),
        free_days=free_days_of(free_days),
    )
