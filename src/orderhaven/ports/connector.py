"""The declaration: what a connector is. Forms, CLI prompts, docs tables, redaction and contract tests follow from it.

Adding a connector is adding a folder under `connectors/` with an `__init__.py` that holds one `DECLARATION`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from orderhaven.core.carriers import Carrier
from orderhaven.ports.clock import Clock


class Role(StrEnum):
    MARKETPLACE = "marketplace"
    SHOP = "shop"


class Can(StrEnum):
    """Abilities. Code asks for these; it never asks which connector it has."""

    # of a marketplace
    ACCEPT = "accept"  # orders want a yes first
    CANCEL = "cancel"  # the merchant can cancel through the API (for a shop: the hub can)
    HEAR_CANCELLATION_REQUESTS = "hear_cancellation_requests"
    REFUSE_CANCELLATION = "refuse_cancellation"  # a buyer's request can be refused through the API
    CORRECT_TRACKING = "correct_tracking"  # a confirmed shipment's code can be changed
    OUTCOME_LATER = "outcome_later"  # a telling is answered with "we will see"; the outcome is asked for
    FULFIL = "fulfil"  # the marketplace ships some orders itself
    OWN_LABEL = "own_label"  # some orders travel on the marketplace's own label
    PICKUP_POINTS = "pickup_points"
    # of a shop
    FIND_PRODUCTS_BY_EAN = "find_products_by_ean"
    SUPPRESS_MAIL = "suppress_mail"  # placing can be done without the shop mailing the buyer
    TAKE_DELIVERED = "take_delivered"  # can hold an order the marketplace ships itself, without touching stock


class Kind(StrEnum):
    """How a setting is asked for and checked."""

    TEXT = "text"
    URL = "url"
    YES_NO = "yes_no"
    CHOICE = "choice"
    LIST = "list"  # comma-separated


@dataclass(frozen=True, slots=True)
class Setting:
    key: str
    label: str
    help: str
    kind: Kind = Kind.TEXT
    secret: bool = False
    default: str | None = None  # None: must be given
    choices: tuple[str, ...] = ()  # for CHOICE; for LIST: read from the account at setup when empty


@dataclass(frozen=True, slots=True)
class Limits:
    """What the other side bears, and how long it may take to show what it did."""

    poll_floor: timedelta  # never listen more often than this
    call_timeout_s: float = 30.0
    calls_at_once: int = 4
    orders_per_look: int = 50  # references, products or orders asked for in one call
    lines_per_confirmation: int = 100
    lines_per_cancellation: int = 100
    settle: timedelta = timedelta(minutes=2)  # how long an effect may stay invisible after the call was given up
    outcome_deadline: timedelta = timedelta(minutes=30)  # for OUTCOME_LATER
    outcomes_per_call: int = 100
    overlap: timedelta = timedelta(minutes=10)  # how far each hearing reaches back before the last one
    handled_visible: timedelta | None = None  # how long orders handled elsewhere stay listed; None: for good
    reread_every: timedelta = timedelta(minutes=30)  # open shop orders are read again this often; 0: every time


@dataclass(frozen=True, slots=True)
class Declaration:
    name: str  # the folder's name
    title: str  # as people write it
    role: Role
    settings: tuple[Setting, ...]
    can: frozenset[Can]
    limits: Limits
    connector: str  # "package.module:Class", called with (settings, outside)
    sandbox: str = ""  # "package.module:Class", called with (clock); "" when there is none
    webhook: str = ""  # "package.module:function", see ports.nudging; "" when the other side does not call
    replay: str = ""  # "package.module:Class", a ports.replay.Stage, called with (clock); "" when nothing was recorded
    version: str = ""  # of their API
    carriers: Mapping[Carrier, str] = field(default_factory=dict)  # ours -> their word
    # where their word depends on the country (ISO-2) from which the parcel is sent
    carriers_from: Mapping[str, Mapping[Carrier, str]] = field(default_factory=dict)
    other_carrier: str = ""  # their word for a carrier they have no word for; "" when there is none
    carrier_required_with_code: bool = False
    honest: str = ""  # what this API cannot do although people expect it, for docs and setup

    def carrier_word(self, carrier: Carrier, ships_from: str = "") -> str:
        """Their word for it, or their way out for carriers they have no word for; "" when they will not have it at all."""
        there = self.carriers_from.get(ships_from, {})
        return there.get(carrier) or self.carriers.get(carrier) or self.other_carrier


class TokenCache(Protocol):
    """Where a session keeps a short-lived token between cycles; the store keeps it encrypted."""

    async def get(self) -> tuple[str, datetime] | None:
        """The token and when it ends, or None."""

    async def put(self, token: str, ends_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Outside:
    """What a connector gets of the world. `transport` is `connectors.kit.http.Transport`: the one seam to the network."""

    clock: Clock
    transport: Any
    tokens: TokenCache


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account a connection is, as the other side says it."""

    fingerprint: str  # the same for the same account, whatever keys are used; never a secret
    name: str
    remarks: tuple[str, ...] = ()  # what the merchant should know (old version, mails on, test mode ...)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # setting key -> what this account offers
    currencies: frozenset[str] = frozenset()  # of a shop: what it sells in; empty: it does not say


class MemoryTokens:
    """A token cache that lasts as long as the process: set-up checks, tests and tools."""

    def __init__(self) -> None:
        self._kept: tuple[str, datetime] | None = None

    async def get(self) -> tuple[str, datetime] | None:
        return self._kept

    async def put(self, token: str, ends_at: datetime) -> None:
        self._kept = (token, ends_at)
