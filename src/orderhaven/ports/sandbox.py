"""What a connector's sandbox offers a person at the other side: the demo, the journeys and the contract suites drive these.

A sandbox is `handle(request) -> response` on a clock, as strict as the real API; `connectors.kit.server` puts it on a socket.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from orderhaven.core.order import WaitsFor
from orderhaven.core.shop_order import ShopState


class CatalogueItem(Struct, frozen=True):
    """Something for sale on both sides."""

    sku: str
    ean: str
    title: str
    price: str  # with VAT, "12.99"


class Basket(Struct, frozen=True):
    """An order a buyer places. `address` overrides the buyer's address by field name of core.order.Address."""

    lines: Sequence[tuple[CatalogueItem, int]]
    currency: str = "EUR"
    by_marketplace: bool = False
    marketplace_label: bool = False
    pickup_point: str = ""
    address: Mapping[str, str] = {}
    discount: str = "0.00"  # on the first line
    waits_for: WaitsFor = WaitsFor.NOTHING  # a yes only with Capability.ACCEPT, the rest with Capability.HOLDS_ORDERS
    shipping: str = (
        ""  # of an order that another tool makes: what is charged for sending it; "": what that shop charges
    )
    channel: str = ""  # where it is sold; "": its usual one. One that the sandbox does not have is refused


class ConfirmedShipment(Struct, frozen=True):
    order_ref: str
    quantities: Mapping[str, int]  # the marketplace's line id -> quantity
    carrier_code: str  # "" when none was sent
    tracking_number: str
    label_number: str
    at: datetime
    key: str = ""  # the marketplace's own, where a command's outcome names it


# ------------------------------------------------------------ one row of a list that is bent out of shape


class SandboxList(StrEnum):
    """The lists that a connector reads."""

    CHANGES = "changes"  # of a pull
    OUTCOMES = "outcomes"  # what became of many commands
    RECORDS = "records"  # what a verification goes by
    READ = "read"  # shop orders by their keys
    FOUND = "found"  # shop orders by our references
    PRODUCTS = "products"


class Malformation(StrEnum):
    """What is wrong with one row of a list."""

    MISSING = "missing"  # a field that decides something
    NULL = "null"
    OTHER_TYPE = "other_type"
    UNKNOWN_WORD = "unknown_word"
    UNIDENTIFIED = "unidentified"  # the field by which the row is known is missing


EVERY_ROW = "*"  # instead of one row's key
FIRST_ROW = "^"  # the first that the list shows from now on, and then always that one


# ------------------------------------------------------------ what a call is for, and what goes wrong with it


class CallKind(StrEnum):
    SIGN_IN = "sign_in"  # asks for credentials
    READ = "read"  # only asks, whatever its method
    READ_ORDER = "read_order"  # only asks, for one order by itself
    PREPARE = "prepare"  # may be repeated, and nothing that counts is there before the command itself
    CREATE = "create"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CORRECT = "correct"
    OTHER = "other"  # changes something that is no order


EFFECTS = frozenset(CallKind) - {CallKind.SIGN_IN, CallKind.READ, CallKind.READ_ORDER, CallKind.PREPARE}


class SandboxCall(Struct, frozen=True):
    """`about`: of which orders the call speaks, as far as it says so: a marketplace's numbers, or our references at a shop."""

    kind: CallKind
    about: frozenset[str] = frozenset()

    @property
    def has_effect(self) -> bool:
        return self.kind in EFFECTS


class CallFault(StrEnum):
    """What its caller sees of a call that goes wrong."""

    NEVER = "never"  # not done, no answer
    AFTER = "after"  # done, and the answer is lost
    RESET = "reset"  # not done, the connection breaks
    REFUSED = "refused"  # nothing listens: surely not sent
    LATE = "late"  # done, answered after `delay`
    STATUS = "status"  # not done, a server error
    STATUS_AFTER = "status_after"  # done, and still a server error
    RATE_LIMITED = "rate_limited"  # not done; with the time to wait when `delay` is set
    GARBAGE = "garbage"  # done, answered with what is nothing
    TRUNCATED = "truncated"  # done, half of the answer
    HTML = "html"  # not done, a web page instead
    HTML_AFTER = "html_after"  # done, a web page instead
    MARKED = "marked"  # done, answered behind a byte order mark
    WARNED = "warned"  # done, answered behind a warning of PHP


