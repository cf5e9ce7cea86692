"""Where the lists that the connector reads keep their rows, so that the sandbox can bend one of them."""

from collections.abc import Mapping

from orderhaven.connectors.kit.malformed_rows import JsonRows, asks, asks_one
from orderhaven.ports.sandbox import SandboxList

ROWS: Mapping[SandboxList, JsonRows] = {
    SandboxList.CHANGES: JsonRows(
        asks("GET", "/retailer/orders"),
        key="orderId",
        decides="orderItems.0.quantity",
        word="orderItems.0.fulfilmentMethod",
        within="orders",
        detail=asks_one("/retailer/orders"),
        word_alone="orderItems.0.fulfilment.method",
    ),
    SandboxList.OUTCOMES: JsonRows(
        asks("POST", "/shared/process-status"),
        key="processStatusId",
        decides="status",
        word="status",
        within="processStatuses",
    ),
    SandboxList.RECORDS: JsonRows(
        asks("GET", "/retailer/shipments"),
        key="shipmentId",
        decides="shipmentItems",
        word="transport",
        within="shipments",
    ),
}
