"""The amounts to send, so that the shop's own arithmetic comes back to the marketplace's cent.

WooCommerce wants amounts without tax and always computes the tax itself, by its own rates. Its arithmetic
(abstract-wc-order.php, `calculate_totals` and `update_taxes`): of each product line the net amount is
rounded to the cent, and so is each line's tax; the order is their sum. A net amount sent with six decimals
therefore comes out exact: what the net part loses by rounding, the tax part gains. Fees are the exception:
their net amounts are added unrounded, so each fee takes over the rounding that the one before left.

One cent cannot be had: at 20 %, with prices entered without tax, half a cent of net and half a cent of tax
round up together (0.03 becomes 0.04). The shop's total then differs, and the caller sees it.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

_SENT = Decimal("0.000001")  # WooCommerce computes with six decimals


class TaxRate(Struct, frozen=True):
    """One row of the shop's tax table. An empty field fits everything."""

    id: int
    country: str
    state: str
    postcodes: tuple[str, ...]
    cities: tuple[str, ...]
    rate: Decimal  # 0.21
    priority: int
    compound: bool
    on_shipping: bool
    tax_class: str
    order: int = 0


class Place(Struct, frozen=True):
    """Where something is taxed."""

    country: str
    state: str = ""
    postcode: str = ""
    city: str = ""


class TaxRules(Struct, frozen=True):
    """How this shop computes taxes."""

    on: bool
    rates: tuple[TaxRate, ...] = ()
    based_on: str = "shipping"  # shipping, billing or base
    base: Place = Place("")
    shipping_class: str = "inherit"
    rounds_at_subtotal: bool = False

    def rate_for(self, tax_class: str, place: Place, *, shipping: bool = False) -> Decimal:
        """The rate that the shop will apply; 0 where it applies none."""
        if not self.on:
            return Decimal(0)
        fitting = [rate for rate in self.rates if rate.tax_class == tax_class and _fits(rate, place)]
        used = _first_of_each_priority(fitting)
        return _added_up(rate for rate in used if rate.on_shipping or not shipping)

    def place_of(self, ship_to: Place, bill_to: Place) -> Place:
        if self.based_on == "base":
            return self.base
        billed = self.based_on == "billing" or not ship_to.country
        place = bill_to if billed else ship_to
        return place if place.country else self.base


def net_amount(gross: Decimal, rate: Decimal) -> Decimal:
    """A product line's or shipping's amount without tax, to send."""
    return (gross / (1 + rate)).quantize(_SENT, ROUND_HALF_UP)


def net_fees(gross: Sequence[Decimal], rates: Sequence[Decimal], coin: Decimal, *, rounded_each: bool) -> list[Decimal]:
    """Fees' amounts without tax. `rounded_each`: the shop rounds the tax of each (its default)."""
    sent: list[Decimal] = []
    left = Decimal(0)  # what the shop's sum is ahead of ours so far
    for amount, rate in zip(gross, rates, strict=True):
        net = net_amount(amount - left, rate)
        sent.append(net)
        tax = (net * rate).quantize(coin, ROUND_HALF_UP) if rounded_each else net * rate
        left += net + tax - amount
    return sent


def _fits(rate: TaxRate, place: Place) -> bool:
    return (
        rate.country in ("", place.country.upper())
        and rate.state in ("", place.state.upper())
        and (not rate.postcodes or any(_postcode_fits(rule, place.postcode) for rule in rate.postcodes))
        and (not rate.cities or place.city.upper() in rate.cities)
    )


def _postcode_fits(rule: str, postcode: str) -> bool:
    """A postcode, one with * at its end, or a range with three dots."""
    rule, postcode = (text.replace(" ", "").upper() for text in (rule, postcode))
    if rule.endswith("*"):
        return postcode.startswith(rule[:-1])
    first, dots, last = rule.partition("...")
    if dots and first.isdecimal() and last.isdecimal() and postcode.isdecimal():
        return int(first) <= int(postcode) <= int(last)
    return rule == postcode


def _first_of_each_priority(rates: Sequence[TaxRate]) -> list[TaxRate]:
    """The closest fit comes first, and only one rate of each priority counts."""
    ordered = sorted(
        rates,
        key=lambda r: (r.priority, not r.country, not r.state, not r.postcodes, not r.cities, r.order, r.id),
    )
    chosen: dict[int, TaxRate] = {}
    for rate in ordered:
        chosen.setdefault(rate.priority, rate)
    return list(chosen.values())


def _added_up(rates: Iterable[TaxRate]) -> Decimal:
    simple, compound = Decimal(0), Decimal(1)
    for rate in rates:
        if rate.compound:
            compound *= 1 + rate.rate
        else:
            simple += rate.rate
    return (1 + simple) * compound - 1
