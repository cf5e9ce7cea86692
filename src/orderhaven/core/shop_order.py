"""A shop order: its draft, its snapshot, and how the two are compared."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import repeat

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.carriers import numbers_in
from orderhaven.core.commands import TrackingNumber, UnreadableTracking
from orderhaven.core.money import Money
from orderhaven.core.order import MarketplaceLine, MarketplaceOrder


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


class ShopOrderSnapshot(Struct, frozen=True):
    """One snapshot of one shop order. State, not history: applying it twice changes nothing."""

    shop_ref: str  # the shop's own key
    number: str  # what the merchant sees; often the same
    reference: str  # ours, as given to `create`; "" for an order that is not ours
    state: ShopState
    shop_status: str  # the shop's own word for it
    lines: tuple[ShopLine, ...] = ()
    total: Money | None = None  # None exactly when GONE
    tracking: tuple[TrackingNumber, ...] = ()
    unreadable: tuple[UnreadableTracking, ...] = ()
    label_number: str = ""  # number of a marketplace label that the merchant noted in the shop
    placed_at: datetime | None = None
    completed_at: datetime | None = None
    changed_at: datetime | None = None
    flaw: str = ""  # from `create` and `find`: what the shop left undone when it made the order, as a reason

    def quantity(self) -> int:
        """How many pieces leave with it, refunded ones left out."""
        return sum(line.quantity - line.refunded for line in self.lines)


def with_clean_tracking_numbers(order: ShopOrderSnapshot, own_eans: frozenset[str] = frozenset()) -> ShopOrderSnapshot:
    """The same snapshot with nothing among its tracking but clean numbers; what is none stands in `unreadable`.

    `own_eans`: of the products in this order, one of which may have been scanned by mistake.
    """
    if not order.tracking:
        return order
    if len(order.tracking) == 1 and numbers_in(order.tracking[0].number, own_eans).numbers == (
        order.tracking[0].number,
    ):
        return order  # as nearly all of them are written
    codes: dict[str, TrackingNumber] = {}
    unread = list(order.unreadable)
    for each in order.tracking:
        found = numbers_in(each.number, own_eans)
        if not found.numbers and not found.unreadable:
            found = numbers_in(each.url, own_eans)
        for number in found.numbers:
            codes.setdefault(number, each if number == each.number else replace(each, number=number))
        unread += [UnreadableTracking(each.field, text) for text in found.unreadable]
    return replace(order, tracking=tuple(codes.values()), unreadable=tuple(unread))


class ProductQuery(Struct, frozen=True):
    """A product to look up: by SKU first, then by EAN."""

    sku: str
    ean: str


def matching_product(wanted: str, known: Collection[str]) -> str:
    """The word itself, else the only one that differs from it in capitals alone; "" where there is none, or more than one."""
    if wanted in known:
        return wanted
    alike = [word for word in known if word.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else ""


class ShopOrderDraft(Struct, frozen=True):
    """An order to make in the shop: its open, merchant-fulfilled lines and where to find it again.

    `products` maps Line.ref to the shop's product. `order.lines` holds what must be created and nothing else; `quantities` maps
    Line.ref to the quantity to create (less than ordered when some were cancelled before).
    """

    order: MarketplaceOrder
    reference: str  # exact and unique; `find` must give this order back by it
    marketplace: str  # display name, for payment title and note
    quantities: Mapping[str, int]
    products: Mapping[str, str] = {}
    fulfilled_by_marketplace: bool = False  # shipped by the marketplace: no products, no stock, completed at once
    prepared: str = ""  # what `prepare` of the connector gave last time

    @property
    def total(self) -> Money:
        """What the shop order must come to."""
        whole = all(self.quantities[line.ref] == line.quantities.ordered for line in self.order.lines)
        return self.order.total if whole else self._total_of_the_rest()

    def _total_of_the_rest(self) -> Money:
        total = self.order.shipping_cost - self.order.discount
        for line in self.order.lines:
            total = total + self.line_total(line)
        return total

    def line_total(self, line: MarketplaceLine) -> Money:
        """What the quantity to create of one line costs, after discounts: its share of the line, to the cent."""
        placed, ordered = self.quantities[line.ref], line.quantities.ordered
        if placed == ordered:
            return line.total
        return line.total.split([placed, ordered - placed])[0]


class ShopOrderCancellation(Struct, frozen=True):
    """A shop order to cancel. `reference` is ours, of the command."""

    shop_ref: str
    reference: str
    prepared: str = ""  # as in ShopOrderDraft


ShopCommand = ShopOrderDraft | ShopOrderCancellation


_MOST_NAMED = 10  # lines in one sentence
QuantityOf = Callable[[ShopLine], int]


class ExpectedLine(Struct, frozen=True):
    """A line of an order as it must stand in the shop."""

    ref: str  # our Line.ref, the mark on the shop's line
    title: str
    sku: str  # the offer's own; "" where it has none
    quantity: int
    product_ref: str = ""  # the shop's product for it; "" where that is not known

    @property
    def article(self) -> str:
        """The same for two lines of one article."""
        return self.product_ref or self.sku.casefold() or self.ref


class Comparison(Struct, frozen=True):
    """`differences` are reasons, as `core.reasons` says them; `products` are the shop's products, by our Line.ref."""

    differences: tuple[str, ...]
    products: Mapping[str, str]
    missing: tuple[ExpectedLine, ...] = ()  # of which nothing stands there
    surplus: tuple[ShopLine, ...] = ()  # that nobody ordered, and that cost something

    @property
    def reason(self) -> str:
        """All of them as one value of a Problem."""
        return joined(self.differences)

    def products_accepted_as_is(self) -> Mapping[str, str]:
        """The products where a person says that it is the right one all the same: what lacks stands there as something else."""
        left = [line for line in self.surplus if line.product_ref]
        products = dict(self.products)
        for line_expected in self.missing:
            instead = next((line for line in left if leaving_quantity(line) == line_expected.quantity), None)
            if instead is not None:
                left.remove(instead)
                products[line_expected.ref] = instead.product_ref
        return products


