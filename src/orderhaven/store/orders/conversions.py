"""Rows from the values of `core`, and back; the deadlines of an order among them."""

from collections.abc import Sequence
from datetime import datetime, time
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from msgspec.structs import asdict

from orderhaven import paths
from orderhaven.core.money import Money
from orderhaven.core.order import (
    Address,
    Dispatch,
    LineQuantities,
    WaitsFor,
    estimated_ship_by,
    free_days_of,
    search_key,
)
from orderhaven.core.order import MarketplaceLine as WholeLine
from orderhaven.core.order import MarketplaceOrder as WholeOrder
from orderhaven.core.shop_order import ExpectedLine
from orderhaven.store.models import ContactRole, Line, Link, Order, OrderContact
from orderhaven.store.sql.rows import new_row

SETTINGS = frozenset({"transit_days", "working_days", "cut_off", "time_zone", "free_days"})  # columns of a link
_AT_ONCE = 500


def deadline_columns(link: Link | None, whole: WholeOrder) -> dict[str, object]:
    return _columns(link, whole.ship_by, whole.deliver_by, whole.placed_at, by_marketplace=whole.by_marketplace)


def estimate_anew(link: Link) -> None:
    """The link's settings have changed: its open orders get another estimate, in batches."""
    rows = Order.objects.filter(link=link, closed_at__isnull=True, read_at__isnull=False).order_by("id")
    after = 0
    while some := list(rows.filter(id__gt=after)[:_AT_ONCE]):
        after = some[-1].id
        for row in some:
            for name, value in estimated_anew(link, row).items():
                setattr(row, name, value)
        Order.objects.bulk_update(some, ["ship_by", "ship_by_is_estimated"])


def estimated_anew(link: Link, row: Order) -> dict[str, object]:
    stated = None if row.ship_by_is_estimated else row.ship_by
    return _columns(link, stated, row.deliver_by, row.placed_at, by_marketplace=row.by_marketplace)


def _columns(
    link: Link | None,
    stated: datetime | None,
    deliver_by: datetime | None,
    placed_at: datetime,
    *,
    by_marketplace: bool,
) -> dict[str, object]:
    """What the marketplace ships itself needs no estimate; by whose days it is made, only a link says."""
    if link is None or stated is not None or deliver_by is None or by_marketplace:
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


_ADDRESS_FIELDS = Address.__struct_fields__
_address_in = attrgetter(*_ADDRESS_FIELDS)
# what a marketplace says of a person; text of the shop stands beside it
PERSON_COLUMNS = (*_ADDRESS_FIELDS, "name_key", "postcode_key", "order_reference", "meta")


def facts_of(line: Line) -> LineQuantities:
    return LineQuantities(
        line.ref, line.ordered, line.shipped, line.cancelled, line.cancellation_requested, line.by_marketplace
    )


def wanted(line: Line, quantity: int, product_ref: str) -> ExpectedLine:
    return ExpectedLine(line.ref, line.title, line.sku, quantity, product_ref)


def facts_columns(facts: LineQuantities) -> dict[str, object]:
    return {
        "ordered": facts.ordered,
        "shipped": facts.shipped,
        "cancelled": facts.cancelled,
        "cancellation_requested": facts.cancellation_requested,
        "by_marketplace": facts.by_marketplace,
    }


def order_columns(whole: WholeOrder) -> dict[str, object]:
    return {
        "placed_at": whole.placed_at,
        "channel": whole.channel[:100],
        "currency": whole.currency,
        "prices_include_vat": whole.prices_include_vat,
        "shipping_cost": whole.shipping_cost.amount,
        "discount": whole.discount.amount,
        "total": whole.total.amount,
        "language": whole.language[:10],
        "country": whole.ship_to.country,
        "deliver_by": whole.deliver_by,
        "expires_at": whole.expires_at,
        "waits_for": whole.waits_for,
        "marketplace_label": whole.marketplace_label,
        "by_marketplace": whole.by_marketplace,
        "is_test": whole.is_test,
        "meta": [list(pair) for pair in whole.meta],
    }


