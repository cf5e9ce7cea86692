"""How both sides answer a command: at once, or with a handle by which the outcome is asked for later."""

from enum import StrEnum

from msgspec import Struct

from orderhaven.core.shop_order import ShopOrderSnapshot


class ReceiptState(StrEnum):
    DONE = "done"
    REJECTED = "rejected"  # they say no, and nothing was done
    PENDING = "pending"
    UNKNOWN = "unknown"  # timed out there, or forgotten: look before repeating


class Receipt(Struct, frozen=True):
    """The answer to one command.

    PENDING comes with a handle for `outcomes`; several commands may have the same one. REJECTED comes with a `rejection`, the
    reason. `remote_ref` names what was made, if anything, and `order` is the shop's own view of an order that it made, where
    its answer has that.
    """

    state: ReceiptState
    handle: str = ""
    remote_ref: str = ""
    rejection: str = ""
    order: ShopOrderSnapshot | None = None


DONE = Receipt(ReceiptState.DONE)
