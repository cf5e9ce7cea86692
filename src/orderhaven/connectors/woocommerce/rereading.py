"""Open orders are read again and again, and most of them have not changed: the same answer is not mapped twice."""

from hashlib import blake2b

import msgspec

from orderhaven.connectors.kit.session import NotData
from orderhaven.connectors.woocommerce.answers import SIDE
from orderhaven.connectors.woocommerce.mapping import TheirOrder
from orderhaven.core.errors import Surprise
from orderhaven.core.shop_order import ShopOrder

_MOST_KEPT = 5000  # readings of about 1 kB; the oldest goes first
_DECODER = msgspec.json.Decoder(TheirOrder)


def decoded(answer: msgspec.Raw) -> TheirOrder:
    """Raises Surprise for an order of another shape, NotData for what is no JSON."""
    try:
        return _DECODER.decode(answer)
    except msgspec.ValidationError as error:
        raise Surprise(f"an answer of another shape: {error}") from None
    except msgspec.DecodeError:
        raise NotData(f"{SIDE} answered something unreadable instead of data") from None


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
