"""How a placing is composed from rows: its reference, its pieces, its products.

Pure but for which products people named and which were looked up.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.comparing import Wanted
from orderhaven.core.order import Line as WholeLine
from orderhaven.core.order import Order as WholeOrder
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import Placement, ProductWanted
from orderhaven.store.models import Line, Message, Order, ProductLookup, ProductMatch
from orderhaven.store.payloads import PlacePayload
from orderhaven.store.shapes import wanted, whole_order
from orderhaven.store.sql.execute import in_statements
from orderhaven.store.verdicts import Park


def reference(message: Message) -> str:
    """Ours, exact and unique: the same from any hub, restored or new, that places this order."""
    row = message.order
    again = f"-{message.generation + 1}" if message.generation else ""
    return f"{row.link.marketplace.connector}-{row.ref}{again}"


def placement(message: Message) -> Placement:
    """The open pieces that the merchant ships; for an order the marketplace ships itself, all of it."""
    row = message.order
    quantities = {line.ref: _pieces(row, line) for line in row.kept_lines}
    return Placement(
        order=_whole(row, [line for line in row.kept_lines if quantities[line.ref] > 0]),
        reference=reference(message),
        marketplace=row.link.marketplace.name,
        quantities={ref: pieces for ref, pieces in quantities.items() if pieces > 0},
        delivered_by_marketplace=row.by_marketplace,
    )


def with_products(whole: Placement, products: Mapping[ProductWanted, str]) -> Placement | WholeLine:
    """The placement with the shop's products, or the first line of which the shop has none."""
    if whole.delivered_by_marketplace:
        return whole
    found: dict[str, str] = {}
    for line in whole.order.lines:
        product = products.get(ProductWanted(line.sku, line.ean))
        if product is None:
            return line
        found[line.ref] = product
    return replace(whole, products=found)


def with_known_products(whole: Placement, products: Mapping[ProductWanted, str]) -> Placement:
    """The placement with those of the shop's products that are known."""
    known = {line.ref: products.get(ProductWanted(line.sku, line.ean), "") for line in whole.order.lines}
    return replace(whole, products={ref: product for ref, product in known.items() if product})


class Expected(Struct, frozen=True):
    """What the shop's order must hold."""

    lines: tuple[Wanted, ...]
    pieces: Mapping[str, int]
    total: str


def flaw_of(message: Message, whole: Placement, currencies: Collection[str]) -> Park | None:
    """Why it cannot be placed, whatever the shop's products are; `currencies`: what it sells in, empty: it does not say."""
    if not message.order.kept_people:
        return Park(ProblemKind.PERSON_ERASED)
    if not whole.quantities:
        return Park(ProblemKind.NO_LINES)
    if currencies and message.order.currency not in currencies:
        return Park(ProblemKind.CURRENCY_REFUSED, {"currency": message.order.currency})
    return None


def unknown_product(line: WholeLine) -> Park:
    return Park(ProblemKind.UNKNOWN_PRODUCT, {"sku": line.sku or line.ean, "title": line.title})


def articles_of(placements: Collection[Placement]) -> set[ProductWanted]:
    """What is looked up in the shop; an order that the marketplace delivers takes no product from it."""
    wanted = [one for one in placements if not one.delivered_by_marketplace]
    return {ProductWanted(line.sku, line.ean) for one in wanted for line in one.order.lines}


def payload_of(whole: Placement) -> PlacePayload:
    """What goes out with a placing, as it is kept with its message."""
    return PlacePayload(dict(whole.quantities), str(whole.total.amount), dict(whole.products))


def expected(message: Message, payload: PlacePayload) -> Expected:
    """By what went out with it: some of that may have been cancelled since."""
    pieces, products = payload.pieces, payload.products
    lines = [line for line in message.order.kept_lines if pieces.get(line.ref)]
    return Expected(
        lines=tuple(wanted(line, pieces[line.ref], products.get(line.ref, "")) for line in lines),
        pieces=pieces,
        total=payload.total,
    )


def matches_said(shop_id: int, wanted: Collection[ProductWanted]) -> dict[ProductWanted, str]:
    """Products that a person named for an SKU (or for an EAN, where the offer has no SKU)."""
    named = {article: article.sku or article.ean for article in wanted}
    matches = ProductMatch.objects.filter(shop_id=shop_id)
    said = {
        sku: product_ref
        for some in in_statements(set(named.values()))
        for sku, product_ref in matches.filter(sku__in=some).values_list("sku", "product_ref")
    }
    return {article: said[name] for article, name in named.items() if name in said}


def keep_lookup(link_id: int, products: Mapping[ProductWanted, str], now: datetime) -> None:
    """What the shop was asked for, and what it has of that ("": nothing)."""
    rows = [[wanted.sku, wanted.ean, ref] for wanted, ref in products.items()]
    ProductLookup.objects.update_or_create(link_id=link_id, defaults={"at": now, "products": rows})


def kept_lookup(link_id: int) -> tuple[datetime | None, dict[ProductWanted, str]]:
    """When that was, and what it said."""
    kept = ProductLookup.objects.filter(link_id=link_id).first()
    if kept is None:
        return None, {}
    return kept.at, {ProductWanted(sku, ean): ref for sku, ean, ref in kept.products}


def _pieces(row: Order, line: Line) -> int:
    """How many of this line belong in the shop's order."""
    if row.by_marketplace:
        return line.ordered - line.cancelled
    return 0 if line.by_marketplace else line.ordered - line.cancelled - line.shipped


def _whole(row: Order, lines: Collection[Line]) -> WholeOrder:
    return whole_order(row, sorted(lines, key=lambda line: line.position), row.kept_people)
