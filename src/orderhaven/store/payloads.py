"""What goes out with a message, by its kind: kept in `Message.payload` as it was when the message began, without personal data.

Before that a payload holds what was known when the message was put. Decoded and encoded here and nowhere else.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import models
from msgspec import Struct

from orderhaven.core.shipment import CancelReason

Pieces = Mapping[str, int]  # line ref -> quantity; empty until the message begins


class Kind(StrEnum):
    """What a message tells."""

    PLACE = "place"
    CANCEL_SHOP = "cancel_shop"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    REFUSE = "refuse"
    CORRECT = "correct"


class _Kept(Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """What stands in the column: the kind, and every field that says something."""


class PlacePayload(_Kept, frozen=True, tag=Kind.PLACE.value):
    pieces: Pieces = {}
    total: str = ""  # what the shop's order should come to
    products: Mapping[str, str] = {}  # line ref -> the shop's product


class CancelShopPayload(_Kept, frozen=True, tag=Kind.CANCEL_SHOP.value):
    """The shop's order alone says what is cancelled."""


class AcceptPayload(_Kept, frozen=True, tag=Kind.ACCEPT.value):
    pieces: Pieces = {}


class ConfirmPayload(_Kept, frozen=True, tag=Kind.CONFIRM.value):
    code: str = ""
    carrier: str = ""  # "": it goes without
    ships_from: str = ""
    label: str = ""  # of the marketplace, instead of a code
    pieces: Pieces = {}


class CancelPayload(_Kept, frozen=True, tag=Kind.CANCEL.value):
    reason: CancelReason = CancelReason.OTHER
    pieces: Pieces = {}


class RefusePayload(_Kept, frozen=True, tag=Kind.REFUSE.value):
    pieces: Pieces = {}


class CorrectPayload(_Kept, frozen=True, tag=Kind.CORRECT.value):
    confirmation: int = 0  # the message that confirmed the shipment; 0: of a version that did not keep it
    shipment_ref: str = ""  # the marketplace's own key of it; "": it gave none
    confirmed_as: str = ""  # our reference of the confirmation
    pieces: Pieces = {}
    code: str = ""
    carrier: str = ""
    ships_from: str = ""


MarketplacePayload = AcceptPayload | ConfirmPayload | CancelPayload | RefusePayload | CorrectPayload
Payload = PlacePayload | CancelShopPayload | MarketplacePayload

NOTHING_KNOWN: Mapping[Kind, Payload] = {
    Kind.PLACE: PlacePayload(),
    Kind.CANCEL_SHOP: CancelShopPayload(),
    Kind.ACCEPT: AcceptPayload(),
    Kind.CONFIRM: ConfirmPayload(),
    Kind.CANCEL: CancelPayload(),
    Kind.REFUSE: RefusePayload(),
    Kind.CORRECT: CorrectPayload(),
}
decode = msgspec.json.Decoder(Payload).decode


if TYPE_CHECKING:
    _Column = models.JSONField[Payload, Payload]
else:
    _Column = models.JSONField


class PayloadField(_Column):
    """A JSON column whose values are payloads on this side of the database; migrations see a plain one."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value is None else decode(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(msgspec.to_builtins(value), connection, prepared)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
