"""What WordPress checks of a request before WooCommerce sees it: types, words of a list, formats.

`rest_validate_value_from_schema` of WordPress, with its oddities: a number may come as its digits, a list may stand for
an object, and a text may stand for a list (it is split at commas). A field that no schema names is not looked at.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from orderhaven.connectors.woocommerce.sandbox_currencies import CURRENCIES
from orderhaven.connectors.woocommerce.sandbox_errors import invalid_params
from orderhaven.connectors.woocommerce.sandbox_query import words
from orderhaven.connectors.woocommerce.sandbox_values import NUMERIC

# what is wrong with a value that stands at a place; "" when nothing is
Check: TypeAlias = Callable[[Any, str], str]

# is_email() of WordPress: one @, a dot in the domain, no letters beyond ASCII
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9!#$%&'*+/=?^_`{{|}}~.-]+@{_LABEL}(?:\.{_LABEL})+")


def string(value: Any, at: str) -> str:
    return "" if isinstance(value, str) else f"{at} is not of type string."


def integer(value: Any, at: str) -> str:
    return "" if is_integer(value) else f"{at} is not of type integer."


def number(value: Any, at: str) -> str:
    return "" if _is_numeric(value) else f"{at} is not of type number."


def boolean(value: Any, at: str) -> str:
    fits = isinstance(value, bool) or (isinstance(value, (int, str)) and str(value).lower() in _BOOLEANS)
    return "" if fits else f"{at} is not of type boolean."


def mixed(value: Any, at: str) -> str:
    """WordPress knows no such type, and lets everything pass."""
    return ""


def email(value: Any, at: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return f"{at} is not of type string,null."
    return "" if len(value) >= 6 and _EMAIL.fullmatch(value) else "Invalid email address."


def one_of(words: Collection[str]) -> Check:
    def check(value: Any, at: str) -> str:
        if not isinstance(value, str):
            return f"{at} is not of type string."
        return "" if value in words else f"{at} is not one of {_in_a_row(words)}."

    return check


def _in_a_row(words: Collection[str]) -> str:
    *first, last = words
    return f"{', '.join(first)}, and {last}" if len(first) > 1 else " and ".join([*first, last])


def fields(**checks: Check) -> Check:
    looked_at = {name: check for name, check in checks.items() if check is not mixed}

    def check(value: Any, at: str) -> str:
        if not isinstance(value, dict):
            fits = isinstance(value, list) or value == ""  # PHP has one kind of array
            return "" if fits else f"{at} is not of type object."
        for name, inner in value.items():
            wanted = looked_at.get(name)
            if wanted is None or (wanted is string and isinstance(inner, str)):  # as most are
                continue
            if wanted(inner, at):
                return wanted(inner, f"{at}[{name}]")  # named only now: next to nothing is wrong
        return ""

    return check


def rows(check_row: Check) -> Check:
    def check(value: Any, at: str) -> str:
        listed = as_list(value)
        if listed is None:
            return f"{at} is not of type array."
        for index, row in enumerate(listed):
            if check_row(row, at):
                return check_row(row, f"{at}[{index}]")
        return ""

    return check


def as_list(value: Any) -> list[Any] | None:
    """What PHP reads as a list; None where it does not."""
    if isinstance(value, list):
        return value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return words(str(value))
    return [] if value == {} else None


def is_integer(value: Any) -> bool:
    return _is_numeric(value) and float(value).is_integer()


def is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")


def check_params(schema: Mapping[str, Check], sent: Mapping[str, Any]) -> None:
    """Raises ApiError."""
    if wrong := wrong_params(schema, sent):
        raise invalid_params(wrong)


def wrong_params(schema: Mapping[str, Check], sent: Mapping[str, Any]) -> dict[str, str]:
    """Parameter -> what is wrong with it. One that is null counts as left out."""
    found: dict[str, str] = {}
    for name, value in sent.items():
        check = schema.get(name)
        if check is not None and value is not None and (wrong := check(value, name)):
            found[name] = wrong
    return found


def _is_numeric(value: Any) -> bool:
    if isinstance(value, str):
        return NUMERIC.fullmatch(value) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_BOOLEANS = frozenset({"true", "false", "1", "0"})
ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
_ADDRESS = dict.fromkeys(ADDRESS, string)
_META = rows(fields(id=integer, key=string, value=mixed))
_TAXES = rows(fields(id=integer, total=string, subtotal=string))
_ITEM = {"id": integer, "total": string, "total_tax": string, "taxes": _TAXES, "meta_data": _META}
_LINE = fields(
    **_ITEM, name=mixed, parent_name=string, product_id=mixed, variation_id=integer, quantity=integer, tax_class=string,
    subtotal=string, subtotal_tax=string, sku=string, price=number,
)  # fmt: skip
_FEE = fields(**_ITEM, name=mixed, tax_class=string, tax_status=one_of(("taxable", "none")), amount=string)
_SHIPPING = fields(**_ITEM, method_title=mixed, method_id=mixed, instance_id=string)
_COUPON = fields(id=integer, code=mixed, discount=string, discount_tax=string, meta_data=_META)

_REFUND_TAX = rows(fields(id=integer, refund_total=number))
# of POST /orders/ID/refunds
REFUND: Mapping[str, Check] = {
    "amount": string,
    "reason": string,
    "refunded_by": integer,
    "meta_data": _META,
    "line_items": rows(
        fields(id=integer, quantity=integer, refund_total=number, refund_tax=_REFUND_TAX, meta_data=_META)
    ),
    "api_refund": boolean,
    "api_restock": boolean,
}
# of every DELETE, in the query or in the body
DELETE: Mapping[str, Check] = {"force": boolean}
# of POST and PUT /orders/ID/fulfillments
FULFILMENT: Mapping[str, Check] = {"status": string, "is_fulfilled": boolean, "meta_data": _META}

# of POST and PUT /orders, but for the statuses, which a plugin may add to; read-only fields are not looked at
ORDER: Mapping[str, Check] = {
    "parent_id": integer,
    "currency": one_of(CURRENCIES),
    "customer_id": integer,
    "customer_note": string,
    "created_via": string,
    "billing": fields(**_ADDRESS, email=email, phone=string),
    "shipping": fields(**_ADDRESS),  # its phone stands in no schema
    "payment_method": string,
    "payment_method_title": string,
    "transaction_id": string,
    "meta_data": _META,
    "line_items": rows(_LINE),
    "fee_lines": rows(_FEE),
    "shipping_lines": rows(_SHIPPING),
    "coupon_lines": rows(_COUPON),
    "set_paid": boolean,
    "manual_update": boolean,
}
