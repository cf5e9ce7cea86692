"""An order as the shop's back office shows it: what of ours it holds and how far the merchant is with it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.carriers import numbers_in
from orderhaven.core.money import Money
from orderhaven.core.order import Line, Order
from orderhaven.core.shipment import TrackingCode, UnreadText


class ShopState(StrEnum):
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TRASHED = "trashed"
    GONE = "gone"


THROWN_AWAY = (ShopState.TRASHED, ShopState.GONE)


class ShopLine(Struct, frozen=True):
    product_ref: str  # "" where the line points at no product
    sku: str
    title: str
    quantity: int
    refunded: int = 0
    line_ref: str = ""  # our Line.ref, where the shop kept it
    total: Money | None = None  # of one without our mark, with or without tax; None: the shop does not say


class ShopOrder(Struct, frozen=True):
    """One reading of one shop order. State, not history: reading it twice changes nothing."""

    shop_ref: str  # the shop's own key
    number: str  # what the merchant sees; often the same
    reference: str  # ours, as given to `place`; "" for an order that is not ours
    state: ShopState
    status_word: str  # the shop's own word for it
    lines: tuple[ShopLine, ...] = ()
    total: Money | None = None  # None exactly when GONE
    codes: tuple[TrackingCode, ...] = ()
    unread: tuple[UnreadText, ...] = ()
    label: str = ""  # number of a marketplace label that the merchant noted in the shop
    placed_at: datetime | None = None
    completed_at: datetime | None = None
    changed_at: datetime | None = None
    flaw: str = ""  # from `place` and `find`: what the shop left undone when it made the order, as a reason

    def pieces(self) -> int:
        """How many pieces leave with it, refunded ones left out."""
        return sum(line.quantity - line.refunded for line in self.lines)


def with_numbers_only(order: ShopOrder, own_eans: frozenset[str] = frozenset()) -> ShopOrder:
    """The same reading with nothing among its codes but clean tracking numbers; what is none stands in `unread`.

    `own_eans`: of the products in this order, one of which may have been scanned by mistake.
    """
    if not order.codes:
        return order
    if len(order.codes) == 1 and numbers_in(order.codes[0].code, own_eans).numbers == (order.codes[0].code,):
        return order  # as nearly all of them are written
    codes: dict[str, TrackingCode] = {}
    unread = list(order.unread)
    for each in order.codes:
        found = numbers_in(each.code, own_eans)
        if not found.numbers and not found.unread:
            found = numbers_in(each.url, own_eans)
        for number in found.numbers:
            codes.setdefault(number, each if number == each.code else replace(each, code=number))
        unread += [UnreadText(each.place, text) for text in found.unread]
    return replace(order, codes=tuple(codes.values()), unread=tuple(unread))


class ProductWanted(Struct, frozen=True):
    """A product to look up: by SKU first, then by EAN."""

    sku: str
    ean: str


def as_meant(wanted: str, known: Collection[str]) -> str:
    """The word itself, else the only one that differs from it in capitals alone; "" where there is none, or more than one."""
    if wanted in known:
        return wanted
    alike = [word for word in known if word.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else ""


class Placement(Struct, frozen=True):
    """An order to make in the shop: its open, merchant-fulfilled lines and where to find it again.

    `products` maps Line.ref to the shop's product. `order.lines` holds what must be placed and nothing else; `quantities` maps
    Line.ref to the pieces to place (less than ordered when some were cancelled before).
    """

    order: Order
    reference: str  # exact and unique; `find` must give this order back by it
    marketplace: str  # display name, for payment title and note
    quantities: Mapping[str, int]
    products: Mapping[str, str] = {}
    delivered_by_marketplace: bool = False  # shipped by the marketplace: no products, no stock, completed at once

    @property
    def total(self) -> Money:
        """What the shop order must come to."""
        whole = all(self.quantities[line.ref] == line.facts.ordered for line in self.order.lines)
        return self.order.total if whole else self._total_of_the_rest()

    def _total_of_the_rest(self) -> Money:
        total = self.order.shipping_cost - self.order.discount
        for line in self.order.lines:
            total = total + self.line_total(line)
        return total

    def line_total(self, line: Line) -> Money:
        """What the pieces to place of one line cost, after discounts: its share of the line, to the cent."""
        placed, ordered = self.quantities[line.ref], line.facts.ordered
        if placed == ordered:
            return line.total
        return line.total.split([placed, ordered - placed])[0]


class Placed(Struct, frozen=True):
    """What the shop made. `order` is the shop's own answer, so that lines and total can be compared."""

    order: ShopOrder
