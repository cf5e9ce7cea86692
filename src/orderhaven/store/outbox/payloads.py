"""What goes out with a message, by its kind: kept in `Message.payload` as it was when the message began, without personal data.

Before that a payload holds what was known when the message was put. Decoded and encoded here and nowhere else.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from orderhaven.core.commands import CancelReason
from orderhaven.core.translation import NamedEnum
from orderhaven.store.sql.struct_field import StructField

Quantities = Mapping[str, int]  # line ref -> quantity; empty until the message begins


class MessageKind(NamedEnum):
    """What a message says."""

    CREATE = "create", "Create in the shop"
    CANCEL_SHOP = "cancel_shop", "Cancel in the shop"
    ACCEPT = "accept", "Accept the order"
    CONFIRM = "confirm", "Confirm the shipment"
    CANCEL = "cancel", "Cancel the order"
    REFUSE = "refuse", "Refuse the cancellation"
    CORRECT = "correct", "Correct the code"


class _StoredPayload(Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """What stands in the column: the kind, and every field that says something."""


class CreatePayload(_StoredPayload, frozen=True, tag=MessageKind.CREATE.value):
    quantities: Quantities = {}
    total: str = ""  # what the shop's order should come to
    products: Mapping[str, str] = {}  # line ref -> the shop's product


class CancelShopPayload(_StoredPayload, frozen=True, tag=MessageKind.CANCEL_SHOP.value):
    """The shop's order alone says what is cancelled."""


class AcceptPayload(_StoredPayload, frozen=True, tag=MessageKind.ACCEPT.value):
    quantities: Quantities = {}


class ConfirmPayload(_StoredPayload, frozen=True, tag=MessageKind.CONFIRM.value):
    tracking_number: str = ""
    carrier: str = ""  # "": it goes without
    ships_from: str = ""
    label_number: str = ""  # of the marketplace, instead of a code
    quantities: Quantities = {}
    carrier_code: str = ""  # the marketplace's word for that carrier


class CancelPayload(_StoredPayload, frozen=True, tag=MessageKind.CANCEL.value):
    reason: CancelReason = CancelReason.OTHER
    quantities: Quantities = {}
    reason_code: str = ""  # the marketplace's word for it


class RefusePayload(_StoredPayload, frozen=True, tag=MessageKind.REFUSE.value):
    quantities: Quantities = {}


class CorrectPayload(_StoredPayload, frozen=True, tag=MessageKind.CORRECT.value):
    confirmation: int = 0  # the message that confirmed the shipment; 0: of a version that did not keep it
    shipment_ref: str = ""  # the marketplace's own key of it; "": it gave none
    confirmation_reference: str = ""  # our reference of the confirmation
    quantities: Quantities = {}
    tracking_number: str = ""
    carrier: str = ""
    ships_from: str = ""
    carrier_code: str = ""


MarketplacePayload = AcceptPayload | ConfirmPayload | CancelPayload | RefusePayload | CorrectPayload
Payload = CreatePayload | CancelShopPayload | MarketplacePayload

EMPTY_PAYLOADS: Mapping[MessageKind, Payload] = {
    MessageKind.CREATE: CreatePayload(),
    MessageKind.CANCEL_SHOP: CancelShopPayload(),
    MessageKind.ACCEPT: AcceptPayload(),
    MessageKind.CONFIRM: ConfirmPayload(),
    MessageKind.CANCEL: CancelPayload(),
    MessageKind.REFUSE: RefusePayload(),
    MessageKind.CORRECT: CorrectPayload(),
}


class PayloadField(StructField):
    struct_decoder = msgspec.json.Decoder(Payload)
