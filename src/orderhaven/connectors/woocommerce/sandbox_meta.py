"""Meta data of orders and of their lines, as WooCommerce keeps it: by key, as text, and not under its own keys."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_orders import Body
from orderhaven.connectors.woocommerce.sandbox_schema import ADDRESS
from orderhaven.connectors.woocommerce.sandbox_values import META_KEY_HOLDS, TEXT_HOLDS

_SETS_FIELD = {
    **{f"_{kind}_{name}": (kind, name) for kind in ("billing", "shipping") for name in (*ADDRESS, "phone")},
    "_billing_email": ("billing", "email"),
    **{f"_{name}": (name, "") for name in ("transaction_id", "payment_method", "payment_method_title", "created_via")},
}
# keys of WooCommerce's own without a setter: they are written, and never read again
_SWALLOWED = frozenset(
    re.findall(
        r"\w+",
        "_customer_user _order_key _order_currency _completed_date _paid_date _edit_last _edit_lock _cart_discount"
        " _cart_discount_tax _order_shipping _order_shipping_tax _order_tax _order_total _customer_ip_address"
        " _customer_user_agent _order_version _prices_include_tax _date_completed _date_paid _payment_tokens"
        " _billing_address_index _shipping_address_index _recorded_sales _recorded_coupon_usage_counts"
        " _download_permissions_granted _order_stock_reduced",
    )
)
_OWN = _SWALLOWED | _SETS_FIELD.keys()
_SWALLOWED_OF_LINES = frozenset(
    re.findall(
        r"\w+",
        "_product_id _variation_id _tax_class _qty _line_subtotal _line_subtotal_tax _line_total _line_tax _line_tax_data"
        " _fee_amount _tax_status",
    )
)


def set_order_meta(body: Body, meta: list[Body], sent: Any, next_id: Callable[[], int]) -> None:
    """A key of WooCommerce's own sets the order's field, or vanishes."""
    kept = []
    for entry in _entries(sent):
        key = entry["key"]
        if key not in _OWN:
            kept.append(entry)
        elif key in _SETS_FIELD:
            _set_field(body, *_SETS_FIELD[key], str(entry.get("value") or ""))
    _set_each(meta, [one for one in kept if not _is_too_long(one.get("value"))], next_id)


def _set_field(body: Body, outer: str, inner: str, text: str) -> None:
    body[outer] = {**body[outer], inner: text} if inner else text


def _is_too_long(value: Any) -> bool:
    """An order's meta data stand in a column of type text, its lines' in a larger one."""
    return isinstance(value, str) and len(value) * 4 > TEXT_HOLDS and len(value.encode()) > TEXT_HOLDS


def set_line_meta(meta: list[Body], sent: Any, next_id: Callable[[], int]) -> None:
    _set_each(meta, [entry for entry in _entries(sent) if entry["key"] not in _SWALLOWED_OF_LINES], next_id)


def _set_each(meta: list[Body], entries: Iterable[Mapping[str, Any]], next_id: Callable[[], int]) -> None:
    """A key that is new is not looked for among the others: most are."""
    known = {kept["key"] for kept in meta}
    for entry in entries:
        key = entry["key"]
        if entry.get("id") or key in known:
            _set(meta, entry, next_id)
        elif len(key) <= META_KEY_HOLDS and (value := kept_value(entry.get("value"))) is not None:
            meta.append({"id": next_id(), "key": key, "value": value})
        known.add(key)


def _set(meta: list[Body], entry: Mapping[str, Any], next_id: Callable[[], int]) -> None:
    """By id where it has one that is known, else by key; null takes away."""
    key, value = entry["key"], kept_value(entry.get("value"))
    if len(key) > META_KEY_HOLDS:
        return
    of_key = [kept for kept in meta if kept["key"] == key]
    meant = [kept for kept in meta if kept["id"] == int(entry["id"])] if entry.get("id") else of_key
    same = meant[0] if meant else None
    if value is None:
        meta[:] = [kept for kept in meta if kept is not same]
    elif same is not None:
        same |= {"key": key, "value": value}
    else:
        if of_key:  # an id that is not known: the key is there once, all the same
            meta[:] = [kept for kept in meta if kept["key"] != key]
        meta.append({"id": next_id(), "key": key, "value": value})


def kept_value(value: Any) -> Any:
    """As it comes back from the database: a scalar as text, PHP's empty array for an empty object."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float):
        return f"{value:.14g}"
    if isinstance(value, int):
        return str(value)
    return [] if value == {} else value


def _entries(sent: Any) -> Iterable[Body]:
    """Those that have a key."""
    return [entry for entry in sent if isinstance(entry, dict) and entry.get("key")] if isinstance(sent, list) else ()
