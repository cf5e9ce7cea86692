"""Open orders are read again and again, and most of them have not changed: the same answer is not mapped twice."""

from hashlib import blake2b

import msgspec

from orderhaven.connectors.kit.rows import Bent, RowsOf
from orderhaven.connectors.woocommerce.mapping import TheirOrder
from orderhaven.core.errors import Surprise
from orderhaven.core.shop_order import ShopOrder

_MOST_KEPT = 5000  # readings of about 1 kB; the oldest goes first
_ORDERS = RowsOf(TheirOrder, "id")


def decoded(answer: msgspec.Raw) -> TheirOrder:
    """Raises Surprise for an order of another shape."""
    row = _ORDERS.one(answer)
    if isinstance(row, Bent):
        raise Surprise(row.cause)
    return row


class Readings:
    """What an answer, to the letter, was read as. Only for orders whose own answer says all there is."""

    def __init__(self) -> None:
        self._kept: dict[bytes, ShopOrder] = {}

    def of(self, mark: bytes) -> ShopOrder | None:
        return self._kept.get(mark)

    def keep(self, mark: bytes, reading: ShopOrder) -> None:
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[mark] = reading


def mark_of(answer: msgspec.Raw) -> bytes:
    """The same for the same answer, and for no other."""
    return blake2b(answer, digest_size=16).digest()
