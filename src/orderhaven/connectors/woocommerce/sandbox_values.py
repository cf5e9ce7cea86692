"""How WooCommerce reads amounts and texts, and how much of them its tables hold."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_TAG = re.compile(r"<[^>]*>")
_OCTET = re.compile(r"%[0-9a-fA-F]{2}")
_NO_AMOUNT = re.compile(r"\.(?![^.]+$)|[^0-9.-]")
_PLAIN_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
NUMERIC = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_CENT = Decimal("0.01")

TEXT_HOLDS = 65_535  # bytes of a column of type text
# columns of wp_wc_orders and wp_wc_order_operational_data that are cut off; of those left out, none is that long
_CUT_AT = {"created_via": 100, "transaction_id": 100, "payment_method": 100}
# columns of wp_wc_order_addresses, for which the whole row is not written
_ADDRESS_HOLDS = {"phone": 100, "email": 320}
_EVERY_FIELD_HOLDS = min(_ADDRESS_HOLDS.values())
META_KEY_HOLDS = 255


def amount_of(text: Any) -> Decimal | None:
    """wc_format_decimal: all but digits, the last dot and minus signs is dropped. None where no number is left.

    So "12,50" is 1250, "1.234,50" is 1.2345 and "1e2" is 12.
    """
    given = str(text)
    if not _PLAIN_AMOUNT.fullmatch(given):
        given = _NO_AMOUNT.sub("", given)
    try:
        return Decimal(given)
    except InvalidOperation:
        return None


def text_of(value: Any) -> str:
    """As PHP makes a text of it."""
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if isinstance(value, (list, dict)):
        return "Array"
    return "1" if value is True else str(value)


def is_less(text: str, than: str) -> bool:
    """PHP's comparison of two texts: as numbers where both are numbers, else letter by letter."""
    if NUMERIC.fullmatch(text) and NUMERIC.fullmatch(than):
        return float(text) < float(than)
    return text < than


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    """As amounts are shown: with two decimals, whatever the currency."""
    return f"{cents(amount) + 0:f}"


def clean(text: Any) -> str:
    """sanitize_text_field: no tags, no line breaks, no octets."""
    plain = _OCTET.sub("", _TAG.sub("", str(text or "")))
    return " ".join(plain.split())


def stored(name: str, text: str) -> str:
    """As much of an order's own text as its column holds."""
    if len(text) > _CUT_AT.get(name, TEXT_HOLDS):
        text = text[: _CUT_AT.get(name, TEXT_HOLDS)]
    return text if len(text) * 4 <= TEXT_HOLDS else text.encode()[:TEXT_HOLDS].decode(errors="ignore")


def is_too_long(address: Mapping[str, str]) -> bool:
    """Whether the address's row cannot be written."""
    return max(map(len, address.values())) > _EVERY_FIELD_HOLDS and any(
        len(text) > _ADDRESS_HOLDS[name]
        if name in _ADDRESS_HOLDS
        else len(text) * 4 > TEXT_HOLDS and len(text.encode()) > TEXT_HOLDS
        for name, text in address.items()
    )
