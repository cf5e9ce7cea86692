"""What is compared of WooCommerce's answers, as the recordings' README says under Comparing."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Table: TypeAlias = dict[str, Any]

_ORDER = (
    "id", "parent_id", "status", "number", "currency", "prices_include_tax", "discount_total", "discount_tax",
    "shipping_total", "shipping_tax", "cart_tax", "total", "total_tax", "customer_id", "customer_note", "created_via",
    "transaction_id", "payment_method", "payment_method_title", "date_created_gmt", "date_modified_gmt",
    "date_completed_gmt", "date_paid_gmt", "billing", "shipping",
)  # fmt: skip
_REFUND = ("id", "amount", "reason", "refunded_by", "refunded_payment", "date_created_gmt")
_LINES = {
    "line_items": (
        "name", "product_id", "variation_id", "quantity", "tax_class", "subtotal", "subtotal_tax", "total",
        "total_tax", "sku", "price",
    ),
    "fee_lines": ("name", "tax_class", "tax_status", "total", "total_tax"),
    "shipping_lines": ("method_title", "method_id", "total", "total_tax"),
    "coupon_lines": ("code", "discount", "discount_tax"),
}  # fmt: skip
_PRODUCT = (
    "id", "parent_id", "name", "type", "status", "sku", "global_unique_id", "price", "stock_quantity", "stock_status",
    "manage_stock", "backorders", "tax_class", "tax_status", "date_modified_gmt",
)  # fmt: skip
_FULFILMENT = ("entity_id", "status", "is_fulfilled", "date_deleted")
_BATCH = {"create", "update", "delete"}

# what the sandbox has to give wherever the shop does; of all else it may leave out what nobody reads
_ALWAYS = re.compile(
    r"(^|\.)(id|entity_id|status|code|data\.status|data\.params|data\.resource_id|data\.new_draft_order_id|currency"
    r"|total|total_tax|shipping_total|quantity|sku|product_id|variation_id|count|refunds|amount|is_fulfilled"
    r"|stock_quantity|stock_status|global_unique_id|type|date_modified_gmt|created_via|transaction_id|customer_note)$"
    r"|(^|[. ])meta "
)


def always_compared(path: str) -> bool:
    return _ALWAYS.search(path) is not None


def compared(row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        return {}
    for recognises, pick in _KINDS:
        if recognises(row):
            return pick(row)
    return _picked_plainly(row)


def _picked_error(row: Table) -> Table:
    data = row["data"] if isinstance(row["data"], dict) else {}
    picked = {"code": row["code"], "data.status": data.get("status")}
    if isinstance(data.get("params"), dict):
        picked["data.params"] = sorted(data["params"])
    return picked | {f"data.{name}": data[name] for name in ("resource_id", "new_draft_order_id") if name in data}


def _picked_order(row: Table) -> Table:
    picked = _fields(row, _ORDER) | _lines(row) | _meta(row)
    if isinstance(row.get("refunds"), list):
        picked["refunds"] = [refund.get("total") for refund in row["refunds"]]
    return picked


def _picked_batch(row: Table) -> Table:
    picked: Table = {}
    for verb, items in row.items():
        for at, item in enumerate(items):
            prefix = f"{verb}.{at}."
            if isinstance(item, dict) and "error" in item:
                picked[f"{prefix}id"] = item.get("id")
                item = {"message": "", **item["error"]}
            picked |= _prefixed(prefix, compared(item))
    return picked


def _picked_plainly(row: Table) -> Table:
    plain = {name: value for name, value in row.items() if not isinstance(value, (dict, list)) and name != "_links"}
    return plain | _meta(row)


# what a row is known by, and what is compared of it; the first that fits counts
_KINDS: tuple[tuple[Callable[[Table], bool], Callable[[Table], Table]], ...] = (
    (lambda row: row.keys() >= {"code", "message", "data"}, _picked_error),
    (
        lambda row: "amount" in row and ("refunded_by" in row or "parent_id" in row),
        lambda row: _fields(row, _REFUND) | _lines(row) | _meta(row),
    ),
    (lambda row: "order_key" in row or "line_items" in row, _picked_order),
    (lambda row: "stock_quantity" in row or "global_unique_id" in row, lambda row: _fields(row, _PRODUCT)),
    (
        lambda row: "entity_id" in row and "is_fulfilled" in row,
        lambda row: _fields(row, _FULFILMENT) | _meta(row),
    ),
    (lambda row: bool(row) and row.keys() <= _BATCH, _picked_batch),
)


def _fields(row: Table, names: Sequence[str]) -> Table:
    picked: Table = {}
    for name in names:
        if isinstance(row.get(name), dict):
            picked |= _prefixed(f"{name}.", row[name])
        elif name in row:
            picked[name] = row[name]
    return picked


def _lines(row: Table) -> Table:
    picked: Table = {}
    for kind, names in _LINES.items():
        lines = row.get(kind)
        if not isinstance(lines, list):
            continue
        picked[f"{kind}.count"] = len(lines)
        for at, line in enumerate(lines):
            picked |= _prefixed(f"{kind}.{at}.", _fields(line, names) | _meta(line))
    return picked


def _meta(row: Table) -> Table:
    """Meta data by key; a key that comes again gets a number."""
    picked: Table = {}
    seen: Counter[str] = Counter()
    entries = row.get("meta_data")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            key = entry.get("key", "")
            seen[key] += 1
            picked[f"meta {key}" + (f" #{seen[key]}" if seen[key] > 1 else "")] = entry.get("value")
    return picked


def _prefixed(prefix: str, table: Mapping[str, Any]) -> Table:
    return {prefix + name: value for name, value in table.items()}
