"""Whether the pieces of an order left the shop's stock.

WooCommerce takes them after it has given the order its status (wc-stock-functions.php), and says so on each line. Where PHP
dies in between the order looks complete, nothing was taken, and no mail went out.
"""

from collections.abc import Collection, Sequence

from orderhaven.connectors.woocommerce.mapping import TheirLine, TheirOrder, line_product, meta_number

_TAKES_STOCK = frozenset({"processing", "on-hold", "completed"})
_REDUCED = "_reduced_stock"


def left_in_stock(their: TheirOrder) -> Sequence[TheirLine]:
    """Lines of which the shop does not say that it took them off. Our own mark, 0.000001, is not its word."""
    if their.status not in _TAKES_STOCK or their.refunds:  # what a refund puts back is taken off the mark
        return ()
    return [line for line in their.line_items if meta_number(line.meta_data, _REDUCED) < line.quantity]


def products_of(lines: Sequence[TheirLine]) -> frozenset[str]:
    return frozenset(line_product(line) for line in lines)


def flaw_of(lines: Sequence[TheirLine], keeping_stock: Collection[str]) -> str:
    """What a person must know and do; "" where the shop keeps no stock of them."""
    left = [line for line in lines if line_product(line) in keeping_stock]
    if not left:
        return ""
    articles = ", ".join(f"{line.quantity:g} x {line.name or line.sku}" for line in left)
    return (
        f"the shop took nothing from stock for {articles}: set the order to On hold and back, which takes it, or switch "
        "'Lower the shop's stock' off for this connection if something else keeps the stock"
    )
