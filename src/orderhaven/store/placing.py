"""How a placing is composed from rows: its reference, its pieces, its products. Pure but for `matches_said`."""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from orderhaven.core.order import Line as WholeLine
from orderhaven.core.order import Order as WholeOrder
from orderhaven.core.shop_order import Placement, ProductWanted
from orderhaven.store import sql
from orderhaven.store.models import Line, Message, Order
from orderhaven.store.shapes import whole_order


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


def matches_said(shop_id: int, wanted: Collection[ProductWanted]) -> dict[ProductWanted, str]:
    """Products that a person named for an SKU (or for an EAN, where the offer has no SKU)."""
    named = {article: article.sku or article.ean for article in wanted}
    said = {
        sku: product_ref
        for some in sql.in_statements(set(named.values()))
        for sku, product_ref in sql.rows(_MATCHES.format(marks=sql.marks(some)), [shop_id, *some])
    }
    return {article: said[name] for article, name in named.items() if name in said}


_MATCHES = "SELECT sku, product_ref FROM store_productmatch WHERE shop_id = %s AND sku IN ({marks})"


def _pieces(row: Order, line: Line) -> int:
    """How many of this line belong in the shop's order."""
    if row.by_marketplace:
        return line.ordered - line.cancelled
    return 0 if line.by_marketplace else line.ordered - line.cancelled - line.shipped


def _whole(row: Order, lines: Collection[Line]) -> WholeOrder:
    return whole_order(row, sorted(lines, key=lambda line: line.position), row.kept_people)
