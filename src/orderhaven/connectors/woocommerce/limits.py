"""How much of an order WooCommerce's tables hold (class OrdersTableDataStore, `get_database_schema`).

What is longer it does not refuse: it answers 201, with the status and the total that were asked for, and stores no address, no
meta data and no line. So it is cut here where nothing hangs on it, and refused where a part would be something else.
"""

from collections.abc import Collection

from orderhaven.connectors.woocommerce.answers import SIDE
from orderhaven.core.errors import OrderRefused

_PHONE = 100  # characters
_EMAIL = 320
_META_KEY = 255
_TEXT = 65_535  # bytes


def cut_text(text: str) -> str:
    """A note, a title, the second line of an address."""
    return text if len(text) * 4 <= _TEXT else text.encode()[:_TEXT].decode(errors="ignore")


def cut_phone(text: str) -> str:
    """What is longer is a number with words behind it: `holds_phone` says that the whole must be kept elsewhere."""
    return text[:_PHONE]


def holds_phone(text: str) -> bool:
    return len(text) <= _PHONE


def cut_key(name: str) -> str:
    return name[:_META_KEY]


def whole_email(address: str) -> str:
    """Raises OrderRefused: a part of an address is another address."""
    if len(address) > _EMAIL:
        raise OrderRefused(SIDE, f"the buyer's e-mail address has more than the {_EMAIL} characters that it keeps")
    return address


def demand_whole(parts: Collection[str]) -> None:
    """Parts of an address without which the parcel goes elsewhere. Raises OrderRefused where one would be cut."""
    if sum(map(len, parts)) * 4 > _TEXT and any(len(part.encode()) > _TEXT for part in parts):
        raise OrderRefused(SIDE, f"a part of the address has more than the {_TEXT} bytes that it keeps")
