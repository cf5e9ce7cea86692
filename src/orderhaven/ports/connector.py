"""What every connector declares and is given: its spec, its context, a clock; how a webhook is judged, and a country named."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

from iso3166 import countries_by_alpha2, countries_by_alpha3

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.translation import NamedEnum
from orderhaven.ports.sockets import Sockets

ENTRY_POINTS = "orderhaven.connectors"  # the group in which another package offers a connector: its name -> its spec


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""

    def in_real(self, seconds: float) -> timedelta:
        """How far this clock moves in so many real seconds (network time-outs are real on every clock)."""

    async def sleep(self, duration: timedelta) -> None: ...


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds(), 0))


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that runs `factor` times as fast, from `origin` at the real moment `started` (Unix seconds).

    The three numbers can be handed to other processes, so that hub and sandboxes share one time.
    """

    origin: datetime
    factor: float
    started: float = field(default_factory=time.time)

    @classmethod
    def of(cls, text: str) -> Self:
        """origin,factor,started: as it says itself."""
        origin, factor, started = text.split(",")
        return cls(datetime.fromisoformat(origin), float(factor), float(started))

    def __str__(self) -> str:
        return f"{self.origin.isoformat()},{self.factor},{self.started}"

    def now(self) -> datetime:
        return self.origin + timedelta(seconds=(time.time() - self.started) * self.factor)

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds * self.factor)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(duration.total_seconds() / self.factor, 0))


def is_recent(moment: datetime | None, now: datetime, within: timedelta) -> bool:
    """Whether it was less than `within` ago. A moment that lies ahead is not: the clock that said so was wrong."""
    return moment is not None and timedelta(0) <= now - moment < within