def joined(differences: Sequence[str]) -> str:
    """As one value of a Problem."""
    named = differences[:_MOST_NAMED]
    more = len(differences) - len(named)
    return "\n".join([*named, f"and {more} more lines"] if more else named)


def difference(title: str, sku: str, found: int, expected: int) -> str:
    """What stands there of an article, and what should."""
    return f"{_name(title, sku)}: {found} instead of {expected}"


def is_product(one: str, other: str) -> bool:
    """Whether two keys name one product. A variation's may stand alone or behind that of its product: '12:34', '34'."""
    return one == other or one.endswith(f":{other}") or other.endswith(f":{one}")


def ordered_quantity(line: ShopLine) -> int:
    """Pieces that the shop order was made with."""
    return line.quantity


def leaving_quantity(line: ShopLine) -> int:
    """Pieces that leave with it."""
    return line.quantity - line.refunded


def compare(expected: Iterable[ExpectedLine], found: Sequence[ShopLine], quantity_of: QuantityOf) -> Comparison:
    """Each wanted line with its own in the shop; then what is left there."""
    expected = list(expected)
    if len(expected) == len(found) and all(map(_is_as_wanted, expected, found, repeat(quantity_of))):  # nearly always
        return Comparison(
            (), {line_expected.ref: line.product_ref for line_expected, line in zip(expected, found, strict=True)}
        )
    marked: dict[str, list[ShopLine]] = {line_expected.ref: [] for line_expected in expected}
    free: list[ShopLine] = []
    for line in found:
        marked.get(line.line_ref, free).append(line)
    differences: dict[str, list[str]] = {}
    products: dict[str, str] = {}
    missing: list[ExpectedLine] = []
    for group in _groups(expected, marked):
        mine = [line for line_expected in group for line in marked[line_expected.ref]]
        alike = [line for line in free if _is_article(group[0], line)]
        free = [line for line in free if line not in alike]
        differences[group[0].ref] = [*_differences(group, mine, alike, quantity_of)]
        products |= {line_expected.ref: _product(line_expected, mine, alike) for line_expected in group}
        missing += group if not (mine or alike) else []
    surplus = [line for line in free if quantity_of(line) and not _is_free(line)]
    reasons = [reason for line_expected in expected for reason in differences.get(line_expected.ref, ())]
    reasons += [difference(line.title, line.sku, quantity_of(line), 0) for line in surplus]
    return Comparison(tuple(reasons), products, tuple(missing), tuple(surplus))


def _is_as_wanted(line_expected: ExpectedLine, line: ShopLine, pieces: QuantityOf) -> bool:
    """Its own line, marked by us, with the product that it was given: nothing is left to be told apart."""
    is_product_of_it = line.product_ref != "" and line_expected.product_ref in ("", line.product_ref)
    return line.line_ref == line_expected.ref and is_product_of_it and pieces(line) == line_expected.quantity


def _groups(expected: Sequence[ExpectedLine], marked: Mapping[str, Sequence[ShopLine]]) -> Sequence[list[ExpectedLine]]:
    """Lines of one article that nobody marked stand together, and first: they have no other line to go by."""
    together: dict[str, list[ExpectedLine]] = {}
    for line_expected in expected:
        if not marked[line_expected.ref]:
            together.setdefault(line_expected.article, []).append(line_expected)
    return [*together.values(), *([line_expected] for line_expected in expected if marked[line_expected.ref])]


def _differences(
    group: Sequence[ExpectedLine], mine: Sequence[ShopLine], alike: Sequence[ShopLine], quantity_of: QuantityOf
) -> Iterable[str]:
    """Of one line, or of one article. `alike` are lines of the same product that nobody marked: what of them is free may be a
    gift."""
    name, expected = _name(group[0].title, group[0].sku), sum(line_expected.quantity for line_expected in group)
    for line in mine:
        if not line.product_ref and group[0].product_ref:
            yield f"{name} points at no product"
        elif not _is_article(group[0], line) and group[0].product_ref:
            yield f"{name}: {_name(line.title, line.sku)} in its place"
    counts = [
        sum(map(quantity_of, some))
        for some in ([*mine, *(line for line in alike if not _is_free(line))], [*mine, *alike])
    ]
    if expected not in counts:
        yield difference(group[0].title, group[0].sku, counts[0], expected)


def _product(line_expected: ExpectedLine, mine: Sequence[ShopLine], alike: Sequence[ShopLine]) -> str:
    return next((line.product_ref for line in (*mine, *alike) if line.product_ref), line_expected.product_ref)


def _is_article(line_expected: ExpectedLine, line: ShopLine) -> bool:
    if line_expected.product_ref:
        return is_product(line.product_ref, line_expected.product_ref)
    return bool(line_expected.sku) and line.sku.casefold() == line_expected.sku.casefold()


def _is_free(line: ShopLine) -> bool:
    return line.total is not None and line.total.is_zero


def _name(title: str, sku: str) -> str:
    """An article as people tell it apart, on one line."""
    words = " ".join(title.split())
    return f"{words} ({sku})" if words and sku and sku != words else words or sku or "?"
