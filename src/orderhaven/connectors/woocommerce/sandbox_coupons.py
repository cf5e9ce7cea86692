"""Coupons, as far as an order by the API can have them: a percentage, or an amount for the whole order."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_orders import Body
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes, compute_totals
from orderhaven.connectors.woocommerce.sandbox_values import cents, money

_MICRO = Decimal("0.000001")
_ZERO = Decimal(0)


class Coupon(msgspec.Struct, frozen=True):
    id: int
    code: str
    kind: str  # percent, fixed_cart or fixed_product
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
        row = row if isinstance(row, dict) else {}
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
        shares = _shares(coupon, body["line_items"], taxes)
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


def _shares(coupon: Coupon, lines: Sequence[Body], taxes: ShopTaxes) -> list[Decimal]:
    """What each line gets of it (class-wc-discounts.php): whole cents, the dearest line first."""
    prices = [_price_in_cents(line, taxes) for line in lines]
    split = _Split(prices, [line["quantity"] for line in lines])
    if coupon.kind == "percent":
        split.percent(coupon.amount)
    elif coupon.kind == "fixed_product":
        split.each_piece(int(coupon.amount * 100))
    else:
        split.whole(int(coupon.amount * 100))
    return [Decimal(share) / 100 for share in split.shares]


def _price_in_cents(line: Body, taxes: ShopTaxes) -> int:
    """What the line costs, with tax where prices include it."""
    tax = sum((taxes.round_line_tax(tax) for tax in line["subtotal_taxes"].values()), _ZERO)
    price = line["subtotal"] + tax if taxes.prices_include_tax else line["subtotal"]
    return int(cents(price) * 100)


class _Split:
    def __init__(self, prices: Sequence[int], quantities: Sequence[int]) -> None:
        self._prices = prices
        self._quantities = quantities
        self._order = sorted(range(len(prices)), key=lambda at: -prices[at])
        self.shares = [0] * len(prices)

    def percent(self, percentage: Decimal) -> None:
        lines = self._lines()
        for at in lines:
            self.shares[at] += int(self._prices[at] * percentage / 100)
        wanted = (sum(self._prices[at] for at in lines) * percentage / 100).quantize(Decimal(1), ROUND_HALF_UP)
        self._cent_by_cent(int(wanted) - sum(self.shares))

    def whole(self, amount: int) -> None:
        """An equal part for every piece, as long as there is a whole cent for each."""
        while amount > 0 and (pieces := sum(self._quantities[at] for at in self._lines())):
            if amount < pieces:
                self._cent_by_cent(amount)
                return
            amount -= self.each_piece(amount // pieces)

    def each_piece(self, amount: int) -> int:
        given = 0
        for at in self._lines():
            share = min(self._left(at), amount * self._quantities[at])
            self.shares[at] += share
            given += share
        return given

    def _cent_by_cent(self, amount: int) -> None:
        for at in self._lines():
            for _ in range(self._quantities[at]):
                if amount > 0 and self._left(at) > 0:
                    self.shares[at] += 1
                    amount -= 1

    def _lines(self) -> list[int]:
        return [at for at in self._order if self._quantities[at] > 0 and self._left(at) > 0]

    def _left(self, at: int) -> int:
        return self._prices[at] - self.shares[at]


def _tax_of(share: Decimal, line: Body, body: Body, taxes: ShopTaxes) -> Decimal:
    if line["tax_status"] != "taxable":
        return _ZERO
    rate = taxes.rate(line["tax_class"], taxes.country_of(body))
    tax = share * rate / (1 + rate) if taxes.prices_include_tax else share * rate
    return tax.quantize(_MICRO, ROUND_HALF_UP)