def line_columns(line: WholeLine) -> dict[str, object]:
    return article_columns(line) | facts_columns(line.quantities)


def article_columns(line: WholeLine) -> dict[str, object]:
    """What was bought; `facts_columns` are what happened to it."""
    return {
        "remote_ids": list(line.remote_ids),
        "title": line.title,
        "sku": line.sku[:200],
        "ean": line.ean[:20],
        "unit_price": line.unit_price.amount,
        "total": line.total.amount,
        "discount": line.discount.amount,
        "commission": line.commission.amount if line.commission is not None else None,
        "vat_rate": line.vat_rate,
        "services": list(line.services),
    }


def contact_rows(row: Order, whole: WholeOrder) -> list[OrderContact]:
    """Of who is known: before an order is accepted that may be nobody."""
    of_who_pays = {
        "order_reference": whole.buyer_reference,
        "meta": [list(pair) for pair in whole.contact_meta],
    }
    known = [_person_row(row, ContactRole.SHIP_TO, whole.ship_to)] if whole.ship_to.is_known else []
    if whole.bill_to.is_known:
        known.append(_person_row(row, ContactRole.BILL_TO, whole.bill_to, **of_who_pays))
    return known


def _person_row(row: Order, role: ContactRole, address: Address, **more: object) -> OrderContact:
    keys = {"name_key": search_key(address.last_name), "postcode_key": search_key(address.postcode)}
    return new_row(OrderContact, order_id=row.id, role=role, **keys, **asdict(address), **more)


def address_of(person: OrderContact) -> Address:
    return Address(**dict(zip(_ADDRESS_FIELDS, _address_in(person), strict=True)))


def whole_order(row: Order, lines: Sequence[Line], people: Sequence[OrderContact]) -> WholeOrder:
    """The order as it was received, with the line quantities as they are known now; of erased people nothing but the country."""
    by_role = {person.role: person for person in people}
    addresses = {role: address_of(person) for role, person in by_role.items()}
    nobody = Address(last_name="", street="", postcode="", city="", country=row.country)
    who_pays = by_role.get(ContactRole.BILL_TO)
    return WholeOrder(
        ref=row.ref,
        channel=row.channel,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        currency=row.currency,
        prices_include_vat=row.prices_include_vat,
        lines=tuple(_whole_line(line, row.currency) for line in lines),
        ship_to=addresses.get(ContactRole.SHIP_TO, nobody),
        bill_to=addresses.get(ContactRole.BILL_TO, nobody),
        shipping_cost=Money.kept(row.shipping_cost, row.currency),
        discount=Money.kept(row.discount, row.currency),
        language=row.language,
        ship_by=None if row.ship_by_is_estimated else row.ship_by,
        deliver_by=row.deliver_by,
        expires_at=row.expires_at,
        waits_for=WaitsFor(row.waits_for),
        marketplace_label=row.marketplace_label,
        is_test=row.is_test,
        buyer_reference=who_pays.order_reference if who_pays else "",
        meta=tuple((name, value) for name, value in row.meta),
        contact_meta=tuple((name, value) for name, value in who_pays.meta) if who_pays else (),
    )


def _whole_line(line: Line, currency: str) -> WholeLine:
    return WholeLine(
        ref=line.ref,
        remote_ids=tuple(line.remote_ids),
        title=line.title,
        sku=line.sku,
        ean=line.ean,
        quantities=facts_of(line),
        unit_price=Money.kept(line.unit_price, currency),
        total=Money.kept(line.total, currency),
        discount=Money.kept(line.discount, currency),
        commission=Money.kept(line.commission, currency) if line.commission is not None else None,
        vat_rate=line.vat_rate,
        services=tuple(line.services),
    )
