"""What bol answers, as far as it is used. Words are text here; mapping checks those that decide something.

Required is what decides something and what bol's own file requires; not what newer versions brought.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from orderhaven.connectors.kit.decoding import Discard

Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
_A_DAY_S = 86_400


class BolStruct(Struct, rename="camel"):
    """An object of theirs: unknown fields are ignored, null is the same as absent."""


# ------------------------------------------------------------ orders


class ListedItem(BolStruct):
    order_item_id: str
    fulfilment_method: str
    quantity: Count
    quantity_shipped: Count
    quantity_cancelled: Count
    cancellation_request: bool
    latest_changed_date_time: Moment


class ListedOrder(BolStruct):
    order_id: str
    order_placed_date_time: Moment
    order_items: list[ListedItem]


class BolAddress(BolStruct):
    """Shipment and billing details; some fields stand in one of the two only."""

    salutation: Discard[str] = None
    first_name: str | None = None
    surname: str | None = None
    street_name: str | None = None
    house_number: str | None = None
    house_number_extension: str | None = None
    extra_address_information: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    email: Discard[str] = None
    company: str | None = None
    delivery_phone_number: Discard[str] = None
    language: Discard[str] = None
    pickup_point_name: str | None = None
    vat_number: Discard[str] = None
    kvk_number: Discard[str] = None
    order_reference: Discard[str] = None


class Fulfilment(BolStruct):
    method: str
    distribution_party: str | None = None
    latest_delivery_date: str | None = None  # filled exactly when exact_delivery_date is not
    exact_delivery_date: str | None = None
    expiry_date: str | None = None
    time_frame_type: Discard[str] = None


class Offer(BolStruct):
    offer_id: Discard[str] = None
    reference: str | None = None  # the merchant's own number, the SKU


class Product(BolStruct):
    ean: str | None = None
    title: Discard[str] = None


class Discount(BolStruct):
    amount: Decimal
    title: Discard[str] = None


class Service(BolStruct):
    service_type: str


class OrderItem(BolStruct):
    order_item_id: str
    cancellation_request: bool
    quantity: Count
    quantity_shipped: Count
    quantity_cancelled: Count
    unit_price: Decimal
    total_price: Decimal | None = None
    latest_changed_date_time: Discard[Moment] = None
    fulfilment: Fulfilment | None = None
    offer: Offer | None = None
    product: Product | None = None
    discounts: list[Discount] | None = None
    commission: Discard[Decimal] = None
    additional_services: Discard[list[Service]] = None


class OrderDetail(BolStruct):
    order_id: str
    shipment_details: BolAddress
    order_items: list[OrderItem]
    pickup_point: bool | None = None
    order_placed_date_time: Moment | None = None
    billing_details: BolAddress | None = None


# ------------------------------------------------------------ shipments, processes, the account


class ShipmentTransport(BolStruct):
    transport_id: str | None = None
    track_and_trace: str | None = None


class OfOrder(BolStruct):
    order_id: str


class ShippedItem(BolStruct):
    order_item_id: str


class BolShipment(BolStruct):
    """As a list shows it, and as its detail does: that has the code too."""

    shipment_id: str
    order: OfOrder
    shipment_items: list[ShippedItem]
    transport: ShipmentTransport | None = None
    shipment_reference: str | None = None


class ProcessStatus(BolStruct):
    status: str
    process_status_id: str | None = None
    error_message: Discard[str] = None


class Violation(BolStruct):
    name: Discard[str] = None
    reason: Discard[str] = None


class Rejection(BolStruct):
    """Their Problem."""

    title: Discard[str] = None
    detail: Discard[str] = None
    violations: Discard[list[Violation]] = None


class Retailer(BolStruct):
    retailer_id: str
    display_name: Discard[str] = None


class AccessToken(Struct):
    access_token: str
    expires_in: Annotated[int, Meta(gt=0, le=_A_DAY_S)]  # bol says 299; what no clock can hold is no lifetime
