"""Whether a shop order holds what was ordered, line by line: by our own mark, else by product. Pure.

What is not ours and costs nothing changes nothing: the parts of a bundle, a gift that a plug-in or a person put in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat

from msgspec import Struct

from orderhaven.core.shop_order import ShopLine

_MOST_NAMED = 10  # lines in one sentence
Pieces = Callable[[ShopLine], int]


class Wanted(Struct, frozen=True):
    """A line of an order as it must stand in the shop."""

    ref: str  # our Line.ref, the mark on the shop's line
    title: str
    sku: str  # the offer's own; "" where it has none
    pieces: int
    product_ref: str = ""  # the shop's product for it; "" where that is not known

    @property
    def article(self) -> str:
        """The same for two lines of one article."""
        return self.product_ref or self.sku.casefold() or self.ref


class Comparison(Struct, frozen=True):
    """`differences` are reasons, as `core.reasons` says them; `products` are the shop's products, by our Line.ref."""

    differences: tuple[str, ...]
    products: Mapping[str, str]
    missing: tuple[Wanted, ...] = ()  # of which nothing stands there
    surplus: tuple[ShopLine, ...] = ()  # that nobody ordered, and that cost something

    @property
    def reason(self) -> str:
        """All of them as one value of a Problem."""
        return in_one(self.differences)

    def taken_as_it_is(self) -> Mapping[str, str]:
        """The products where a person says that it is the right one all the same: what lacks stands there as something else."""
        left = [line for line in self.surplus if line.product_ref]
        products = dict(self.products)
        for want in self.missing:
            instead = next((line for line in left if leaving(line) == want.pieces), None)
            if instead is not None:
                left.remove(instead)
                products[want.ref] = instead.product_ref
        return products


def in_one(differences: Sequence[str]) -> str:
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


def made(line: ShopLine) -> int:
    """Pieces that the shop order was made with."""
    return line.quantity


def leaving(line: ShopLine) -> int:
    """Pieces that leave with it."""
    return line.quantity - line.refunded


def compare(wanted: Iterable[Wanted], found: Sequence[ShopLine], pieces: Pieces) -> Comparison:
    """Each wanted line with its own in the shop; then what is left there."""
    wanted = list(wanted)
    if len(wanted) == len(found) and all(map(_is_as_wanted, wanted, found, repeat(pieces))):  # nearly always
        return Comparison((), {want.ref: line.product_ref for want, line in zip(wanted, found, strict=True)})
    marked: dict[str, list[ShopLine]] = {want.ref: [] for want in wanted}
    free: list[ShopLine] = []
    for line in found:
        marked.get(line.line_ref, free).append(line)
    differences: dict[str, list[str]] = {}
    products: dict[str, str] = {}
    missing: list[Wanted] = []
    for group in _groups(wanted, marked):
        mine = [line for want in group for line in marked[want.ref]]
        alike = [line for line in free if _is_article(group[0], line)]
        free = [line for line in free if line not in alike]
        differences[group[0].ref] = [*_differences(group, mine, alike, pieces)]
        products |= {want.ref: _product(want, mine, alike) for want in group}
        missing += group if not (mine or alike) else []
    surplus = [line for line in free if pieces(line) and not _is_free(line)]
    said = [reason for want in wanted for reason in differences.get(want.ref, ())]
    said += [difference(line.title, line.sku, pieces(line), 0) for line in surplus]
    return Comparison(tuple(said), products, tuple(missing), tuple(surplus))


def _is_as_wanted(want: Wanted, line: ShopLine, pieces: Pieces) -> bool:
    """Its own line, marked by us, with the product that it was given: nothing is left to be told apart."""
    is_product_of_it = line.product_ref != "" and want.product_ref in ("", line.product_ref)
    return line.line_ref == want.ref and is_product_of_it and pieces(line) == want.pieces


def _groups(wanted: Sequence[Wanted], marked: Mapping[str, Sequence[ShopLine]]) -> Sequence[list[Wanted]]:
    """Lines of one article that nobody marked stand together, and first: they have no other line to go by."""
    together: dict[str, list[Wanted]] = {}
    for want in wanted:
        if not marked[want.ref]:
            together.setdefault(want.article, []).append(want)
    return [*together.values(), *([want] for want in wanted if marked[want.ref])]


def _differences(
    group: Sequence[Wanted], mine: Sequence[ShopLine], alike: Sequence[ShopLine], pieces: Pieces
) -> Iterable[str]:
    """Of one line, or of one article. `alike` are lines of the same product that nobody marked: what of them is free may be a
    gift."""
    name, expected = _name(group[0].title, group[0].sku), sum(want.pieces for want in group)
    for line in mine:
        if not line.product_ref and group[0].product_ref:
            yield f"{name} points at no product"
        elif not _is_article(group[0], line) and group[0].product_ref:
            yield f"{name}: {_name(line.title, line.sku)} in its place"
    counts = [
        sum(map(pieces, some)) for some in ([*mine, *(line for line in alike if not _is_free(line))], [*mine, *alike])
    ]
    if expected not in counts:
        yield difference(group[0].title, group[0].sku, counts[0], expected)


def _product(want: Wanted, mine: Sequence[ShopLine], alike: Sequence[ShopLine]) -> str:
    return next((line.product_ref for line in (*mine, *alike) if line.product_ref), want.product_ref)


def _is_article(want: Wanted, line: ShopLine) -> bool:
    if want.product_ref:
        return is_product(line.product_ref, want.product_ref)
    return bool(want.sku) and line.sku.casefold() == want.sku.casefold()


def _is_free(line: ShopLine) -> bool:
    return line.total is not None and line.total.is_zero


def _name(title: str, sku: str) -> str:
    """An article as people tell it apart, on one line."""
    words = " ".join(title.split())
    return f"{words} ({sku})" if words and sku and sku != words else words or sku or "?"