class CommandFate(StrEnum):
    """What becomes of a command that was taken in, where the outcome is said later."""

    NORMAL = "normal"
    FAIL = "fail"  # not carried out, and it says so
    STUCK = "stuck"  # not carried out, pending for ever
    STUCK_DONE = "stuck_done"  # carried out, pending for ever
    TIMEOUT = "timeout"  # not carried out: its time was up
    TIMEOUT_DONE = "timeout_done"  # carried out: its time was up
    FORGOTTEN = "forgotten"  # not carried out, and nobody has heard of it
    FORGOTTEN_DONE = "forgotten_done"  # carried out, and nobody has heard of it


class ListDisorder(StrEnum):
    """How a marketplace's list of orders goes wrong."""

    REPEATED_ROWS = "repeated_rows"  # pages repeat each other's last row
    SHIFTING_PAGES = "shifting_pages"  # it moves between two of its pages
    LATE = "late"  # new orders show up in it late


class SandboxFaults(Protocol):
    """What goes wrong next."""

    def spoil(
        self,
        fault: CallFault,
        calls: Callable[[SandboxCall], bool],
        *,
        times: int = 1,
        delay: timedelta = timedelta(0),
        status: int = 503,
        met: Callable[[SandboxCall], None] = lambda call: None,
    ) -> None:
        """So many of these calls, from now on; -1: until `clear`. `status` is that of a server error; `met` is told of each."""

    def clear(self) -> None:
        """Nothing goes wrong any more."""


# ------------------------------------------------------------ both sides


class Sandbox(Protocol):
    calls: list[
        str
    ]  # "METHOD /path" of every request taken in, in order; behind that, what else tells requests to one address apart
    faults: Any  # a `SandboxFaults`
    speaks_http: bool  # False: only its connector reaches it, in the same process

    def settings(self, url: str) -> Mapping[str, str]:
        """The connection settings that reach this sandbox at `url`."""

    async def handle(self, request: Any) -> Any: ...

    def kind_of(self, call: str) -> CallKind:
        """What one of `calls` was for."""

    def call_of(self, request: Any) -> SandboxCall:
        """The same of a request, with the orders that it is about."""

    def malform(
        self,
        listing: SandboxList,
        key: str,
        how: Malformation,
        alone: bool = False,
        met: Callable[[str], None] = lambda key: None,
    ) -> None:
        """Bends one row of a list, by its key, from now on; `alone`: also where that one is asked for by itself. `met` is told
        the key of each row that a list shows so."""

    def straighten(self) -> None:
        """No row is bent any more."""

    def expire_tokens(self) -> bool:
        """All credentials end that do; False where none does."""

    def secrets(self) -> Sequence[str]:
        """What must stand in no log and on no page."""


class SandboxMarketplace(Sandbox, Protocol):
    def sell(self, basket: Basket) -> str:
        """A buyer orders; the order's ref."""

    def request_cancellation(self, ref: str) -> None: ...

    def withdraw_cancellation_request(self, ref: str) -> None: ...

    def cancel(self, ref: str) -> None:
        """The marketplace cancels what is still open."""

    def ship_elsewhere(self, ref: str, tracking_number: str = "") -> None:
        """The merchant (or the marketplace, for its own orders) ships outside the hub."""

    def ship_part(self, ref: str) -> bool:
        """One piece of what is open is shipped outside the hub; False, and nothing, where that would be all of it or cannot be."""

    def take_back_shipment(self, ref: str) -> bool:
        """The marketplace undoes what was shipped and cancels it; False, and nothing, where it never does or nothing was."""

    def release(self, ref: str) -> bool:
        """What the marketplace wanted to see to first is done; False, and nothing, where it waits for nothing of theirs."""

    def change_address(self, ref: str, address: Mapping[str, str]) -> bool:
        """The buyer has it sent elsewhere, by field name of core.order.Address; False, and nothing, where that cannot be."""

    def change_quantity(self, ref: str, quantity: int) -> bool:
        """So many pieces of its first line are wanted; False, and nothing, where that cannot be."""

    def touch(self, ref: str) -> None:
        """Something small changes about an order, and its place in lists with it."""

    def refs(self) -> Sequence[str]: ...

    def is_open(self, ref: str) -> bool:
        """Whether anything of it can still be shipped or cancelled."""

    def shipping_cost_of(self, ref: str) -> str:
        """What the buyer pays for sending it, "2.95"."""

    def shipments(self) -> Sequence[ConfirmedShipment]:
        """Every shipment that was confirmed, in order, whoever did it."""

    def cancelled(self) -> frozenset[str]:
        """Orders of which no piece will come any more."""

    # what the marketplace itself does with lists and commands

    def answer_after(self, delay: timedelta | None) -> bool:
        """How long it takes until it says what became of a command, None: at once. False, and nothing, where it cannot."""

    def list_whole_orders(self, whole: bool) -> None:
        """Whether its list carries whole orders, where it can be either."""

    def decide_fates(
        self, fates: Sequence[CommandFate], met: Callable[[CommandFate, frozenset[str]], None] = lambda fate, refs: None
    ) -> bool:
        """What becomes of the next commands, one after the other; `met` is told of each, with the orders it is about. None: all
        goes well again. False, and nothing, where this is not simulated."""

    def disorder(self, how: ListDisorder, late: timedelta, between_pages: Callable[[], None]) -> None:
        """Its list of orders goes wrong; `between_pages` is what happens there after each page."""

    def restore_order(self) -> None:
        """Its list is well again."""


