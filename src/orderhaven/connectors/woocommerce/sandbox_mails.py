"""The mails that the sandbox's shop would send: nobody gets any, but tests and the orders' notes tell of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# of a kind -> as an order's note calls it
NAMES = {
    "new_order": "New order",
    "cancelled_order": "Cancelled order",
    "failed_order": "Failed order",
    "customer_processing_order": "Processing order",
    "customer_completed_order": "Completed order",
    "customer_on_hold_order": "Order on-hold",
    "customer_refunded_order": "Refunded order",
    "customer_note": "Customer note",
}
_UNPAID = frozenset({"pending", "failed", "cancelled"})
_ORDERED = frozenset({"processing", "on-hold", "completed"})
# status -> what the buyer gets, and after which statuses before; None for all
_TO_BUYER: Mapping[str, tuple[str, frozenset[str] | None]] = {
    "processing": ("customer_processing_order", _UNPAID | {"on-hold"}),
    "on-hold": ("customer_on_hold_order", _UNPAID),
    "completed": ("customer_completed_order", None),
    "refunded": ("customer_refunded_order", None),
}
# status -> what the shop gets, and after which statuses before
_TO_SHOP: Mapping[str, tuple[str, frozenset[str]]] = {
    "cancelled": ("cancelled_order", frozenset({"processing", "on-hold"})),
    "failed": ("failed_order", frozenset({"pending", "on-hold"})),
    **dict.fromkeys(_ORDERED, ("new_order", _UNPAID)),
}
_SHOP = "shop"


@dataclass(frozen=True)
class Mail:
    """One mail that the shop would have sent."""

    kind: str
    to: str
    order_id: int


def mails_of_status(before: str, status: str, buyer: str) -> Iterator[tuple[str, str]]:
    """(kind, to) of an order that went from one status to another. `buyer` is "" for one without an address."""
    kind, after = _TO_SHOP.get(status, ("", frozenset()))
    if before in after:
        yield kind, _SHOP
    told, earlier = _TO_BUYER.get(status, ("", frozenset()))
    if buyer and told and (earlier is None or before in earlier):
        yield told, buyer
