"""The sandbox's arithmetic: taxes and totals as WooCommerce computes them, in the same places rounded to
the cent (abstract-wc-order.php, `calculate_totals`, `calculate_taxes` and `update_taxes`)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from orderhaven.connectors.woocommerce.sandbox_values import cents, money

Body: TypeAlias = dict[str, Any]
Taxes: TypeAlias = Mapping[int, Decimal]  # by the number of the rate

_CENT = Decimal("0.01")
_MICRO = Decimal("0.000001")
_ZERO = Decimal(0)
_NONE: Taxes = {}
_AT_THE_COUNTER = frozenset({"local_pickup", "legacy_local_pickup"})  # taxed where the shop is


class NotANumber(Exception):
    """PHP breaks down where it must multiply an empty text."""


@dataclass
class ShopTaxes:
    """The shop's tax settings. `rates`: (class, country) -> percent; country "" fits every one."""

    on: bool = True
    prices_include_tax: bool = True
    rounds_at_subtotal: bool = False
    based_on: str = "shipping"
    base_country: str = "NL"
    shipping_class: str = "inherit"
    decimals: int = 2  # of every price; with any other number the sandbox makes no orders
    rates: dict[tuple[str, str], Decimal] = field(default_factory=lambda: {("", ""): Decimal(21)})

    def rate(self, tax_class: str, country: str) -> Decimal:
        return sum(self.rates_for(tax_class, country).values(), _ZERO)

    def rates_for(self, tax_class: str, country: str) -> Taxes:
        """Number of the rate -> what it takes, 0.21."""
        if not self.on:
            return _NONE
        key = (tax_class, country.upper().partition(":")[0])  # a shop's own country may name its state: "US:CA"
        if key not in self.rates:
            key = (tax_class, "")
        return {[*self.rates].index(key) + 1: self.rates[key] / 100} if key in self.rates else _NONE

    @property
    def classes(self) -> frozenset[str]:
        return frozenset({"", "reduced-rate", "zero-rate"} | {tax_class for tax_class, _ in self.rates})

    def country_of(self, body: Body) -> str:
        shipping, billing = body["shipping"].get("country", ""), body["billing"].get("country", "")
        at_the_counter = any(line["method_id"] in _AT_THE_COUNTER for line in body["shipping_lines"])
        if self.based_on == "base" or at_the_counter:
            return self.base_country
        chosen = shipping if self.based_on == "shipping" and shipping else billing
        return str(chosen or self.base_country)

    def round_tax(self, amount: Decimal) -> Decimal:
        """Halves go down where prices include tax (WC_TAX_ROUNDING_MODE)."""
        return amount.quantize(_CENT, ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP)

    def round_line_tax(self, amount: Decimal) -> Decimal:
        return amount if self.rounds_at_subtotal else self.round_tax(amount)


def compute_totals(body: Body, taxes: ShopTaxes) -> None:
    """Fills in every tax and total of an order body. What the client sent for them is forgotten.

    Raises NotANumber.
    """
    lines, fees, shipping = body["line_items"], body["fee_lines"], body["shipping_lines"]
    each = (lambda amount: amount) if taxes.rounds_at_subtotal else cents
    cart = sum((each(line["total"]) for line in lines), _ZERO)
    subtotal = sum((each(line["subtotal"]) for line in lines), _ZERO)
    shipping_total = sum((cents(line["total"]) for line in shipping), _ZERO)
    fees_total = _limit_negative_fees(fees, cart + shipping_total)
    _tax_items(body, taxes)
    cart_tax = sum(_by_rate(lines + fees, taxes).values(), _ZERO)
    shipping_tax = sum(_by_rate(shipping, taxes).values(), _ZERO)
    tax_left_off = sum((_sum(line["subtotal_taxes"]) - _sum(line["taxes"]) for line in lines), _ZERO)
    for line in lines:  # as it is read back
        line["subtotal"] = max(line["subtotal"], line["total"])
    body["discount_total"] = money(subtotal - cart)
    body["discount_tax"] = money(taxes.round_tax(tax_left_off))
    body["shipping_total"] = money(shipping_total)
    body["shipping_tax"] = money(shipping_tax)
    body["cart_tax"] = money(cart_tax)
    body["total_tax"] = money(cart_tax + shipping_tax)
    body["total"] = money(cart + fees_total + shipping_total + cart_tax + shipping_tax)


