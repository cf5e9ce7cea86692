"""The mails that the sandbox's shop would send: nobody gets any, but tests and the orders' notes tell of them."""

from collections.abc import Iterator
from dataclasses import dataclass

# of a kind -> as an order's note calls it
NAMES = {
    "new_order": "New order",
    "cancelled_order": "Cancelled order",
    "customer_processing_order": "Processing order",
    "customer_completed_order": "Completed order",
    "customer_on_hold_order": "Order on-hold",
    "customer_refunded_order": "Refunded order",
    "customer_note": "Customer note",
}
_OF_STATUS = {
    "processing": "customer_processing_order",
    "completed": "customer_completed_order",
    "on-hold": "customer_on_hold_order",
    "refunded": "customer_refunded_order",
}
_SHOP = "shop"


@dataclass(frozen=True)
class Mail:
    """One mail that the shop would have sent."""

    kind: str
    to: str
    order_id: int


def mails_of_status(status: str, order_id: int, buyer: str, *, is_new: bool) -> Iterator[Mail]:
    """Of an order that has just got this status. `buyer` is "" for one without an address."""
    if is_new:
        yield Mail("new_order", _SHOP, order_id)
    if status == "cancelled":
        yield Mail("cancelled_order", _SHOP, order_id)
    if buyer and status in _OF_STATUS:
        yield Mail(_OF_STATUS[status], buyer, order_id)
