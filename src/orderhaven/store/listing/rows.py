"""The rows of the order list: a constant number of queries for a page, and no personal data.

The page of one order, with everything about it, is built in `order_page.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.connections.routing import channel_name
from orderhaven.store.listing.filters import EVERYTHING, Filter
from orderhaven.store.listing.pages import find_page
from orderhaven.store.models import ConnectionState, Hold, Line, Order, Problem, Shipment, SyncState


@dataclass(frozen=True, slots=True)
class Row:
    ref: str
    marketplace: str
    channel: str  # "" where the marketplace has none
    channel_name: str  # as people call it
    shop: str  # "" while no link does orders of its channel
    link: str  # its name; "" as above
    status: Status
    waits_for: WaitsFor  # while it is not accepted
    hold: Hold
    shop_number: str  # "" while it is not in the shop
    shop_sync: SyncState
    marketplace_sync: SyncState
    handled_externally: bool
    by_marketplace: bool
    dry_run: bool
    connection: ConnectionState  # of its marketplace
    is_confirmed: bool  # by the marketplace, on our word
    placed_at: datetime
    ship_by: datetime | None
    ship_by_is_estimated: bool  # from the day of delivery; else the marketplace states it
    wait_until: datetime | None  # None: it does not wait for a code
    tracking_number: str
    carriers: tuple[str, ...]  # of its confirmed shipments; a carrier of an older version may be none of today's
    quantity: int
    total: Decimal
    currency: str  # "" while only the list was read
    problems: tuple[ProblemKind, ...]

    @property
    def is_unconfirmed(self) -> bool:
        """Shipped, and the marketplace is not updated until a user does something; as `Tab.UNCONFIRMED` finds them."""
        is_open = self.status is Status.SHIPPED and not self.is_confirmed and not self.handled_externally
        return is_open and (self.marketplace_sync is SyncState.REJECTED or not self.sends)

    @property
    def sends(self) -> bool:
        return not self.dry_run and self.connection is ConnectionState.ACTIVE


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    after: str  # opaque: give it back for the next page, also when this one is not full; "" when this is the last


def list_orders(
    merchant_id: int, wanted: Filter = EVERYTHING, after: str = "", limit: int = 50, *, now: datetime
) -> Page:
    """One page, in the order that is wanted. Raises BadCursor."""
    keys = find_page(merchant_id, wanted, after, limit, now)
    shown = keys.orders
    found = Order.objects.filter(pk__in=shown).select_related("connection", "link__shop")
    rows = {row.pk: row for row in found}
    problems, quantities, carriers = _problems(shown), _quantities(shown), _carriers(shown)
    return Page(
        rows=tuple(
            row_of(rows[key], problems.get(key, ()), quantities.get(key, 0), carriers.get(key, ()))
            for key in shown
            if key in rows
        ),
        after=keys.after,
    )


# below: how


def _problems(order_ids: Sequence[int]) -> Mapping[int, tuple[ProblemKind, ...]]:
    rows = Problem.objects.filter(order_id__in=order_ids, resolved_at__isnull=True).order_by("id")
    found: dict[int, tuple[ProblemKind, ...]] = {}
    for order_id, kind in rows.values_list("order_id", "kind"):
        found[order_id] = (*found.get(order_id, ()), ProblemKind(kind))
    return found


def _quantities(order_ids: Sequence[int]) -> Mapping[int, int]:
    rows = Line.objects.filter(order_id__in=order_ids).values("order_id").annotate(quantity=Sum("ordered"))
    return {row["order_id"]: row["quantity"] for row in rows}


def _carriers(order_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    rows = Shipment.objects.filter(order_id__in=order_ids).exclude(carrier="").order_by("id")
    found: dict[int, dict[str, None]] = {}
    for order_id, carrier in rows.values_list("order_id", "carrier"):
        found.setdefault(order_id, {})[carrier] = None
    return {order_id: tuple(each) for order_id, each in found.items()}


def row_of(row: Order, problems: tuple[ProblemKind, ...], quantity: int, carriers: tuple[str, ...]) -> Row:
    return Row(
        ref=row.ref,
        marketplace=row.connection.name,
        channel=row.channel,
        channel_name=channel_name(row.connection, row.channel),
        shop=row.link.shop.name if row.link is not None else "",
        link=row.link.name if row.link is not None else "",
        status=Status(row.status),
        waits_for=WaitsFor(row.waits_for),
        hold=Hold(row.hold),
        shop_number=row.shop_number,
        shop_sync=SyncState(row.shop_sync),
        marketplace_sync=SyncState(row.marketplace_sync),
        handled_externally=row.handled_externally,
        by_marketplace=row.by_marketplace,
        dry_run=row.link is not None and row.link.dry_run,
        connection=ConnectionState(row.connection.state),
        is_confirmed=row.confirmed_at is not None,
        placed_at=row.placed_at,
        ship_by=row.ship_by,
        ship_by_is_estimated=row.ship_by_is_estimated,
        wait_until=row.wait_until if row.status == Status.WAITING else None,
        tracking_number=row.tracking_number,
        carriers=carriers,
        quantity=quantity,
        total=row.total,
        currency=row.currency,
        problems=problems,
    )