def is_time(at: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether something that is done `every` so often is due. Also when it is further ahead than it can be: then the clock was."""
    return at is None or not now < at <= now + every


def clock_of_the_environment() -> Clock:
    """The real one; or, for demo and tests, a faster one that ORDERHAVEN_CLOCK describes as "origin,factor,started"."""
    given = os.environ.get("ORDERHAVEN_CLOCK", "")
    if not given:
        return RealClock()
    return ScaledClock.of(given)


class NudgeVerdict(StrEnum):
    ACCEPTED = "accepted"  # signed with the secret, and about something that is worth pulling now
    IGNORED = "ignored"  # nothing to do: another topic, or the greeting with which the other side tries the address
    REJECTED = "rejected"  # not signed, or with another secret


WebhookJudge = Callable[[Mapping[str, str], bytes, str], NudgeVerdict]
"""Called with (headers, body, secret): names of headers in small letters, the body as it came. It compares signatures in
constant time, and raises nothing whatever it is given."""


class Side(StrEnum):
    MARKETPLACE = "marketplace"
    SHOP = "shop"


class Capability(NamedEnum):
    """Abilities. Code asks for these; it never asks which connector it has."""

    # of either side
    # a command is answered with "we will see"; the outcome is asked for
    ASYNCHRONOUS_COMMANDS = "asynchronous_commands", "answers that come later"
    # a command wants steps before it that nobody sees and that may be repeated
    PREPARES = "prepares", "steps before a command"
    # of a marketplace
    ACCEPT = "accept", "accepting orders"  # orders want a yes first
    # addresses and lines of an order may change, and its list shows that they did
    CHANGES_ORDERS = "changes_orders", "changes of orders"
    # lists orders while it checks the payment, or before it releases them
    HOLDS_ORDERS = "holds_orders", "orders that it still holds"
    SHIP_PARTS = "ship_parts", "shipping an order in parts"  # some of what is open can be confirmed before the rest
    # a shipment can be confirmed without a tracking number
    SHIP_UNTRACKED = "ship_untracked", "shipping without a tracking number"
    CANCEL = "cancel", "cancelling orders"  # the merchant can cancel through the API (for a shop: the hub can)
    # some lines can be cancelled while others stay, or were sent
    CANCEL_LINES = "cancel_lines", "cancelling single lines"
    # fewer pieces of a line can be cancelled than are open
    CANCEL_QUANTITY = "cancel_quantity", "cancelling part of a line"
    CANCELLATION_REQUESTS = "cancellation_requests", "buyers' requests to cancel"
    # a buyer's request can be refused through the API
    REFUSE_CANCELLATION = "refuse_cancellation", "refusing a request to cancel"
    # its record of a shipment tells ours from anybody else's: by our reference, its key or the tracking number
    SHOWS_SHIPMENTS = "shows_shipments", "telling our shipments from others"
    CORRECT_TRACKING = "correct_tracking", "correcting a tracking number"  # a confirmed shipment's code can be changed
    FULFILMENT = "fulfilment", "orders that it ships itself"  # the marketplace ships some orders itself
    OWN_LABEL = "own_label", "its own shipping labels"  # some orders travel on the marketplace's own label
    PICKUP_POINTS = "pickup_points", "pick-up points"
    GIVES_EAN = "gives_ean", "EANs of articles"  # an order's lines name the EAN of what was bought
    CHARGES_SHIPPING = "charges_shipping", "shipping costs"  # the buyer pays for shipping, and the order says how much
    # of a shop
    # also what a hub created that remembers nothing of it
    FIND_BY_REFERENCE = "find_by_reference", "finding orders by our number"
    FIND_PRODUCTS_BY_EAN = "find_products_by_ean", "finding products by EAN"
    # an order comes to what the buyer paid, whatever the shop asks for the same articles
    SETS_PRICES = "sets_prices", "orders at the price that the buyer paid"
    # orders can be created without the shop mailing the buyer
    SUPPRESS_MAIL = "suppress_mail", "orders without a mail to the buyer"
    # can hold an order the marketplace ships itself, without touching stock
    FULFILLED_BY_MARKETPLACE = "fulfilled_by_marketplace", "orders that the marketplace ships itself"
    # what the merchant can do there with an order that was placed
    EDIT_ORDERS = "edit_orders", "changing orders"  # change its lines
    # open it again after it was completed or cancelled, or complete what was cancelled
    REOPEN_ORDERS = "reopen_orders", "reopening orders"
    TRASH_ORDERS = "trash_orders", "orders in the trash"  # throw it away in such a way that it can still be found
    DELETE_ORDERS = "delete_orders", "deleting orders"  # make it be gone for good


class SettingKind(StrEnum):
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
    kind: SettingKind = SettingKind.TEXT
    secret: bool = False
    default: str | None = None  # None: must be given
    choices: tuple[str, ...] = ()  # for CHOICE; for LIST: read from the account at setup when empty


@dataclass(frozen=True, slots=True)
class Limits:
    """What the other side bears, and how long it may take to show what it did."""

    poll_floor: timedelta  # never listen more often than this
    call_timeout_s: float = 30.0
    concurrent_calls: int = 4
    orders_per_lookup: int = 50  # references, products or orders asked for in one call
    lines_per_confirmation: int = 100
    lines_per_cancellation: int = 100
    pieces_per_confirmation: int | None = None  # of all its lines together; None: any number. Wants SHIP_PARTS
    pieces_per_cancellation: int | None = None  # wants CANCEL_QUANTITY
    # how long an effect may stay invisible after the call was given up
    visibility_delay: timedelta = timedelta(minutes=2)
    outcome_deadline: timedelta = timedelta(minutes=30)  # for OUTCOME_LATER
    outcomes_per_call: int = 100
    commands_per_call: int = 1  # of one kind, in one request; above one the connector has `send_many`
    reference_length: int = 200  # of a shop: how many characters of our reference it keeps
    overlap: timedelta = timedelta(minutes=10)  # how far each pull reaches back before the last one
    handled_orders_visible: timedelta | None = None  # how long orders handled elsewhere stay listed; None: for good
    refresh_every: timedelta = timedelta(minutes=30)  # open shop orders are read again this often; 0: every time


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """What a connector is. What an account has of its own takes the place of these defaults: see `AccountProfile`."""

    name: str  # the folder's name
    title: str  # as people write it
    side: Side
    settings: tuple[Setting, ...]
    capabilities: frozenset[Capability]
    limits: Limits
    connector: str  # "package.module:Class", called with (settings, outside)
    sandbox: str = ""  # "package.module:Class", called with (clock); "" when there is none
    webhook: str = ""  # "package.module:function", a `WebhookJudge`; "" when the side does not call
    replay: str = ""  # "package.module:Class", a ports.replay.Stage, called with (clock); "" when nothing was recorded
    version: str = ""  # of their API
    carriers: Mapping[Carrier, str] = field(default_factory=dict)  # ours -> their word
    carriers_are_listed: bool = False  # the account has a list of its own, and what is not on it has no word
    # where their word depends on the country (ISO-2) from which the parcel is sent
    carriers_from: Mapping[str, Mapping[Carrier, str]] = field(default_factory=dict)
    other_carrier: str = ""  # their word for a carrier they have no word for; "" when there is none
    carrier_required_with_tracking: bool = False
    reasons: Mapping[CancelReason, str] = field(default_factory=dict)  # ours -> their word; empty: it asks for none
    reasons_are_listed: bool = False  # as `carriers_are_listed`
    limitations: str = ""  # what this API cannot do although people expect it, for docs and setup
    # what its errors say, {values} left open, beside what any connector's say: told in every language that it speaks. Each is tried on
    # the reasons of all connectors, so it begins and ends with words of its own
    error_reasons: tuple[str, ...] = ()
    plays_demo: bool = False  # the demo's day is played with it where nobody names another one

    def carrier_code(self, carrier: Carrier, ships_from: str = "") -> str:
        """Their word for it, or their way out for carriers they have no word for; "" when they will not have it at all."""
        there = self.carriers_from.get(ships_from, {})
        return there.get(carrier) or self.carriers.get(carrier) or self.other_carrier

    def takes_carrier(self, carrier: Carrier, ships_from: str = "") -> bool:
        """Whether it hears of this carrier: by a word of its own, or because it has no list."""
        has_list = self.carriers or self.carriers_are_listed
        return not has_list or bool(self.carrier_code(carrier, ships_from))

    def reason_code(self, reason: CancelReason) -> str:
        """Their word for why an order is cancelled, or the one for another reason; "" when they have neither."""
        return self.reasons.get(reason) or self.reasons.get(CancelReason.OTHER, "")


class TokenCache(Protocol):
    """Where a session keeps a short-lived token between runs; the store keeps it encrypted."""

    async def get(self) -> tuple[str, datetime] | None:
        """The token and when it ends, or None."""

    async def put(self, token: str, ends_at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectorContext:
    """What a connector gets of the world. `transport` is `connectors.kit.http.Transport`: the one seam to the network."""

    clock: Clock
    transport: Any
    tokens: TokenCache
    sockets: Sockets | None = None  # None: each session has as many as its limits say, whoever else calls there


@dataclass(frozen=True, slots=True)
class AccountProfile:
    """Whose account a connection is and what it has of its own, as the other side says it: read at setup and every day.

    Whatever is left out is as the spec says.
    """

    # the same for the same account, whatever keys are used; never a secret. Where the API has no name for the account: the id of
    # something that is its own and lasts, such as its oldest warehouse, with a word in `limitations`
    fingerprint: str
    name: str
    remarks: tuple[str, ...] = ()  # what the merchant should know (old version, mails on, test mode ...)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # setting key -> what this account offers
    currencies: frozenset[str] = frozenset()  # of a shop: what it sells in; empty: it does not say
    channels: Mapping[str, str] = field(default_factory=dict)  # of a marketplace: code -> what it calls it; empty: none
    title: str = ""  # what this marketplace or shop is called, where one software runs many
    lacks: frozenset[Capability] = frozenset()  # what the spec declares and this account cannot do
    limits: Limits | None = None
    # code -> what the account calls it; the hub matches each to one of ours, and a command carries the code
    carriers: Mapping[str, str] | None = None
    reasons: Mapping[str, str] | None = None  # to cancel


class InMemoryTokenCache:
    """A token cache that lasts as long as the process: set-up checks, tests and tools."""

    def __init__(self) -> None:
        self._cached: tuple[str, datetime] | None = None

    async def get(self) -> tuple[str, datetime] | None:
        return self._cached

    async def put(self, token: str, ends_at: datetime) -> None:
        self._cached = (token, ends_at)


def alpha2(code: str) -> str | None:
    """A country's code as others write it, by ISO 3166: `NL` for `nl` and for `NLD`.

    None for what is no country's code: XI, EL and UK are no ISO codes either.
    """
    if code in countries_by_alpha2:  # as nearly all of them are written
        return code
    plain = code.strip().upper()
    if plain in countries_by_alpha2:
        return plain
    found = countries_by_alpha3.get(plain)
    return found.alpha2 if found else None
