"""Where the lists of the connectors in this repository keep their rows, so that one of them can be bent."""

from collections.abc import Callable, Mapping

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.malformed_rows import JsonRows
from orderhaven.ports.sandbox import EVERY_ROW, SandboxList

_SHOP_API = "/wp-json/wc/v3"


def _asks(method: str, path: str, *names: str) -> Callable[[Request], bool]:
    """A request for this list, narrowed by one of these where any are named."""

    def is_meant(request: Request) -> bool:
        here = (request.method, request.path) == (method, path)
        return here and (not names or any(name in request.query for name in names))

    return is_meant


def _asks_one(path: str) -> Callable[[Request, str], bool]:
    def is_meant(request: Request, ref: str) -> bool:
        parent, _, asked = request.path.rpartition("/")
        return (request.method, parent) == ("GET", path) and ref in (EVERY_ROW, asked)

    return is_meant


def _shop_orders(*names: str) -> JsonRows:
    return JsonRows(
        _asks("GET", f"{_SHOP_API}/orders", *names),
        key="id",
        decides="total",
        word="currency",
        detail=_asks_one(f"{_SHOP_API}/orders"),
    )


BOL: Mapping[SandboxList, JsonRows] = {
    SandboxList.CHANGES: JsonRows(
        _asks("GET", "/retailer/orders"),
        key="orderId",
        decides="orderItems.0.quantity",
        word="orderItems.0.fulfilmentMethod",
        within="orders",
        detail=_asks_one("/retailer/orders"),
        word_alone="orderItems.0.fulfilment.method",
    ),
    SandboxList.OUTCOMES: JsonRows(
        _asks("POST", "/shared/process-status"),
        key="processStatusId",
        decides="status",
        word="status",
        within="processStatuses",
    ),
    SandboxList.RECORDS: JsonRows(
        _asks("GET", "/retailer/shipments"),
        key="shipmentId",
        decides="shipmentItems",
        word="transport",
        within="shipments",
    ),
}
WOOCOMMERCE: Mapping[SandboxList, JsonRows] = {
    SandboxList.CHANGES: _shop_orders("modified_after"),
    SandboxList.READ: _shop_orders("include"),
    SandboxList.FOUND: _shop_orders("created_via"),
    # a plug-in may bring types of its own, so there is no word that nobody knows
    SandboxList.PRODUCTS: JsonRows(
        _asks("GET", f"{_SHOP_API}/products", "sku", "global_unique_id"),
        key="id",
        decides="type",
        word="parent_id",
        detail=_asks_one(f"{_SHOP_API}/products"),
    ),
}