def _limit_negative_fees(fees: list[Body], rest: Decimal) -> Decimal:
    """Their sum. A discount takes off no more than there is."""
    total = _ZERO
    for fee in fees:
        limit = -cents(rest + total)
        if fee["total"] is not None and fee["total"] < limit < 0:
            fee["total"] = limit
        total += fee["total"] or _ZERO
    return total


def _tax_items(body: Body, taxes: ShopTaxes) -> None:
    country = taxes.country_of(body)
    for line in body["line_items"]:
        rates = _rates_of(line, taxes, country)
        line["taxes"] = _taxes_of(line["total"], rates)
        # a line's subtotal is never below its total, nor is the tax of it
        subtotal_taxes = _taxes_of(line["subtotal"], rates)
        line["subtotal_taxes"] = max(subtotal_taxes, line["taxes"], key=_sum)
    for fee in body["fee_lines"]:
        if fee["total"] is not None and fee["total"] >= 0:
            fee["taxes"] = _taxes_of(fee["total"], _rates_of(fee, taxes, country))
        else:
            fee["taxes"] = _taxes_of_discount(fee, body, taxes, country)
    shipping_class = _shipping_class(body["line_items"], taxes)
    rates = _NONE if shipping_class is None else taxes.rates_for(shipping_class, country)
    for line in body["shipping_lines"]:
        line["taxes"] = _taxes_of(line["total"], rates)


def _taxes_of_discount(fee: Body, body: Body, taxes: ShopTaxes, country: str) -> Taxes:
    """A negative fee's tax is spread over the classes of what it is taken off, by their shares."""
    costs = _costs_by_class(body, taxes)
    found: dict[int, Decimal] = defaultdict(Decimal)
    for tax_class, cost in costs.items():
        if tax_class is None:
            continue
        if fee["total"] is None:
            raise NotANumber
        share = fee["total"] * cost / sum(costs.values())
        for number, tax in _taxes_of(share, taxes.rates_for(tax_class, country)).items():
            found[number] += tax
    return dict(found)


def _costs_by_class(body: Body, taxes: ShopTaxes) -> dict[str | None, Decimal]:
    """What the order costs in each tax class; None is what is not taxed."""
    costs: dict[str | None, Decimal] = defaultdict(Decimal)
    if not taxes.on:
        return costs
    inherited = next((line["tax_class"] for line in body["line_items"] if _has_class(line)), "")
    for line in (*body["line_items"], *body["fee_lines"], *body["shipping_lines"]):
        if line["total"] is not None and line["total"] > 0:
            of_shipping = inherited if taxes.shipping_class == "inherit" else taxes.shipping_class
            taxed = line.get("tax_status", "taxable") == "taxable"
            costs[line.get("tax_class", of_shipping) if taxed else None] += line["total"]
    return costs


def _rates_of(line: Body, taxes: ShopTaxes, country: str) -> Taxes:
    return taxes.rates_for(line["tax_class"], country) if line["tax_status"] == "taxable" else _NONE


def _taxes_of(amount: Decimal, rates: Taxes) -> Taxes:
    return {number: (amount * rate).quantize(_MICRO, ROUND_HALF_UP) for number, rate in rates.items()}


def _by_rate(items: Iterable[Body], taxes: ShopTaxes) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for item in items:
        for number, tax in item["taxes"].items():
            found[number] += taxes.round_line_tax(tax)
    return found


def _shipping_class(lines: list[Body], taxes: ShopTaxes) -> str | None:
    """None: shipping is not taxed. So is that of an order without products, which have a class to inherit."""
    if taxes.shipping_class != "inherit":
        return taxes.shipping_class
    classes = {line["tax_class"] for line in lines if _has_class(line)}
    return min(classes, key=lambda name: (name != "", name)) if classes else None


def _has_class(line: Body) -> bool:
    return line["tax_status"] in ("taxable", "shipping")


def _sum(amounts: Taxes) -> Decimal:
    return sum(amounts.values(), _ZERO)


def shown_tax(amounts: Taxes, taxes: ShopTaxes) -> str:
    """An item's tax, as the API shows it."""
    return money(sum((taxes.round_line_tax(tax) for tax in amounts.values()), _ZERO))
