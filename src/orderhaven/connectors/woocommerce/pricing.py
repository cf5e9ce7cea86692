"""Amounts to the cent: taxes, totals as the shop adds them up, and the prices that come to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any, TypeAlias

from msgspec import Struct

from orderhaven.core.money import Money, sum_money
from orderhaven.core.order import Address, MarketplaceLine
from orderhaven.core.shop_order import ShopOrderDraft

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


class TaxLocation(Struct, frozen=True):
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
    base: TaxLocation = TaxLocation("")
    shipping_class: str = "inherit"
    rounds_at_subtotal: bool = False
    prices_include_tax: bool = False
    decimals: int = 2  # of every price that the shop keeps

    def rates_for(self, tax_class: str, location: TaxLocation, *, shipping: bool = False) -> Rates:
        """The rates that the shop will apply."""
        if not self.on:
            return ()
        fitting = [rate for rate in self.rates if rate.tax_class == tax_class and _fits(rate, location)]
        return tuple(rate for rate in _first_of_each_priority(fitting) if rate.on_shipping or not shipping)

    def rate_for(self, tax_class: str, location: TaxLocation, *, shipping: bool = False) -> Decimal:
        """All of them as one; 0 where it applies none."""
        return added_up(self.rates_for(tax_class, location, shipping=shipping))

    def place_of(self, ship_to: TaxLocation, bill_to: TaxLocation) -> TaxLocation:
        if self.based_on == "base":
            return self.base
        billed = self.based_on == "billing" or not ship_to.country
        location = bill_to if billed else ship_to
        return location if location.country else self.base

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


def _fits(rate: TaxRate, location: TaxLocation) -> bool:
    return (
        rate.country in ("", location.country.upper())
        and rate.state in ("", location.state.upper())
        and (not rate.postcodes or any(_postcode_fits(rule, location.postcode) for rule in rate.postcodes))
        and (not rate.cities or location.city.upper() in rate.cities)
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


_NOTHING = Decimal(0)
_SENT = Decimal("0.000001")  # WooCommerce computes with six decimals
_AS_GOOD_AS_EQUAL = Decimal("0.00001")
_NEARBY = tuple(
    sign * step
    for step in (Decimal("0.000001"), Decimal("0.00001"), Decimal("0.0001"), *(Decimal(n) / 2000 for n in range(1, 25)))
    for sign in (-1, 1)
)


class ItemKind(Enum):
    """What of an order costs something: each is rounded in its own way."""

    LINE = "line"
    FEE = "fee"
    SHIPPING = "shipping"


@dataclass
class OrderTotal:
    """An order as it is added up. `off` is what its amounts so far are short of what they should come to."""

    rules: TaxRules
    exact: Decimal = Decimal(0)
    off: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What the shop will make of it."""
        return self.exact.quantize(self.rules.coin, ROUND_HALF_UP)

    def put(self, net: Decimal, rates: Rates, kind: ItemKind) -> None:
        self.exact += self._comes_to(net, rates, kind)

    def reach(self, gross: Decimal, rates: Rates, kind: ItemKind) -> Decimal:
        """The amount without tax to send, so that it comes to `gross` and to what those before it are short of."""
        wanted = gross + self.off
        net = net_amount(wanted, added_up(rates))
        comes_to = self._comes_to(net, rates, kind)
        if comes_to == wanted:  # nearly always
            self.exact += comes_to
            self.off = _NOTHING
            return net
        may_be_off = self.rules.coin / 2 if self.rules.rounds_at_subtotal else _AS_GOOD_AS_EQUAL
        if abs(comes_to - wanted) >= may_be_off:
            net, comes_to = self._nearest(wanted, net, rates, kind)
        self.exact += comes_to
        self.off = wanted - comes_to
        return net

    def _nearest(self, wanted: Decimal, net: Decimal, rates: Rates, kind: ItemKind) -> tuple[Decimal, Decimal]:
        """What comes closest and is not too much: more can be added later, and nothing taken off."""
        nets = [net, *(net + step for step in _NEARBY)]
        if kind is ItemKind.FEE:
            nets += [wanted - self.rules.tax_on(one, rates) for one in nets]
        found = [(self._comes_to(one, rates, kind), one) for one in nets]
        comes_to, best = max(
            (pair for pair in found if pair[0] <= wanted + _AS_GOOD_AS_EQUAL),
            default=min(found),
            key=lambda pair: pair[0],
        )
        return best, comes_to

    def _comes_to(self, net: Decimal, rates: Rates, kind: ItemKind) -> Decimal:
        is_rounded = kind is ItemKind.SHIPPING or (kind is ItemKind.LINE and not self.rules.rounds_at_subtotal)
        tax = self.rules.tax_on(net, rates) if rates else _NOTHING
        return (net.quantize(self.rules.coin, ROUND_HALF_UP) if is_rounded else net) + tax


def net_amount(gross: Decimal, rate: Decimal) -> Decimal:
    return (gross / (1 + rate)).quantize(_SENT, ROUND_HALF_UP)


Body: TypeAlias = dict[str, Any]


class Taxed(Struct, frozen=True):
    """How a product is taxed: class '' is the standard one; status taxable, shipping or none."""

    tax_class: str = ""
    status: str = "taxable"

    @property
    def is_taxable(self) -> bool:
        return self.status == "taxable"


_AS_USUAL = Taxed()


