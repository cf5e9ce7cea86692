"""What bol answers, as far as it is used. Words are text here; mapping checks those that decide something.

Required is what decides something and what bol's own file requires; not what newer versions brought.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from orderhaven.connectors.kit.mending import Aside

Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
_A_DAY_S = 86_400


class Their(Struct, rename="camel"):
    """An object of theirs: unknown fields are ignored, null is the same as absent."""


# ------------------------------------------------------------ orders


class ListedItem(Their):
    order_item_id: str
    fulfilment_method: str
    quantity: Count
    quantity_shipped: Count
    quantity_cancelled: Count
    cancellation_request: bool
    latest_changed_date_time: Moment


class ListedOrder(Their):
    order_id: str
    order_placed_date_time: Moment
    order_items: list[ListedItem]


class Person(Their):
    """Shipment and billing details; some fields stand in one of the two only."""

    salutation: Aside[str] = None
    first_name: str | None = None
    surname: str | None = None
    street_name: str | None = None
    house_number: str | None = None
    house_number_extension: str | None = None
    extra_address_information: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    email: Aside[str] = None
    company: str | None = None
    delivery_phone_number: Aside[str] = None
    language: Aside[str] = None
    pickup_point_name: str | None = None
    vat_number: Aside[str] = None
    kvk_number: Aside[str] = None
    order_reference: Aside[str] = None


class Fulfilment(Their):
    method: str
    distribution_party: str | None = None
    latest_delivery_date: str | None = None  # filled exactly when exact_delivery_date is not
    exact_delivery_date: str | None = None
    expiry_date: str | None = None
    time_frame_type: Aside[str] = None


class Offer(Their):
    offer_id: Aside[str] = None
    reference: str | None = None  # the merchant's own number, the SKU


class Product(Their):
    ean: str | None = None
    title: Aside[str] = None


class Discount(Their):
    amount: Decimal
    title: Aside[str] = None


class Service(Their):
    service_type: str


class Item(Their):
    order_item_id: str
    cancellation_request: bool
    quantity: Count
    quantity_shipped: Count
    quantity_cancelled: Count
    unit_price: Decimal
    total_price: Decimal | None = None
    latest_changed_date_time: Aside[Moment] = None
    fulfilment: Fulfilment | None = None
    offer: Offer | None = None
    product: Product | None = None
    discounts: list[Discount] | None = None
    commission: Aside[Decimal] = None
    additional_services: Aside[list[Service]] = None

    @property
    def open(self) -> int:
        return self.quantity - self.quantity_shipped - self.quantity_cancelled


class Detail(Their):
    order_id: str
    shipment_details: Person
    order_items: list[Item]
    pickup_point: bool | None = None
    order_placed_date_time: Moment | None = None
    billing_details: Person | None = None


# ------------------------------------------------------------ shipments, processes, the account


class Transport(Their):
    transport_id: str | None = None
    track_and_trace: str | None = None


class OfOrder(Their):
    order_id: str


class ShippedItem(Their):
    order_item_id: str


class TheirShipment(Their):
    """As a list shows it, and as its detail does: that has the code too."""

    shipment_id: str
    order: OfOrder
    shipment_items: list[ShippedItem]
    transport: Transport | None = None
    shipment_reference: str | None = None


class Process(Their):
    status: str
    process_status_id: str | None = None
    error_message: Aside[str] = None


class Violation(Their):
    name: Aside[str] = None
    reason: Aside[str] = None


class Refusal(Their):
    """Their Problem."""

    title: Aside[str] = None
    detail: Aside[str] = None
    violations: Aside[list[Violation]] = None


class Retailer(Their):
    retailer_id: str
    display_name: Aside[str] = None


class Token(Struct):
    access_token: str
    expires_in: Annotated[int, Meta(gt=0, le=_A_DAY_S)]  # bol says 299; what no clock can hold is no lifetime
