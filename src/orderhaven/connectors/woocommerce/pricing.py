"""What each part of an order costs without tax, so that the shop's own arithmetic comes to what the buyer paid. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from orderhaven.connectors.woocommerce.taxes import Place, Rates, TaxRules, added_up
from orderhaven.connectors.woocommerce.totals import Kind, Sum, net_amount
from orderhaven.core.address import Address
from orderhaven.core.money import Money, sum_money
from orderhaven.core.order import Line
from orderhaven.core.shop_order import Placement

Body: TypeAlias = dict[str, Any]


class Taxed(Struct, frozen=True):
    """How a product is taxed: class '' is the standard one; status taxable, shipping or none."""

    tax_class: str = ""
    status: str = "taxable"

    @property
    def is_taxable(self) -> bool:
        return self.status == "taxable"


_AS_USUAL = Taxed()
_NOTHING = Decimal(0)


class PricedLine(Struct, frozen=True):
    """A line of the order and what to send for it, without tax."""

    line: Line
    taxed: Taxed
    rate: Decimal  # the shop's, 0.21
    before: Decimal  # less no discount
    net: Decimal


class Prices:
    """An order's amounts as the shop wants them: without tax, and its discount taken off line by line."""

    def __init__(self, placement: Placement, rules: TaxRules, taxed: Mapping[str, Taxed]) -> None:
        order = placement.order
        self.stated = placement.total.amount  # by the marketplace
        self._placement = placement
        self._rules = rules
        self._taxed_by_ref = taxed
        self._where = rules.place_of(_place(order.ship_to), _place(order.bill_to))
        self._sum = Sum(rules)
        self._rates_by_class: dict[str, Rates] = {}
        shares = [placement.line_total(line) for line in order.lines]
        totals, shipping = _less_discount(shares, order.shipping_cost, order.discount)
        # first, since it is rounded even where nothing else is: the lines make good what it is off
        self._shipping = _NOTHING if shipping.is_zero else self._net(shipping, self._shipping_rates(), Kind.SHIPPING)
        priced = [
            self._priced(line, share, total) for line, share, total in zip(order.lines, shares, totals, strict=True)
        ]
        self.lines: Sequence[PricedLine] = () if placement.delivered_by_marketplace else priced
        self.fees: Sequence[PricedLine] = priced if placement.delivered_by_marketplace else ()
        self._missing = self._still_missing()
        if not self._missing.is_zero():
            self._sum.put(self._missing, (), Kind.FEE)

    @property
    def total(self) -> Decimal:
        """What the shop will make of it."""
        return self._sum.total

    def shipping(self) -> list[Body]:
        if self._shipping.is_zero():
            return []
        title = self._placement.marketplace
        return [{"method_id": "other", "method_title": title, "total": as_text(self._shipping)}]

    def rounding(self) -> list[Body]:
        """A cent that no amount with tax comes to, as a fee without tax."""
        if self._missing.is_zero():
            return []
        return [{"name": "Rounding", "total": as_text(self._missing), "tax_class": "", "tax_status": "none"}]

    def _still_missing(self) -> Decimal:
        if not self._placement.order.prices_include_vat:
            return Decimal(0)
        return max(self.stated - self._sum.total, Decimal(0))

    def _priced(self, line: Line, share: Money, total: Money) -> PricedLine:
        taxed = self._taxed(line)
        rates = self._rates_for(taxed.tax_class) if taxed.is_taxable else ()
        kind = Kind.FEE if self._placement.delivered_by_marketplace else Kind.LINE
        net, rate = self._net(total, rates, kind), added_up(rates)
        is_whole = self._placement.quantities[line.ref] == line.facts.ordered
        before = share + line.discount if is_whole and not line.discount.is_zero else share
        if before == total:
            return PricedLine(line, taxed, rate, net, net)
        gross = before.amount
        inclusive = self._placement.order.prices_include_vat
        return PricedLine(line, taxed, rate, net_amount(gross, rate) if inclusive else gross, net)

    def _net(self, amount: Money, rates: Rates, kind: Kind) -> Decimal:
        if amount.is_zero:
            return _NOTHING
        if self._placement.order.prices_include_vat:
            return self._sum.reach(amount.amount, rates, kind)
        self._sum.put(amount.amount, rates, kind)
        return amount.amount

    def _rates_for(self, tax_class: str) -> Rates:
        """Most lines of an order have the same."""
        if tax_class not in self._rates_by_class:
            self._rates_by_class[tax_class] = self._rules.rates_for(tax_class, self._where)
        return self._rates_by_class[tax_class]

    def _taxed(self, line: Line) -> Taxed:
        return self._taxed_by_ref.get(self._placement.products.get(line.ref, ""), _AS_USUAL)

    def _shipping_rates(self) -> Rates:
        """Shipping has a class of its own, or that of the first class among the order's products, standard
        before others; where there is no product it inherits nothing and is not taxed."""
        tax_class = self._rules.shipping_class
        if tax_class == "inherit":
            lines = () if self._placement.delivered_by_marketplace else self._placement.order.lines
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


def _place(address: Address) -> Place:
    return Place(address.country, address.region, address.postcode, address.city)