class PricedLine(Struct, frozen=True):
    """A line of the order and what to send for it, without tax."""

    line: MarketplaceLine
    taxed: Taxed
    rate: Decimal  # the shop's, 0.21
    before: Decimal  # less no discount
    net: Decimal


class Prices:
    """An order's amounts as the shop wants them: without tax, and its discount taken off line by line."""

    def __init__(self, order_draft: ShopOrderDraft, rules: TaxRules, taxed: Mapping[str, Taxed]) -> None:
        order = order_draft.order
        self.stated = order_draft.total.amount  # by the marketplace
        self._draft = order_draft
        self._rules = rules
        self._taxed_by_ref = taxed
        self._where = rules.place_of(_place(order.ship_to), _place(order.bill_to))
        self._sum = OrderTotal(rules)
        self._rates_by_class: dict[str, Rates] = {}
        shares = [order_draft.line_total(line) for line in order.lines]
        totals, shipping = _less_discount(shares, order.shipping_cost, order.discount)
        # first, since it is rounded even where nothing else is: the lines make good what it is off
        self._shipping = (
            _NOTHING if shipping.is_zero else self._net(shipping, self._shipping_rates(), ItemKind.SHIPPING)
        )
        priced = [
            self._priced(line, share, total) for line, share, total in zip(order.lines, shares, totals, strict=True)
        ]
        self.lines: Sequence[PricedLine] = () if order_draft.fulfilled_by_marketplace else priced
        self.fees: Sequence[PricedLine] = priced if order_draft.fulfilled_by_marketplace else ()
        self._missing = self._still_missing()
        if not self._missing.is_zero():
            self._sum.put(self._missing, (), ItemKind.FEE)

    @property
    def total(self) -> Decimal:
        """What the shop will make of it."""
        return self._sum.total

    def shipping(self) -> list[Body]:
        if self._shipping.is_zero():
            return []
        title = self._draft.marketplace
        return [{"method_id": "other", "method_title": title, "total": as_text(self._shipping)}]

    def rounding(self) -> list[Body]:
        """A cent that no amount with tax comes to, as a fee without tax."""
        if self._missing.is_zero():
            return []
        return [{"name": "Rounding", "total": as_text(self._missing), "tax_class": "", "tax_status": "none"}]

    def _still_missing(self) -> Decimal:
        if not self._draft.order.prices_include_vat:
            return Decimal(0)
        return max(self.stated - self._sum.total, Decimal(0))

    def _priced(self, line: MarketplaceLine, share: Money, total: Money) -> PricedLine:
        taxed = self._taxed(line)
        rates = self._rates_for(taxed.tax_class) if taxed.is_taxable else ()
        kind = ItemKind.FEE if self._draft.fulfilled_by_marketplace else ItemKind.LINE
        net, rate = self._net(total, rates, kind), added_up(rates)
        is_whole = self._draft.quantities[line.ref] == line.quantities.ordered
        before = share + line.discount if is_whole and not line.discount.is_zero else share
        if before == total:
            return PricedLine(line, taxed, rate, net, net)
        gross = before.amount
        inclusive = self._draft.order.prices_include_vat
        return PricedLine(line, taxed, rate, net_amount(gross, rate) if inclusive else gross, net)

    def _net(self, amount: Money, rates: Rates, kind: ItemKind) -> Decimal:
        if amount.is_zero:
            return _NOTHING
        if self._draft.order.prices_include_vat:
            return self._sum.reach(amount.amount, rates, kind)
        self._sum.put(amount.amount, rates, kind)
        return amount.amount

    def _rates_for(self, tax_class: str) -> Rates:
        """Most lines of an order have the same."""
        if tax_class not in self._rates_by_class:
            self._rates_by_class[tax_class] = self._rules.rates_for(tax_class, self._where)
        return self._rates_by_class[tax_class]

    def _taxed(self, line: MarketplaceLine) -> Taxed:
        return self._taxed_by_ref.get(self._draft.products.get(line.ref, ""), _AS_USUAL)

    def _shipping_rates(self) -> Rates:
        """Shipping has a class of its own, or that of the first class among the order's products, standard
        before others; where there is no product it inherits nothing and is not taxed."""
        tax_class = self._rules.shipping_class
        if tax_class == "inherit":
            lines = () if self._draft.fulfilled_by_marketplace else self._draft.order.lines
            taxed = [self._taxed(line) for line in lines]
            classes = {one.tax_class for one in taxed if one.status in ("taxable", "shipping")}
            if not classes:
                return ()
            tax_class = min(classes, key=lambda name: (name != "", name))
        return self._rules.rates_for(tax_class, self._where, shipping=True)


def as_text(amount: Decimal) -> str:
    return f"{amount:f}"


def _less_discount(lines: Sequence[Money], shipping: Money, discount: Money) -> tuple[list[Money], Money]:
    """An order's discount spread over its lines, to the cent, and what they cannot bear over the shipping.

    Not a negative fee: the shop divides that one's tax over the order's tax classes by a rule of its own,
    and a cent goes.
    """
    if discount.is_zero:
        return [*lines], shipping
    if not lines:
        return [], shipping - discount
    on_lines = min(discount, sum_money(lines, discount.currency))
    shares = on_lines.split([line.amount for line in lines])
    return [line - share for line, share in zip(lines, shares, strict=True)], shipping - (discount - on_lines)


def _place(address: Address) -> TaxLocation:
    return TaxLocation(address.country, address.region, address.postcode, address.city)
