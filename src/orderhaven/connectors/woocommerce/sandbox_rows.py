"""Where the lists that the connector reads keep their rows, so that the sandbox can bend one of them."""

from collections.abc import Mapping

from orderhaven.connectors.kit.malformed_rows import JsonRows, asks, asks_one
from orderhaven.ports.sandbox import SandboxList

_SHOP_API = "/wp-json/wc/v3"


def _shop_orders(*names: str) -> JsonRows:
    return JsonRows(
        asks("GET", f"{_SHOP_API}/orders", *names),
        key="id",
        decides="total",
        word="currency",
        detail=asks_one(f"{_SHOP_API}/orders"),
    )


ROWS: Mapping[SandboxList, JsonRows] = {
    SandboxList.CHANGES: _shop_orders("modified_after"),
    SandboxList.READ: _shop_orders("include"),
    SandboxList.FOUND: _shop_orders("created_via"),
    # a plug-in may bring types of its own, so there is no word that nobody knows
    SandboxList.PRODUCTS: JsonRows(
        asks("GET", f"{_SHOP_API}/products", "sku", "global_unique_id"),
        key="id",
        decides="type",
        word="parent_id",
        detail=asks_one(f"{_SHOP_API}/products"),
    ),
}
