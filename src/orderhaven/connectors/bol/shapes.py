"""What bol answers, as far as it is used. Words are text here; mapping checks those that decide something."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]
_A_DAY_S = 86_400


class Their(Struct, rename="camel"):
    """An object of theirs: unknown fields are ignored, null is the same as absent."""


# ------------------------------------------------------------ orders


class ListedItem(Their):
    order_item_id: str
    fulfilment_method: str
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    cancellation_request: bool
    latest_changed_date_time: Moment


class ListedOrder(Their):
    order_id: str
    order_placed_date_time: Moment
    order_items: list[ListedItem]


class OrderList(Their):
    # an empty page may come without the key
    orders: list[ListedOrder] = []


class Person(Their):
    """Shipment and billing details; some fields stand in one of the two only."""

    salutation: str | None = None
    first_name: str | None = None
    surname: str | None = None
    street_name: str | None = None
    house_number: str | None = None
    house_number_extension: str | None = None
    extra_address_information: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    email: str | None = None
    company: str | None = None
    delivery_phone_number: str | None = None
    language: str | None = None
    pickup_point_name: str | None = None
    vat_number: str | None = None
    kvk_number: str | None = None
    order_reference: str | None = None


class Fulfilment(Their):
    method: str
    distribution_party: str | None = None
    latest_delivery_date: str | None = None  # filled exactly when exact_delivery_date is not
    exact_delivery_date: str | None = None
    expiry_date: str | None = None
    time_frame_type: str | None = None


class Offer(Their):
    offer_id: str | None = None
    reference: str | None = None  # the merchant's own number, the SKU


class Product(Their):
    ean: str | None = None
    title: str | None = None


class Discount(Their):
    amount: Decimal
    title: str | None = None


class Service(Their):
    service_type: str


class Item(Their):
    order_item_id: str
    cancellation_request: bool
    quantity: int
    quantity_shipped: int
    quantity_cancelled: int
    unit_price: Decimal
    total_price: Decimal
    latest_changed_date_time: Moment
    fulfilment: Fulfilment | None = None
    offer: Offer | None = None
    product: Product | None = None
    discounts: list[Discount] | None = None
    commission: Decimal | None = None
    additional_services: list[Service] | None = None

    @property
    def open(self) -> int:
        return self.quantity - self.quantity_shipped - self.quantity_cancelled


class Detail(Their):
    order_id: str
    pickup_point: bool
    shipment_details: Person
    order_items: list[Item]
    order_placed_date_time: Moment | None = None
    billing_details: Person | None = None


# ------------------------------------------------------------ shipments, processes, the account


class ListedTransport(Their):
    transport_id: str


class OfOrder(Their):
    order_id: str


class ShippedItem(Their):
    order_item_id: str


class ListedShipment(Their):
    shipment_id: str
    order: OfOrder
    shipment_items: list[ShippedItem]
    transport: ListedTransport
    shipment_reference: str | None = None


class ShipmentList(Their):
    shipments: list[ListedShipment] = []


class Transport(Their):
    transport_id: str | None = None
    track_and_trace: str | None = None


class ShipmentDetail(Their):
    shipment_id: str
    transport: Transport | None = None


class Process(Their):
    status: str
    process_status_id: str | None = None
    error_message: str | None = None


class ProcessList(Their):
    process_statuses: list[Process] = []


class Violation(Their):
    name: str | None = None
    reason: str | None = None


class Refusal(Their):
    """Their Problem."""

    title: str | None = None
    detail: str | None = None
    violations: list[Violation] | None = None


class Retailer(Their):
    retailer_id: str
    display_name: str


class Token(Struct):
    access_token: str
    expires_in: Annotated[int, Meta(gt=0, le=_A_DAY_S)]  # bol says 299; what no clock can hold is no lifetime
