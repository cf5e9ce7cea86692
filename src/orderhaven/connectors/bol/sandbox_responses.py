"""The sandbox's words: its orders, shipments and processes as the JSON that bol sends."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from orderhaven.connectors.bol.mapping import AMSTERDAM
from orderhaven.connectors.bol.sandbox_processes import Process
from orderhaven.connectors.bol.sandbox_trade import Parcel, Sale, SandboxItem

encode = msgspec.json.Encoder().encode
_PARTIES = {True: "BOL", False: "RETAILER"}
_METHODS = {True: "FBB", False: "FBR"}


def row_of(sale: Sale, items: Sequence[SandboxItem]) -> bytes:
    """An order as a list shows it, with these of its items. A whole row is kept until something changes."""
    if len(items) < len(sale.items):
        return encode(_row(sale, items))
    if not sale.row:
        sale.row = encode(_row(sale, sale.items))
    return sale.row


def detail_of(sale: Sale) -> bytes:
    if not sale.detail:
        sale.detail = encode(
            {
                "orderId": sale.ref,
                "pickupPoint": sale.pickup_point,
                "orderPlacedDateTime": stamp(sale.placed_at),
                "shipmentDetails": sale.ship_to,
                "billingDetails": sale.bill_to,
                "orderItems": [_detail_item(sale, item) for item in sale.items],
            }
        )
    return sale.detail


def shipment_row(parcel: Parcel) -> dict[str, Any]:
    return {
        **_shipment_head(parcel),
        "shipmentItems": [{"orderItemId": ref, "ean": _item(parcel, ref).article.ean} for ref in parcel.pieces],
        "transport": {"transportId": parcel.transport_ref},
    }


def shipment_detail(parcel: Parcel) -> dict[str, Any]:
    transport = {
        "transportId": parcel.transport_ref,
        "transporterCode": parcel.carrier_code,
        "trackAndTrace": parcel.code,
        "shippingLabelId": parcel.label,
    }
    return {
        **_shipment_head(parcel),
        "pickupPoint": parcel.sale.pickup_point,
        "shipmentDetails": parcel.sale.ship_to,
        "billingDetails": parcel.sale.bill_to,
        "shipmentItems": [_shipped_item(parcel, ref, quantity) for ref, quantity in parcel.pieces.items()],
        "transport": {name: value for name, value in transport.items() if value},
    }


def process_of(process: Process, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "processStatusId": process.ref,
        "eventType": process.event,
        "description": process.description,
        "status": process.status,
        "createTimestamp": stamp(process.created_at),
        "links": [{"rel": "self", "href": f"{url}/shared/process-status/{process.ref}"}],
    }
    if process.entity:
        answer["entityId"] = process.entity
    if process.error:
        answer["errorMessage"] = process.error
    return answer


def retailer(ref: str, name: str) -> dict[str, Any]:
    return {
        "retailerId": ref,
        "displayName": name,
        "companyName": f"{name} B.V.",
        "vatNumber": "NL000099998B57",
        "kvkNumber": "00000027",
        "registrationDate": "2019-04-01",
        "topRetailer": False,
        "ratingMethod": "ALL_REVIEWS",
    }


def stamp(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).isoformat(timespec="seconds")


def _row(sale: Sale, items: Sequence[SandboxItem]) -> dict[str, Any]:
    return {
        "orderId": sale.ref,
        "orderPlacedDateTime": stamp(sale.placed_at),
        "orderItems": [
            {
                "orderItemId": item.ref,
                "ean": item.article.ean,
                "fulfilmentMethod": _METHODS[item.is_fbb],
                "fulfilmentStatus": "OPEN" if item.open else "HANDLED",
                "quantity": item.quantity,
                "quantityShipped": item.shipped,
                "quantityCancelled": item.cancelled,
                "cancellationRequest": item.cancellation_requested,
                "latestChangedDateTime": stamp(item.changed_at),
            }
            for item in items
        ],
    }


def _detail_item(sale: Sale, item: SandboxItem) -> dict[str, Any]:
    return {
        "orderItemId": item.ref,
        "cancellationRequest": item.cancellation_requested,
        "fulfilment": {
            "method": _METHODS[item.is_fbb],
            "distributionParty": _PARTIES[item.is_fbb or item.on_their_label],
            "exactDeliveryDate" if sale.exact else "latestDeliveryDate": sale.promised.isoformat(),
            "expiryDate": sale.expires_on.isoformat(),
            "timeFrameType": "EVENING" if sale.exact else "REGULAR",
        },
        **_sold(item),
        "quantity": item.quantity,
        "quantityShipped": item.shipped,
        "quantityCancelled": item.cancelled,
        "totalPrice": item.total_cents / 100,
        "discounts": [{"title": "Actie", "amount": item.discount_cents / 100}] if item.discount_cents else [],
        "additionalServices": [],
        "latestChangedDateTime": stamp(item.changed_at),
    }


def _shipment_head(parcel: Parcel) -> dict[str, Any]:
    return {
        "shipmentId": parcel.ref,
        "shipmentDateTime": stamp(parcel.at),
        "shipmentReference": parcel.reference,
        "order": {"orderId": parcel.sale.ref, "orderPlacedDateTime": stamp(parcel.sale.placed_at)},
    }


def _shipped_item(parcel: Parcel, ref: str, quantity: int) -> dict[str, Any]:
    item = _item(parcel, ref)
    return {
        "orderItemId": ref,
        "fulfilment": {
            "method": _METHODS[item.is_fbb],
            "distributionParty": _PARTIES[item.is_fbb or item.on_their_label],
        },
        **_sold(item),
        "quantity": quantity,
        "quantityShipped": quantity,
    }


def _sold(item: SandboxItem) -> dict[str, Any]:
    """What an order and a shipment say alike of an item."""
    return {
        "offer": {"offerId": _offer_id(item.article.sku), "reference": item.article.sku},
        "product": {"ean": item.article.ean, "title": item.article.title},
        "unitPrice": item.unit_cents / 100,
        "commission": (100 + item.total_cents * 12 // 100 if item.total_cents else 0) / 100,
    }


def _item(parcel: Parcel, ref: str) -> SandboxItem:
    return next(item for item in parcel.sale.items if item.ref == ref)


@cache
def _offer_id(sku: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"offer:{sku}"))
