"""What a connector's sandbox offers a person at the other side: the demo, the journeys and the contract suites drive these.

A sandbox is `handle(request) -> response` on a clock, as strict as the real API; `connectors.kit.server` puts it on a socket.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct


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


class ConfirmedShipment(Struct, frozen=True):
    order_ref: str
    quantities: Mapping[str, int]  # the marketplace's line id -> quantity
    carrier_code: str  # "" when none was sent
    tracking_number: str
    label_number: str
    at: datetime


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


# ------------------------------------------------------------ both sides


class Sandbox(Protocol):
    calls: list[str]  # "METHOD /path" of every request taken in, in order
    faults: Any  # connectors.kit.faults.Faults: what goes wrong next

    def settings(self, url: str) -> Mapping[str, str]:
        """The connection settings that reach this sandbox at `url`."""

    async def handle(self, request: Any) -> Any: ...


class SandboxMarketplace(Sandbox, Protocol):
    def sell(self, basket: Basket) -> str:
        """A buyer orders; the order's ref."""

    def request_cancellation(self, ref: str) -> None: ...

    def cancel(self, ref: str) -> None:
        """The marketplace cancels what is still open."""

    def ship_elsewhere(self, ref: str, tracking_number: str = "") -> None:
        """The merchant (or the marketplace, for its own orders) ships outside the hub."""

    def ship_part(self, ref: str) -> bool:
        """One piece of what is open is shipped outside the hub; False, and nothing, where that would be all of it or cannot be."""

    def refs(self) -> Sequence[str]: ...

    def shipments(self) -> Sequence[ConfirmedShipment]:
        """Every shipment that was confirmed, in order, whoever did it."""

    def cancelled(self) -> frozenset[str]:
        """Orders of which no piece will come any more."""


class BackOfficeOrder(Struct, frozen=True):
    """A shop order as its merchant sees it."""

    shop_ref: str
    reference: str  # ours, "" when the order is not
    status: str
    total: str
    quantities: Mapping[str, int]  # sku -> pieces


class SandboxShop(Sandbox, Protocol):
    def stock(self, articles: Sequence[CatalogueItem], quantity: int = 1000) -> None:
        """The shop sells these."""

    def complete(self, shop_ref: str, tracking_number: str = "", carrier_name: str = "") -> None:
        """The merchant ships: with a code, or bare."""

    def add_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None: ...

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

    def fail_before_stock(self) -> None:
        """The next order that is created is there with lines, total and status; its stock is not taken."""

    def reduce_stock_afterwards(self, shop_ref: str) -> None:
        """A person mends that."""
