"""The three snapshots that are compared in the end, as plain values that travel as JSON."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import ConfirmedShipment


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the marketplace has it, and what people did to it there (None: did not happen)."""

    ref: str
    placed_at: datetime
    quantities: Mapping[str, int]  # sku -> pieces
    total: Decimal
    by_marketplace: bool = False
    own_label: bool = False
    not_for_sale: bool = False  # the shop lacks an article
    cancelled_there_at: datetime | None = None
    shipped_there_at: datetime | None = None
    is_cancelled: bool = False
    shipments: tuple[ConfirmedShipment, ...] = ()


class MarketplaceSide(msgspec.Struct, frozen=True):
    sold: tuple[Sold, ...]


class ShopWord(StrEnum):
    """How a shop order stands, whatever the shop calls it."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class InShop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop order as the back office has it, and what the merchant did to it."""

    shop_ref: str
    reference: str  # the hub's; "" when the order is another tool's
    state: ShopWord
    quantities: Mapping[str, int]
    total: Decimal
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None  # by the merchant
    code: str = ""
    carrier: Carrier | None = None  # who carries it; None exactly when there is no code
    code_at: datetime | None = None
    label: str = ""
    left_as: ShopWord | None = None  # how another tool left its order; None: the order is the hub's


class ShopSide(msgspec.Struct, frozen=True):
    orders: tuple[InShop, ...]


class Open(msgspec.Struct, frozen=True):
    """A problem that waits for a person."""

    kind: ProblemKind
    sentence: str


class InHub(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the hub shows it to the merchant."""

    ref: str
    status: Status
    shop_ref: str = ""
    marketplace_sync: str = ""
    confirmed_at: datetime | None = None
    tracking_number: str = ""
    handled_externally: bool = False
    unsent: int = 0  # messages that still wait to be sent, or for an outcome
    problems: tuple[Open, ...] = ()


class HubSide(msgspec.Struct, frozen=True):
    orders: tuple[InHub, ...]
    last_pulled_at: datetime | None = None  # when the older of the two last pulls began; None: a side was never pulled


class OutsideView(msgspec.Struct, frozen=True, kw_only=True):
    """What the process with the sandboxes says of both other sides."""

    marketplace: MarketplaceSide
    shop: ShopSide
    planned: int  # orders of the whole day
    is_done: bool  # nobody will do anything any more
    last_deed_at: datetime | None = None  # of what people did so far
    faults: Mapping[str, int] = {}  # what went wrong on purpose so far
    calls: int = 0
