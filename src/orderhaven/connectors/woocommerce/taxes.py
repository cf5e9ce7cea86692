"""How a shop taxes: which rates of its table count at a place, and what they add to an amount.

WooCommerce wants amounts without tax and always computes the tax itself, by its own rates (class-wc-tax.php).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from msgspec import Struct

_COINS = tuple(Decimal(1).scaleb(-decimals) for decimals in range(7))
_COMPUTED = Decimal("0.000001")  # wc_get_rounding_precision


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


Rates = tuple[TaxRate, ...]


class TaxRules(Struct, frozen=True):
    """How this shop computes and rounds."""

    on: bool
    rates: Rates = ()
    based_on: str = "shipping"  # shipping, billing or base
    base: Place = Place("")
    shipping_class: str = "inherit"
    rounds_at_subtotal: bool = False
    prices_include_tax: bool = False
    decimals: int = 2  # of every price that the shop keeps

    def rates_for(self, tax_class: str, place: Place, *, shipping: bool = False) -> Rates:
        """The rates that the shop will apply."""
        if not self.on:
            return ()
        fitting = [rate for rate in self.rates if rate.tax_class == tax_class and _fits(rate, place)]
        return tuple(rate for rate in _first_of_each_priority(fitting) if rate.on_shipping or not shipping)

    def rate_for(self, tax_class: str, place: Place, *, shipping: bool = False) -> Decimal:
        """All of them as one; 0 where it applies none."""
        return added_up(self.rates_for(tax_class, place, shipping=shipping))

    def place_of(self, ship_to: Place, bill_to: Place) -> Place:
        if self.based_on == "base":
            return self.base
        billed = self.based_on == "billing" or not ship_to.country
        place = bill_to if billed else ship_to
        return place if place.country else self.base

    @property
    def coin(self) -> Decimal:
        """The smallest amount that a price of this shop can have."""
        return _COINS[self.decimals]

    def tax_on(self, net: Decimal, rates: Rates) -> Decimal:
        """What the shop adds to this amount: each rate's tax to its coin, or unrounded if it rounds at subtotal.

        Halves go down where its prices include tax (WC_TAX_ROUNDING_MODE).
        """
        if len(rates) == 1:  # nearly always
            return self._rounded((net * rates[0].rate).quantize(_COMPUTED, ROUND_HALF_UP))
        taxes = (tax.quantize(_COMPUTED, ROUND_HALF_UP) for tax in _of_each(net, rates))
        return sum(map(self._rounded, taxes), Decimal(0))

    def _rounded(self, tax: Decimal) -> Decimal:
        if self.rounds_at_subtotal:
            return tax
        return tax.quantize(self.coin, ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP)


def added_up(rates: Rates) -> Decimal:
    """All of them as one rate: 0.21."""
    if len(rates) == 1:
        return rates[0].rate
    simple, compound = Decimal(0), Decimal(1)
    for rate in rates:
        if rate.compound:
            compound *= 1 + rate.rate
        else:
            simple += rate.rate
    return (1 + simple) * compound - 1


def _of_each(net: Decimal, rates: Rates) -> list[Decimal]:
    """Compound rates come after the others, and tax their taxes too."""
    taxes = [net * rate.rate for rate in rates if not rate.compound]
    for rate in rates:
        if rate.compound:
            taxes.append((net + sum(taxes)) * rate.rate)
    return taxes


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
