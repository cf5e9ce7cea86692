"""An order as every marketplace's order looks here: what was bought, by whom, where it goes, what it costs."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from orderhaven.core.address import Address
from orderhaven.core.money import Money, sum_money


class LineFacts(Struct, frozen=True):
    """What the marketplace says of one line now. Pieces, never money."""

    ref: str  # the line's key within its order, as in Line.ref
    ordered: int
    shipped: int = 0
    cancelled: int = 0
    buyer_asks_to_cancel: bool = False
    by_marketplace: bool = False  # fulfilled by the marketplace itself, from its own warehouse

    @property
    def open(self) -> int:
        return max(self.ordered - self.shipped - self.cancelled, 0)


class Line(Struct, frozen=True):
    """One article of an order. `remote_ids` are the marketplace's ids: several where it counts piece by piece."""

    ref: str
    remote_ids: tuple[str, ...]
    title: str
    sku: str  # the merchant's own number; "" where the offer carries none
    ean: str  # "" where the marketplace gives none
    facts: LineFacts
    unit_price: Money
    total: Money  # what the buyer paid for the whole line, after discounts
    discount: Money
    commission: Money | None = None  # None: the marketplace does not say
    vat_rate: Decimal | None = None  # 0.21; None: the marketplace does not say
    services: tuple[str, ...] = ()  # extras the buyer chose, in the marketplace's words


class Order(Struct, frozen=True):
    ref: str  # the marketplace's order number
    placed_at: datetime
    changed_at: datetime
    currency: str
    prices_include_vat: bool
    lines: tuple[Line, ...]
    ship_to: Address
    bill_to: Address
    shipping_cost: Money
    discount: Money  # of the whole order, not of a line
    language: str = ""  # of the buyer, ISO 639-1; "" unknown
    ship_by: datetime | None = None  # None: the marketplace names no such moment
    deliver_by: datetime | None = None
    expires_at: datetime | None = None  # the marketplace cancels by itself after this
    needs_acceptance: bool = False  # the marketplace waits for a yes before it is an order
    marketplace_label: bool = False  # travels on a label bought at the marketplace
    is_test: bool = False
    buyer_reference: str = ""  # the buyer's own order reference
    meta: tuple[tuple[str, str], ...] = ()  # what else the shop may want to keep, by name
    personal_meta: tuple[tuple[str, str], ...] = ()  # the same of the buyer: erased with the addresses

    @property
    def total(self) -> Money:
        """What the buyer paid, as stated (with VAT if `prices_include_vat`)."""
        stated = sum_money([self.shipping_cost, *[line.total for line in self.lines]], self.currency)
        return stated if self.discount.is_zero else stated - self.discount

    @property
    def by_marketplace(self) -> bool:
        """Whether the marketplace ships every line itself."""
        return bool(self.lines) and all(line.facts.by_marketplace for line in self.lines)