class BackOfficeOrder(Struct, frozen=True):
    """A shop order as its merchant sees it."""

    shop_ref: str
    reference: str  # ours, "" when the order is not
    status: str  # as the shop calls it
    total: str
    quantities: Mapping[str, int]  # sku -> pieces
    state: ShopState


class ApiCancellation(Struct, frozen=True):
    """A shop order that was cancelled through the API, not by its merchant."""

    shop_ref: str
    was: ShopState  # before
    at: datetime


class SandboxShop(Sandbox, Protocol):
    full_pages: int  # how many pages of a list of changes were full so far
    keeps_numbers: bool  # whether a tracking number that is added stands beside those before it

    def stock(self, articles: Sequence[CatalogueItem], quantity: int = 1000) -> None:
        """The shop sells these."""

    def complete(self, shop_ref: str, tracking_number: str = "", carrier_name: str = "") -> None:
        """The merchant ships: with a code, or bare."""

    def add_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None: ...

    def replace_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None:
        """The merchant puts another number in the place of the one that stands there."""

    def add_line(self, shop_ref: str, article: CatalogueItem, quantity: int, price: str = "0.00") -> None:
        """The merchant or a plug-in puts a line into an order that was not ordered; the shop sells the article."""

    def change_quantity(self, shop_ref: str, sku: str, quantity: int) -> None:
        """The merchant changes how many of an article stand in an order; 0 takes the line out."""

    def cancel(self, shop_ref: str) -> None: ...

    def reopen(self, shop_ref: str) -> None: ...

    def trash(self, shop_ref: str) -> None: ...

    def delete(self, shop_ref: str) -> None: ...

    def create_by_other_tool(self, basket: Basket, number: str) -> str:
        """Another tool or a person makes this order; the shop's key of it."""

    def orders(self) -> Sequence[BackOfficeOrder]:
        """All orders, trashed ones included, oldest first."""

    def stock_of(self, sku: str) -> int: ...

    def recipient_of(self, shop_ref: str) -> Mapping[str, str]:
        """Where `last_name`, `street`, `phone` and `email` of a buyer stand in an order: the whole text that is there."""

    def api_cancellations(self) -> Sequence[ApiCancellation]: ...

    def refuse_orders(self, while_: Callable[[], bool], met: Callable[[SandboxCall], None]) -> bool:
        """Each order that is to be created while that holds is refused for one and the same cause; `met` is told of each. False,
        and nothing, where this is not simulated."""

    def change_profile(self) -> bool:
        """The merchant changes the shop's taxes, and a plug-in brings a status; False where the shop has none of it."""

    def fail_before_stock(self) -> bool:
        """The next order that is created is there with lines, total and status; its stock is not taken. False, and nothing, where
        an order is created as a whole or not at all."""

    def reduce_stock_afterwards(self, shop_ref: str) -> None:
        """A person mends that."""
