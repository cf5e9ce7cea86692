"""Our reference, as the word in `created_via` by which the shop finds an order of ours."""

import re

from orderhaven.connectors.woocommerce.answers import SIDE
from orderhaven.core.errors import OrderRefused

_OURS = "orderhaven-"
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 100  # the column's width


def created_via(reference: str) -> str:
    """The word by which an order of ours is found: filtered exactly by the shop, and never shown to a buyer.

    WooCommerce splits that filter at commas and white space and cleans its text, so anything unusual is
    written as ~hex.
    """
    text = _OURS + _UNUSUAL.sub(lambda found: f"~{found[0].encode().hex()}~", reference)
    if len(text) > _LONGEST:
        raise OrderRefused(SIDE, f"the order's number has more than the {_LONGEST} characters that it keeps")
    return text


def reference_of(word: str) -> str:
    """The other way: "" for an order that is not ours."""
    if not word.startswith(_OURS):
        return ""
    text = word.removeprefix(_OURS)
    parts = text.split("~")
    if len(parts) == 1:  # nothing unusual
        return text
    try:
        return "".join(bytes.fromhex(part).decode() if at % 2 else part for at, part in enumerate(parts))
    except ValueError:
        return ""
