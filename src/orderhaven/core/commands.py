"""What a marketplace is sent about an order: it left, it is cancelled, it is accepted."""

from datetime import datetime

from msgspec import Struct

from orderhaven.core.carriers import Carrier
from orderhaven.core.translation import NamedEnum


class TrackingNumber(Struct, frozen=True):
    """A track & trace code as the shop keeps it."""

    number: str
    carrier_name: str = ""  # what the shop calls the carrier; "" where it says nothing
    url: str = ""
    field: str = ""  # the field it stands in, as the shop names it; "" where it has one field only


class UnreadableTracking(Struct, frozen=True):
    """What stands in a field for a tracking number and yields none. It may be a telephone number, or a name."""

    field: str  # as in TrackingNumber
    text: str = ""  # "": something in a form that nobody knows


class LineQuantity(Struct, frozen=True):
    """So many pieces of one line, by the marketplace's own ids of it."""

    line_ref: str
    remote_ids: tuple[str, ...]
    quantity: int


class _Preparable(Struct, frozen=True, kw_only=True):
    prepared: str = ""  # what `prepare` of the connector gave last time


class MarketplaceCommand(_Preparable, frozen=True):
    """One thing to say about one order, in one request.

    `reference` is ours and unique per attempt-independent message: where the marketplace keeps it, a look can recognise our own.
    """

    order_ref: str
    reference: str
    quantities: tuple[LineQuantity, ...]


class ShipmentConfirmation(MarketplaceCommand, frozen=True):
    tracking_number: str = ""  # "": shipped without track & trace
    carrier: Carrier | None = None  # None exactly when there is no tracking number or no carrier could be recognised
    ships_from: str = ""  # ISO-2 country; "" when the merchant has not said
    label_number: str = ""  # the number of the marketplace's own label; then neither code nor carrier is sent
    carrier_code: str = (
        ""  # the marketplace's word for that carrier; "" with a carrier: it has no list, and any name will do
    )
    completed_at: datetime | None = None  # when the shop completed it; None: the shop does not say


class CancelReason(NamedEnum):
    """Why an order is cancelled."""

    OUT_OF_STOCK = "out_of_stock", "Out of stock"
    BUYER_REQUEST = "buyer_request", "The buyer asked"
    OTHER = "other", "Another reason"


class Cancellation(MarketplaceCommand, frozen=True):
    reason: CancelReason = CancelReason.OTHER
    reason_code: str = ""  # the marketplace's word for it; "": it asks for none


class Acceptance(MarketplaceCommand, frozen=True):
    """Yes to an order that the marketplace wants accepted."""


class CancellationRefusal(MarketplaceCommand, frozen=True):
    """No to a buyer's wish to cancel."""


class TrackingCorrection(MarketplaceCommand, frozen=True):
    """Another code for a shipment that was confirmed: it changes the code, never the moment.

    Where the marketplace named no shipment, it is the one that our confirmation made, or that holds these pieces.
    """

    shipment_ref: str = ""  # the marketplace's own key of it; "" where it gave none
    tracking_number: str = ""
    carrier: Carrier | None = None
    ships_from: str = ""
    confirmation_reference: str = ""  # our reference of the confirmation
    carrier_code: str = ""  # as in ShipmentConfirmation
