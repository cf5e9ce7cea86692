"""The shop's own arithmetic of an order, and amounts without tax that make it come to the marketplace's cent.

abstract-wc-order.php, `calculate_totals` and `update_taxes`: the net amount of each product line is rounded to the cent,
and so is each tax; the order is their sum. Shipping is rounded even where the shop rounds at subtotal, and fees never are.
An amount sent with six decimals therefore nearly always comes out exact: what the net part loses by rounding, the tax
gains. Where it cannot (at 20 %, half a cent of net and half a cent of tax go up together: 0.03 becomes 0.04), a cent is
left out here and added to the next amount.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

from orderhaven.connectors.woocommerce.taxes import Rates, TaxRules, added_up

_NOTHING = Decimal(0)
_SENT = Decimal("0.000001")  # WooCommerce computes with six decimals
_AS_GOOD_AS_EQUAL = Decimal("0.00001")
_NEARBY = tuple(
    sign * step
    for step in (Decimal("0.000001"), Decimal("0.00001"), Decimal("0.0001"), *(Decimal(n) / 2000 for n in range(1, 25)))
    for sign in (-1, 1)
)


class Kind(Enum):
    """What of an order costs something: each is rounded in its own way."""

    LINE = "line"
    FEE = "fee"
    SHIPPING = "shipping"


@dataclass
class Sum:
    """An order as it is added up. `off` is what its amounts so far are short of what they should come to."""

    rules: TaxRules
    exact: Decimal = Decimal(0)
    off: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What the shop will make of it."""
        return self.exact.quantize(self.rules.coin, ROUND_HALF_UP)

    def put(self, net: Decimal, rates: Rates, kind: Kind) -> None:
        self.exact += self._comes_to(net, rates, kind)

    def reach(self, gross: Decimal, rates: Rates, kind: Kind) -> Decimal:
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

    def _nearest(self, wanted: Decimal, net: Decimal, rates: Rates, kind: Kind) -> tuple[Decimal, Decimal]:
        """What comes closest and is not too much: more can be added later, and nothing taken off."""
        nets = [net, *(net + step for step in _NEARBY)]
        if kind is Kind.FEE:
            nets += [wanted - self.rules.tax_on(one, rates) for one in nets]
        found = [(self._comes_to(one, rates, kind), one) for one in nets]
        comes_to, best = max(
            (pair for pair in found if pair[0] <= wanted + _AS_GOOD_AS_EQUAL),
            default=min(found),
            key=lambda pair: pair[0],
        )
        return best, comes_to

    def _comes_to(self, net: Decimal, rates: Rates, kind: Kind) -> Decimal:
        is_rounded = kind is Kind.SHIPPING or (kind is Kind.LINE and not self.rules.rounds_at_subtotal)
        tax = self.rules.tax_on(net, rates) if rates else _NOTHING
        return (net.quantize(self.rules.coin, ROUND_HALF_UP) if is_rounded else net) + tax


def net_amount(gross: Decimal, rate: Decimal) -> Decimal:
    return (gross / (1 + rate)).quantize(_SENT, ROUND_HALF_UP)
