"""An order that came out with another total, because the shop's settings changed at that moment: its amounts anew. Pure.

Saying an order's amounts again is saying the same: unlike its creation, it may be repeated, and be lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from orderhaven.connectors.woocommerce.mapping import TheirOrder

Body: TypeAlias = dict[str, Any]
_AMOUNTS = ("total", "subtotal", "tax_class", "tax_status")
_REMOVED = {"line_items": "product_id", "fee_lines": "name", "shipping_lines": "method_id"}  # null there removes it


class _Part(msgspec.Struct):
    id: int


class TheirNewOrder(TheirOrder):
    """As the answer to a creation shows it."""

    shipping_lines: list[_Part] = msgspec.field(default_factory=list)


def correction(their: TheirNewOrder, wanted: Mapping[str, Any]) -> Body:
    """The body of PUT /orders/ID that gives it the amounts of `wanted`, a body made anew for the same order."""
    parts: Mapping[str, Sequence[Any]] = {
        "line_items": their.line_items,
        "fee_lines": their.fee_lines,
        "shipping_lines": their.shipping_lines,
    }
    changes = {kind: _changes(kind, parts[kind], wanted.get(kind, ())) for kind in _REMOVED}
    return {kind: rows for kind, rows in changes.items() if rows}


def _changes(kind: str, there: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[Body]:
    """WooCommerce keeps the order in which they were sent."""
    changed = [
        {"id": old.id, **{name: new[name] for name in _AMOUNTS if name in new}}
        for old, new in zip(there, wanted, strict=False)
    ]
    removed: list[Body] = [{"id": old.id, _REMOVED[kind]: None} for old in there[len(wanted) :]]
    return [*changed, *removed, *(dict(new) for new in wanted[len(there) :])]
