"""Coupons, as far as an order by the API can have them: a percentage, or an amount for the whole order."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_orders import Body
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes, compute_totals
from orderhaven.connectors.woocommerce.sandbox_values import money

_MICRO = Decimal("0.000001")
_CENT = Decimal("0.01")
_ZERO = Decimal(0)


class Coupon(msgspec.Struct, frozen=True):
    id: int
    code: str
    kind: str  # percent or fixed_cart
    amount: Decimal

    @property
    def info(self) -> str:
        """What WooCommerce notes of it; its most common kind is left out."""
        amount = int(self.amount) if self.amount == int(self.amount) else float(self.amount)
        named = [self.id, self.code, None if self.kind == "fixed_cart" else self.kind, amount]
        return msgspec.json.encode(named).decode()


def coupons_of(sent: Mapping[str, Any], known: Mapping[str, Coupon]) -> Sequence[Coupon] | None:
    """The coupons that a request names; None where it does not speak of coupons. Raises ApiError."""
    if sent.get("coupon_lines") is None:
        return None
    found = []
    for row in sent["coupon_lines"]:
        if row.get("id"):
            raise ApiError(400, "woocommerce_rest_coupon_item_id_readonly", "Coupon item ID is readonly.")
        coupon = known.get(str(row.get("code") or "").casefold())
        if coupon is None:
            raise ApiError(400, "woocommerce_rest_invalid_coupon", "Coupon does not exist.")
        found.append(coupon)
    return found


def apply_coupons(body: Body, coupons: Sequence[Coupon], taxes: ShopTaxes, next_id: Any) -> None:
    """Off the lines' subtotals: what their totals were does not count."""
    for line in body["line_items"]:
        line["total"] = line["subtotal"]
    body["coupon_lines"] = []
    for coupon in coupons:
        shares = _shares(coupon, [_price(line, taxes) for line in body["line_items"]])
        discount_tax = _ZERO
        for line, share in zip(body["line_items"], shares, strict=True):
            tax = _tax_of(share, line, body, taxes)
            discount_tax += taxes.round_line_tax(tax)
            line["total"] = max(_ZERO, line["total"] - (share - tax if taxes.prices_include_tax else share))
        net = sum(shares, _ZERO) - (discount_tax if taxes.prices_include_tax else _ZERO)
        info = {"id": next_id(), "key": "coupon_info", "value": coupon.info}
        shown = {"code": coupon.code, "discount": money(net), "discount_tax": money(discount_tax)}
        body["coupon_lines"].append({"id": next_id(), **shown, "meta_data": [info]})
    compute_totals(body, taxes)


def _price(line: Body, taxes: ShopTaxes) -> Decimal:
    """What the line costs, with tax where prices include it."""
    tax = sum((taxes.round_line_tax(tax) for tax in line["subtotal_taxes"].values()), _ZERO)
    return Decimal(line["subtotal"] + tax if taxes.prices_include_tax else line["subtotal"])


def _shares(coupon: Coupon, prices: Sequence[Decimal]) -> list[Decimal]:
    """Each line's part in whole cents; what rounding leaves goes cent by cent to the first lines."""
    whole = sum(prices, _ZERO)
    if coupon.kind == "percent":
        parts, total = [price * coupon.amount / 100 for price in prices], whole * coupon.amount / 100
    else:
        total = min(coupon.amount, whole)
        parts = [total * price / whole if whole else _ZERO for price in prices]
    shares = [part.quantize(_CENT, ROUND_DOWN) for part in parts]
    left = int((total.quantize(_CENT, ROUND_HALF_UP) - sum(shares, _ZERO)) / _CENT)
    for at in range(min(left, len(shares))):
        shares[at] += _CENT
    return shares


def _tax_of(share: Decimal, line: Body, body: Body, taxes: ShopTaxes) -> Decimal:
    if line["tax_status"] != "taxable":
        return _ZERO
    rate = taxes.rate(line["tax_class"], taxes.country_of(body))
    tax = share * rate / (1 + rate) if taxes.prices_include_tax else share * rate
    return tax.quantize(_MICRO, ROUND_HALF_UP)
