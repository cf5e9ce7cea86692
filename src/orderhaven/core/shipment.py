"""What a marketplace is told of an order: it left, it is cancelled, it is accepted."""

from datetime import datetime
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.core.values import value


@value(frozen=True, slots=True)
class TrackingCode:
    """A track & trace code as the shop keeps it."""

    code: str
    carrier_word: str = ""  # what the shop calls the carrier; "" where it says nothing
    url: str = ""


@value(frozen=True, slots=True)
class Pieces:
    """So many pieces of one line, by the marketplace's own ids of it."""

    line_ref: str
    remote_ids: tuple[str, ...]
    quantity: int


@value(frozen=True, slots=True)
class Telling:
    """One thing to tell about one order, in one request.

    `reference` is ours and unique per attempt-independent message: where the marketplace keeps it, a look can recognise our own.
    """

    order_ref: str
    reference: str
    pieces: tuple[Pieces, ...]


@value(frozen=True, slots=True)
class Shipment(Telling):
    code: str = ""  # "": shipped without track & trace
    carrier: Carrier | None = None  # None exactly when there is no code or no carrier could be told
    ships_from: str = ""  # ISO-2 country; "" when the merchant has not said
    label: str = ""  # the number of the marketplace's own label; then neither code nor carrier is sent
    completed_at: datetime | None = None  # when the shop completed it; None: the shop does not say


class CancelReason(StrEnum):
    BUYER_ASKED = "buyer_asked"
    OUT_OF_STOCK = "out_of_stock"
    OTHER = "other"


@value(frozen=True, slots=True)
class Cancellation(Telling):
    reason: CancelReason = CancelReason.OTHER


@value(frozen=True, slots=True)
class Acceptance(Telling):
    """Yes to an order that the marketplace wants accepted."""


@value(frozen=True, slots=True)
class Refusal(Telling):
    """No to a buyer's wish to cancel."""


@value(frozen=True, slots=True)
class Correction(Telling):
    """Another code for a shipment that was confirmed: it changes the code, never the moment."""

    shipment_ref: str = ""
    code: str = ""
    carrier: Carrier | None = None
    ships_from: str = ""
