"""bol's answers as values of `core`, and the records of what was asked."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.shapes import (
    BolAddress,
    BolShipment,
    Fulfilment,
    ListedItem,
    ListedOrder,
    Offer,
    OrderDetail,
    OrderItem,
    ProcessStatus,
    Product,
)
from orderhaven.connectors.kit.http import Response, percent_encoded
from orderhaven.connectors.kit.rows import MalformedRow, Rows, RowsOf
from orderhaven.connectors.kit.session import Session, decode
from orderhaven.core.errors import OrderMissing, UnexpectedResponse
from orderhaven.core.money import Money, sum_money
from orderhaven.core.order import Address, LineQuantities, MarketplaceLine, MarketplaceOrder
from orderhaven.ports.connector import alpha2
from orderhaven.ports.marketplace import OrderSummary

T = TypeVar("T")

CURRENCY = "EUR"  # bol names none: it trades in the Netherlands and Belgium
_CENT = Decimal("0.01")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")

_BY_MARKETPLACE = {"FBR": False, "FBB": True}
_ON_THEIR_LABEL = {"RETAILER": False, "BOL": True}
_NOBODY, _NO_OFFER, _NO_PRODUCT = BolAddress(), Offer(), Product()
_SALUTATION = {"MALE": "MALE", "FEMALE": "FEMALE", "UNKNOWN": ""}


def summary_from(row: ListedOrder) -> OrderSummary:
    """What a list row says. A list by change shows only the items that changed: `lines` need not be all.

    Raises UnexpectedResponse for an unknown fulfilment word.
    """
    return OrderSummary(
        ref=row.order_id,
        placed_at=_utc(row.order_placed_date_time),
        changed_at=_utc(last_change(row)),
        lines=tuple(
            _facts(item, _word(_BY_MARKETPLACE, item.fulfilment_method, "fulfilmentMethod")) for item in row.order_items
        ),
    )


def last_change(row: ListedOrder) -> datetime:
    return max([item.latest_changed_date_time for item in row.order_items], default=row.order_placed_date_time)


def order_from(detail: OrderDetail) -> MarketplaceOrder:
    """The whole order. Raises UnexpectedResponse for a word, date or country that is none of those we know."""
    items = detail.order_items
    changes = [item.latest_changed_date_time for item in items if item.latest_changed_date_time is not None]
    placed_at = detail.order_placed_date_time or min(changes, default=None)
    if placed_at is None:
        raise UnexpectedResponse("an order without a time and without items")
    ship_to, bill_to = _addresses(detail)
    return MarketplaceOrder(
        ref=detail.order_id,
        placed_at=_utc(placed_at),
        changed_at=_utc(max(changes, default=placed_at)),
        currency=CURRENCY,
        prices_include_vat=True,
        lines=tuple(_line(item) for item in items),
        ship_to=ship_to,
        bill_to=bill_to,
        shipping_cost=Money.zero(CURRENCY),  # bol's own: the merchant neither charges nor sees it
        discount=Money.zero(CURRENCY),
        language=(detail.shipment_details.language or "").partition("-")[0],
        deliver_by=_deliver_by(items),
        expires_at=_expires_at(items),
        marketplace_label=any(_on_their_label(_fulfilment(item)) for item in items),
        buyer_reference=(detail.billing_details or _NOBODY).order_reference or "",
        meta=_meta(detail),
        contact_meta=_personal_meta(detail.billing_details or _NOBODY),
    )


# ------------------------------------------------------------ lines


def _line(item: OrderItem) -> MarketplaceLine:
    facts = _facts(item, _word(_BY_MARKETPLACE, _fulfilment(item).method, "fulfilmentMethod"))
    unit_price = _money(item.unit_price)
    discount = sum_money([_money(discount.amount) for discount in item.discounts or ()], CURRENCY)
    return MarketplaceLine(
        ref=item.order_item_id,
        remote_ids=(item.order_item_id,),
        title=(item.product or _NO_PRODUCT).title or "",
        sku=(item.offer or _NO_OFFER).reference or "",
        ean=(item.product or _NO_PRODUCT).ean or "",
        quantities=facts,
        unit_price=unit_price,
        total=unit_price * item.quantity - discount if item.total_price is None else _money(item.total_price),
        discount=discount,
        commission=None if item.commission is None else _money(item.commission),
        services=tuple(service.service_type for service in item.additional_services or ()),
    )


def _facts(item: OrderItem | ListedItem, by_marketplace: bool) -> LineQuantities:
    left = item.quantity - item.quantity_shipped - item.quantity_cancelled
    return LineQuantities(
        ref=item.order_item_id,
        ordered=item.quantity,
        shipped=item.quantity_shipped,
        cancelled=item.quantity_cancelled,
        # the flag stays up after the line was handled; then nobody asks any more
        cancellation_requested=item.cancellation_request and left > 0,
        by_marketplace=by_marketplace,
    )


def _money(amount: Decimal) -> Money:
    """To the cent: the number is read digit by digit, but it may come out of a floating sum of theirs."""
    try:
        return Money(amount.quantize(_CENT, ROUND_HALF_UP), CURRENCY)
    except (ValueError, InvalidOperation):
        raise UnexpectedResponse("a price that is no amount of money") from None


# ------------------------------------------------------------ addresses


def _addresses(detail: OrderDetail) -> tuple[Address, Address]:
    name = detail.shipment_details.pickup_point_name
    to_a_point = bool(name) if detail.pickup_point is None else detail.pickup_point
    ship_to = _address(detail.shipment_details, (name or "Pick-up point") if to_a_point else None)
    return ship_to, _address(detail.billing_details, None) if detail.billing_details else ship_to


def _address(person: BolAddress, pickup_point: str | None) -> Address:
    try:
        return Address(
            salutation=_SALUTATION.get(person.salutation or "", ""),  # it decides nothing, so any word will do
            first_name=person.first_name or "",
            last_name=person.surname or "",
            company=person.company or "",
            vat_number=person.vat_number or "",
            extra=person.extra_address_information or "",
            street=person.street_name or "",
            house_number=person.house_number or "",
            addition=person.house_number_extension or "",
            postcode=person.zip_code or "",
            city=person.city or "",
            country=alpha2(person.country_code or "") or (person.country_code or "").upper(),
            email=person.email or "",
            phone=person.delivery_phone_number or "",
            pickup_point=pickup_point,
        )
    except ValueError:
        raise UnexpectedResponse("countryCode is no code of a country") from None


# ------------------------------------------------------------ dates


def open_quantity(item: OrderItem) -> int:
    return item.quantity - item.quantity_shipped - item.quantity_cancelled


def _deliver_by(items: Iterable[OrderItem]) -> datetime | None:
    """The end of the earliest delivery day among what is still to be sent (of all lines, when nothing is)."""
    items = list(items)
    waiting = [item for item in items if open_quantity(item) > 0] or items
    days = [_delivery_day(part) for part in map(_fulfilment, waiting)]
    earliest = min((day for day in days if day), default=None)
    return _begin_of(earliest + timedelta(days=1)) - timedelta(seconds=1) if earliest else None


def _delivery_day(part: Fulfilment) -> date | None:
    if part.exact_delivery_date:
        return _day(part.exact_delivery_date, "exactDeliveryDate")
    return _day(part.latest_delivery_date, "latestDeliveryDate")


def _expires_at(items: Iterable[OrderItem]) -> datetime | None:
    """The begin of the expiry day: bol names no hour, and a warning may come early but not late."""
    days = [_day(_fulfilment(item).expiry_date, "expiryDate") for item in items if open_quantity(item) > 0]
    earliest = min((day for day in days if day), default=None)
    return _begin_of(earliest) if earliest else None


@lru_cache(maxsize=256)  # all orders share a few
def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM).astimezone(UTC)


def _day(text: str | None, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UnexpectedResponse(f"{field} is no day") from None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


# ------------------------------------------------------------ words


def _fulfilment(item: OrderItem) -> Fulfilment:
    if item.fulfilment is None:
        raise UnexpectedResponse("an item says nothing of its fulfilment")
    return item.fulfilment


def _on_their_label(fulfilment: Fulfilment) -> bool:
    """A VVB order: the merchant sends it, on a label bought at bol."""
    party = fulfilment.distribution_party or "RETAILER"
    return _word(_ON_THEIR_LABEL, party, "distributionParty") and fulfilment.method == "FBR"


def _meta(detail: OrderDetail) -> tuple[tuple[str, str], ...]:
    """What the shop may keep beside the order; names without values are left out."""
    items = detail.order_items
    parts = [item.fulfilment for item in items if item.fulfilment]
    pairs = (
        ("bol_order_id", detail.order_id),
        ("bol_order_item_ids", _joined(item.order_item_id for item in items)),
        ("bol_offer_ids", _joined(item.offer.offer_id for item in items if item.offer)),
        ("bol_time_frame", _joined(part.time_frame_type for part in parts)),
        ("bol_distribution_party", _joined(part.distribution_party for part in parts)),
        ("bol_discounts", _joined(discount.title for item in items for discount in item.discounts or ())),
    )
    return tuple((name, value) for name, value in pairs if value)


def _personal_meta(bill_to: BolAddress) -> tuple[tuple[str, str], ...]:
    """A one-man business is a person, and its numbers lead to that person."""
    pairs = (("bol_vat_number", bill_to.vat_number), ("bol_kvk_number", bill_to.kvk_number))
    return tuple((name, value) for name, value in pairs if value)


def _joined(words: Iterable[str | None]) -> str:
    return ",".join(dict.fromkeys(filter(None, words)))


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    try:
        return table[word]
    except KeyError:
        raise UnexpectedResponse(f"{what} is a word that is not known here") from None


SIDE = SPEC.title
MEDIA_TYPE = "application/vnd.retailer.v10+json"
READS = {"Accept": MEDIA_TYPE}
PROCESSES = RowsOf(ProcessStatus, "processStatusId", within="processStatuses")
_SHIPMENTS = RowsOf(BolShipment, "shipmentId", within="shipments")


class Records:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def detail(self, ref: str) -> OrderDetail:
        """Raises OrderMissing when bol does not know the order."""
        response = await self._ask(f"/retailer/orders/{percent_encoded(ref)}")
        if response.status == 404:
            raise OrderMissing(SIDE, ref)
        detail = decode(response, OrderDetail, SIDE)
        if detail.order_id != ref:
            raise UnexpectedResponse(f"asked for order {ref}, got another one")
        return detail

    async def processes(self, entities: Iterable[str], event: str) -> Rows[ProcessStatus]:
        """What bol made of what it was sent about these, newest first for each."""
        found = await asyncio.gather(*(self._processes_of(entity, event) for entity in entities))
        return Rows([one for rows in found for one in rows.good], [one for rows in found for one in rows.malformed])

    async def shipments(self, order_ref: str) -> Rows[BolShipment]:
        """All of this order, newest first. One that its list shows bent is read by itself."""
        found: Rows[BolShipment] = Rows([])
        number = 1
        while page := await self._shipments_on(number, order_ref):
            found.good.extend(made for made in page.good if made.order.order_id == order_ref)
            found.malformed.extend(page.malformed)
            number += 1
        return found

    async def shipment(self, ref: str) -> BolShipment | None:
        """None when bol does not know it."""
        response = await self._ask(f"/retailer/shipments/{percent_encoded(ref)}")
        return None if response.status == 404 else decode(response, BolShipment, SIDE)

    async def _shipments_on(self, number: int, order_ref: str) -> Rows[BolShipment]:
        query = {"page": str(number), "order-id": order_ref}
        response = await self._session.read("GET", "/retailer/shipments", query=query, headers=READS)
        page = _SHIPMENTS.read(response, SIDE)
        if not page.malformed:
            return page
        read = [await self._read(one) for one in page.malformed]
        whole = [one for one in read if not isinstance(one, MalformedRow)]
        return Rows([*page.good, *whole], [one for one in read if isinstance(one, MalformedRow)])

    async def _read(self, row: MalformedRow) -> BolShipment | MalformedRow:
        try:
            return (await self.shipment(row.ref) if row.ref else None) or row
        except UnexpectedResponse as surprise:
            return MalformedRow(row.ref, surprise.cause)

    async def _processes_of(self, entity: str, event: str) -> Rows[ProcessStatus]:
        query = {"entity-id": entity, "event-type": event, "page": "1"}
        response = await self._session.read("GET", "/shared/process-status", query=query, headers=READS, also=(404,))
        return Rows([]) if response.status == 404 else PROCESSES.read(response, SIDE)

    async def _ask(self, path: str) -> Response:
        return await self._session.read("GET", path, headers=READS, also=(404,))
