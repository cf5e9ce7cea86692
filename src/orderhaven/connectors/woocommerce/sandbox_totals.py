"""The sandbox's arithmetic: taxes and totals as WooCommerce computes them, in the same places rounded to
the cent."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

Body: TypeAlias = dict[str, Any]

_CENT = Decimal("0.01")


@dataclass
class ShopTaxes:
    """The shop's tax settings. `rates`: (class, country) -> percent; country "" fits every one."""

    on: bool = True
    prices_include_tax: bool = True
    rounds_at_subtotal: bool = False
    based_on: str = "shipping"
    base_country: str = "NL"
    shipping_class: str = "inherit"
    rates: dict[tuple[str, str], Decimal] = field(default_factory=lambda: {("", ""): Decimal(21)})

    def rate(self, tax_class: str, country: str) -> Decimal:
        if not self.on:
            return Decimal(0)
        percent = self.rates.get((tax_class, country), self.rates.get((tax_class, ""), Decimal(0)))
        return percent / 100

    def country_of(self, body: Body) -> str:
        shipping, billing = body["shipping"].get("country", ""), body["billing"].get("country", "")
        if self.based_on == "base":
            return self.base_country
        chosen = shipping if self.based_on == "shipping" and shipping else billing
        return str(chosen or self.base_country)

    def round_tax(self, amount: Decimal) -> Decimal:
        """Halves go down where prices include tax (WC_TAX_ROUNDING_MODE)."""
        return amount.quantize(_CENT, ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP)


def compute_totals(body: Body, taxes: ShopTaxes) -> None:
    """Fills in every tax and total of an order body. What the client sent for them is forgotten."""
    country = taxes.country_of(body)
    each = (lambda amount: amount) if taxes.rounds_at_subtotal else _cents
    cart = sum((each(Decimal(line["total"])) for line in body["line_items"]), Decimal(0))
    fees = sum((Decimal(fee["total"]) for fee in body["fee_lines"]), Decimal(0))
    shipping = sum((_cents(Decimal(line["total"])) for line in body["shipping_lines"]), Decimal(0))
    cart_tax = sum((_tax(line, taxes, country) for line in body["line_items"] + body["fee_lines"]), Decimal(0))
    shipping_class = _shipping_class(body, taxes)
    shipping_tax = sum(
        (_tax({**line, "tax_class": shipping_class}, taxes, country) for line in body["shipping_lines"]),
        Decimal(0),
    )
    for line in body["line_items"] + body["fee_lines"]:
        line["total_tax"] = _text(_tax(line, taxes, country))
    body["shipping_total"] = _text(shipping)
    body["shipping_tax"] = _text(shipping_tax)
    body["cart_tax"] = _text(cart_tax)
    body["total_tax"] = _text(cart_tax + shipping_tax)
    body["total"] = _text(cart + fees + shipping + cart_tax + shipping_tax)
    body["prices_include_tax"] = taxes.prices_include_tax


def _tax(line: Body, taxes: ShopTaxes, country: str) -> Decimal:
    if line.get("tax_status", "taxable") != "taxable" or line["tax_class"] is None:
        return Decimal(0)
    tax = (Decimal(line["total"]) * taxes.rate(line["tax_class"], country)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return tax if taxes.rounds_at_subtotal else taxes.round_tax(tax)


def _shipping_class(body: Body, taxes: ShopTaxes) -> str | None:
    if taxes.shipping_class != "inherit":
        return taxes.shipping_class
    classes = {line["tax_class"] for line in body["line_items"] if line["tax_status"] in ("taxable", "shipping")}
    if not classes:
        return None if body["line_items"] else ""
    chosen: str = min(classes, key=lambda name: (name != "", name))
    return chosen


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _text(amount: Decimal) -> str:
    return f"{_cents(amount):f}"
