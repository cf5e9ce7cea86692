"""What WooCommerce's refusals mean, by their code: `{"code": ..., "message": ..., "data": {"status": ...,
"params": ...}}`."""

import re
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.core.errors import (
    AccessRejected,
    AccountProblem,
    AuthRejected,
    CurrencyRefused,
    HubError,
    MayNotWrite,
    OrderMissing,
    OrderRejected,
    OutcomeUnknown,
    SafeToRetry,
    UnexpectedResponse,
)

SIDE = "The shop"
REFUSALS = (400, 401, 403, 404)
INVALID_ORDER = "woocommerce_rest_shop_order_invalid_id"
NO_ROUTE = "rest_no_route"
_OF_THE_KEY = re.compile(r"woocommerce_rest_(?:authentication|cannot)_\w+")  # all other codes are somebody else's
_NO_RIGHT = re.compile(r"woocommerce_rest_cannot_\w+")
_KEY_REFUSED = "woocommerce_rest_authentication_error"
_OF_WRITING = re.compile(r"woocommerce_rest_cannot_(?:create|edit|delete|batch)")
_LOGGED_IN_ONLY = frozenset({"rest_login_required", "rest_not_logged_in", "rest_cannot_access"})
_TAG = re.compile(r"<[^>]*>")


class ErrorBody(msgspec.Struct):
    code: str = ""
    message: str = ""
    data: Any = None

    @property
    def params(self) -> dict[str, Any]:
        """Which fields were wrong; PHP writes an empty table as a list."""
        params = self.data.get("params") if isinstance(self.data, dict) else None
        return params if isinstance(params, dict) else {}

    @property
    def draft(self) -> str:
        """The order that an error left behind half made."""
        return str(self.data.get("new_draft_order_id") or "") if isinstance(self.data, dict) else ""


def refusal_in(response: Response) -> ErrorBody | None:
    """None for a web page: then it was not WooCommerce that refused."""
    try:
        refusal = msgspec.json.decode(response.body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return refusal if refusal.code else None


class RouteMissing(SafeToRetry):
    """No API at this address now: a plugin being updated, permalinks being saved. Only setup calls it a
    wrong address."""


class InvalidParameters(UnexpectedResponse):
    """A question was refused because of what it asked with. `names` are the parameters."""

    def __init__(self, cause: str, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        super().__init__(cause, evidence=", ".join(self.names))


def raise_read_refused(response: Response) -> NoReturn:
    """A question was refused, so it is the whole connection's trouble."""
    refusal = refusal_in(response)
    if response.status in (401, 403):
        raise not_allowed(response)
    if refusal is None:
        raise RouteMissing(f"{SIDE} answers a web page with status {response.status} instead of data")
    if refusal.code == NO_ROUTE:
        raise RouteMissing(f"{SIDE} says that WooCommerce's API is not there")
    raise InvalidParameters(f"status {response.status} {refusal.code[:80]}", refusal.params)


def error_of_command(response: Response, *, shop_ref: str = "", currency: str = "") -> HubError:
    """What a rejected command means. None of these happened, but for a partly created order."""
    refusal = refusal_in(response)
    if response.status in (401, 403):
        if refusal is not None and response.status == 403 and _OF_WRITING.fullmatch(refusal.code):
            return may_not_write(refusal)  # 401 is also said to who was not recognised at all
        if refusal is None and response.status == 403:
            return OrderRejected(SIDE, "a firewall in front of it blocks this order (status 403)")
        return not_allowed(response)
    if refusal is None:
        return RouteMissing(f"{SIDE} answers a web page with status {response.status}")
    if refusal.draft:
        return OutcomeUnknown(f"{SIDE} left order {refusal.draft} half made ({refusal.code})")
    if refusal.code == INVALID_ORDER:
        return OrderMissing(SIDE, shop_ref)
    if refusal.code == NO_ROUTE:
        return RouteMissing(f"{SIDE} says that WooCommerce's API is not there")
    if "currency" in refusal.params:
        return CurrencyRefused(currency)
    alike = " ".join((str(response.status), refusal.code, *sorted(refusal.params)))
    return OrderRejected(SIDE, _why_refused(refusal), alike)


def may_not_write(refusal: ErrorBody) -> MayNotWrite:
    return MayNotWrite(
        SIDE, f"the key may read but not write ({refusal.code[:80]}): give it Read/Write and a shop manager as user"
    )


def refuses_the_key(response: Response) -> ErrorBody | None:
    """401 in WooCommerce's own name, to a key that it knows. Why, it says in the language of the shop alone."""
    refusal = refusal_in(response) if response.status == 401 else None
    return refusal if refusal is not None and refusal.code == _KEY_REFUSED else None


def not_allowed(response: Response) -> AccountProblem:
    """A 401 or 403: about the key only where WooCommerce itself says so, else about what stands before it."""
    refusal = refusal_in(response)
    if refusal is None:
        return AccessRejected(SIDE, f"status {response.status}, from a firewall or a security plugin in front of it")
    if _NO_RIGHT.fullmatch(refusal.code):
        return AuthRejected(
            SIDE, "it does not know the consumer key, or its user may not see orders: use a shop manager's key"
        )
    if _OF_THE_KEY.fullmatch(refusal.code):
        return AuthRejected(
            SIDE, f"the consumer secret is wrong or the key lacks a right: {_plain(refusal.message).rstrip('.')}"
        )
    words = f"{_plain(refusal.message).rstrip('.')} ({refusal.code[:80]})"
    if refusal.code in _LOGGED_IN_ONLY:
        return AccessRejected(
            SIDE, f"a plug-in or a rule of WordPress opens its REST API to those who are logged in only: {words}"
        )
    return AccessRejected(SIDE, f"a security plug-in or a firewall closes its REST API: {words}")


def _why_refused(refusal: ErrorBody) -> str:
    """The names of wrong fields, never what stands in them."""
    if refusal.params:
        return f"these fields of the order are not valid: {', '.join(refusal.params)}"
    return f"{_plain(refusal.message)} ({refusal.code[:80]})"


def _plain(message: str) -> str:
    return _TAG.sub("", message).strip()[:200]
