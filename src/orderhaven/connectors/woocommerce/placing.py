"""From a Placement to the order that WooCommerce is asked to make. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from orderhaven.connectors.woocommerce.mapping import LINE_QUANTITY, LINE_REF, LINE_SKU
from orderhaven.connectors.woocommerce.reference import created_via
from orderhaven.connectors.woocommerce.taxes import Place, TaxRules, net_amount, net_fees
from orderhaven.core.address import Address, address_lines, join_street
from orderhaven.core.money import Money, sum_money
from orderhaven.core.order import Line
from orderhaven.core.shop_order import Placement

Body: TypeAlias = dict[str, Any]

# wc_stock_amount makes whole pieces of it: the line counts as taken from stock, and cancelling returns
# nothing
_TAKEN_ALREADY = "0.000001"
_TAXABLE_STATUSES = frozenset({"taxable"})


class Taxed(Struct, frozen=True):
    """How a product is taxed: class '' is the standard one; status taxable, shipping or none."""

    tax_class: str = ""
    status: str = "taxable"


_AS_USUAL = Taxed()


class ShopWays(Struct, frozen=True):
    """What the merchant and the shop want of a new order."""

    status: str
    mails_buyer: bool
    lowers_stock: bool
    taxes: TaxRules
    taxed: Mapping[str, Taxed]  # by product ref


def order_to_make(placement: Placement, ways: ShopWays) -> Body:
    """The body of POST /orders. Status alone moves the order to paid and takes stock: with set_paid beside
    it, that would happen in two steps, with a mail for each."""
    order = placement.order
    priced = _Prices(placement, ways)
    lines: Body = {"fee_lines": priced.fees()} if placement.delivered_by_marketplace else {"line_items": priced.lines()}
    return {
        "status": "completed" if placement.delivered_by_marketplace else ways.status,
        "currency": order.currency,
        "created_via": created_via(placement.reference),
        "transaction_id": placement.reference,  # what a person can search for in the back office
        "payment_method": "other",
        "payment_method_title": f"{placement.marketplace} {order.ref}",
        "customer_note": _note(placement),
        "billing": _billing(order.bill_to, order.ship_to, with_email=ways.mails_buyer),
        "shipping": _shipping(order.ship_to),
        "meta_data": _order_meta(placement),
        "shipping_lines": priced.shipping(),
        **lines,
    }


class _Prices:
    """An order's amounts as the shop wants them: without tax, and its discount taken off line by line."""

    def __init__(self, placement: Placement, ways: ShopWays) -> None:
        self._placement = placement
        self._ways = ways
        order = placement.order
        ship_to, bill_to = _place(order.ship_to), _place(order.bill_to)
        self._where = ways.taxes.place_of(ship_to, bill_to)
        self._shares = {line.ref: placement.line_total(line) for line in order.lines}
        shares = [*self._shares.values()]
        self._totals, self._shipping = _less_discount(shares, order.shipping_cost, order.discount)

    def lines(self) -> list[Body]:
        return [self._line(line, total) for line, total in zip(self._placement.order.lines, self._totals, strict=True)]

    def fees(self) -> list[Body]:
        lines = self._placement.order.lines
        rates = [self._rate_of(line) for line in lines]
        coin = Decimal(1).scaleb(-self._shipping.minor_digits)
        each = not self._ways.taxes.rounds_at_subtotal
        gross = [total.amount for total in self._totals]
        nets = net_fees(gross, rates, coin, rounded_each=each) if self._inclusive else gross
        return [self._fee(line, net) for line, net in zip(lines, nets, strict=True)]

    def shipping(self) -> list[Body]:
        if self._shipping.is_zero:
            return []
        net = self._net(self._shipping, self._shipping_rate())
        return [{"method_id": "other", "method_title": self._placement.marketplace, "total": _text(net)}]

    @property
    def _inclusive(self) -> bool:
        return self._placement.order.prices_include_vat

    def _line(self, line: Line, total: Money) -> Body:
        quantity = self._placement.quantities[line.ref]
        rate = self._rate_of(line)
        share = self._shares[line.ref]
        before = share + line.discount if quantity == line.facts.ordered else share
        product, _, variation = self._placement.products[line.ref].partition(":")
        body: Body = {
            "product_id": int(product),
            "quantity": quantity,
            "subtotal": _text(self._net(before, rate)),
            "total": _text(self._net(total, rate)),
            "meta_data": _line_meta(line, self._placement.marketplace, rate, self._ways),
        }
        return {**body, "variation_id": int(variation)} if variation else body

    def _fee(self, line: Line, net: Decimal) -> Body:
        quantity = self._placement.quantities[line.ref]
        taxed = self._taxed(line)
        meta = [*_line_meta(line, self._placement.marketplace, self._rate_of(line), None)]
        meta += [_entry(LINE_QUANTITY, str(quantity)), _entry(LINE_SKU, line.sku)]
        return {
            "name": line.title,
            "total": _text(net),
            "tax_class": taxed.tax_class,
            "tax_status": "taxable" if taxed.status in _TAXABLE_STATUSES else "none",
            "meta_data": meta,
        }

    def _net(self, amount: Money, rate: Decimal) -> Decimal:
        return net_amount(amount.amount, rate) if self._inclusive else amount.amount

    def _taxed(self, line: Line) -> Taxed:
        return self._ways.taxed.get(self._placement.products.get(line.ref, ""), _AS_USUAL)

    def _rate_of(self, line: Line) -> Decimal:
        taxed = self._taxed(line)
        if taxed.status not in _TAXABLE_STATUSES:
            return Decimal(0)
        return self._ways.taxes.rate_for(taxed.tax_class, self._where)

    def _shipping_rate(self) -> Decimal:
        """Shipping has a class of its own, or that of the first class among the order's products, standard
        before others."""
        rules = self._ways.taxes
        tax_class = rules.shipping_class
        if tax_class == "inherit":
            if self._placement.delivered_by_marketplace:  # fees have no class to inherit
                return rules.rate_for("", self._where, shipping=True)
            lines = [self._taxed(line) for line in self._placement.order.lines]
            classes = {taxed.tax_class for taxed in lines if taxed.status in ("taxable", "shipping")}
            if not classes:
                return Decimal(0)
            tax_class = min(classes, key=lambda name: (name != "", name))
        return rules.rate_for(tax_class, self._where, shipping=True)


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


def _line_meta(line: Line, marketplace: str, rate: Decimal, ways: ShopWays | None) -> list[Body]:
    """Keys with an underscore stay off packing slips and the buyer's mails."""
    meta = [_entry(LINE_REF, line.ref), _entry("_marketplace_line", ", ".join(line.remote_ids))]
    if line.ean:
        meta.append(_entry("_ean", line.ean))
    if line.commission is not None:
        meta.append(_entry("_marketplace_commission", str(line.commission)))
    if line.vat_rate is not None and line.vat_rate != rate:
        meta.append(_entry(f"VAT at {marketplace}", f"{(line.vat_rate * 100).normalize():f} %"))
    if line.services:
        meta.append(_entry("Services", ", ".join(line.services)))
    if ways is not None and not ways.lowers_stock:
        meta.append(_entry("_reduced_stock", _TAKEN_ALREADY))
    return meta


def _order_meta(placement: Placement) -> list[Body]:
    """What the warehouse may want to see has no underscore: WooCommerce shows it as custom fields."""
    order = placement.order
    commissions = [line.commission for line in order.lines if line.commission is not None]
    kept = {
        "marketplace": placement.marketplace,
        "marketplace_order": order.ref,
        "orderhaven_email": order.bill_to.email or order.ship_to.email,
        "marketplace_commission": str(sum_money(commissions, order.currency)) if commissions else "",
        "marketplace_placed_at": order.placed_at.isoformat(),
        "marketplace_ship_by": order.ship_by.isoformat() if order.ship_by else "",
        "buyer_reference": order.buyer_reference,
        "vat_number": order.bill_to.vat_number,
        "pickup_point": order.ship_to.pickup_point or "",
        # Dutch and German label plugins read the number apart from the street
        "_billing_street_name": order.bill_to.street,
        "_billing_house_number": order.bill_to.house_number,
        "_billing_house_number_suffix": order.bill_to.addition,
        "_shipping_street_name": order.ship_to.street,
        "_shipping_house_number": order.ship_to.house_number,
        "_shipping_house_number_suffix": order.ship_to.addition,
        **{f"marketplace_{name}": value for name, value in (*order.meta, *order.personal_meta)},
    }
    return [_entry(key, value) for key, value in kept.items() if value]


def _entry(key: str, value: str) -> Body:
    return {"key": key, "value": value}


def _note(placement: Placement) -> str:
    order = placement.order
    parts = [f"{placement.marketplace} {order.ref}"]
    if placement.delivered_by_marketplace:
        parts.append(f"sent by {placement.marketplace}")
    if order.marketplace_label:
        parts.append(f"goes on a label of {placement.marketplace}")
    if order.ship_to.pickup_point:
        parts.append(f"to pick-up point {order.ship_to.pickup_point}")
    services = sorted({service for line in order.lines for service in line.services})
    if services:
        parts.append("services: " + ", ".join(services))
    if order.buyer_reference:
        parts.append(f"buyer's reference: {order.buyer_reference}")
    if order.is_test:
        parts.append("TEST, do not send")
    return "; ".join(parts)


def _billing(bill_to: Address, ship_to: Address, *, with_email: bool) -> Body:
    """Without an e-mail address where there is none: WooCommerce refuses the whole order for an empty one."""
    body = {**_address(bill_to, join_street(bill_to), bill_to.extra), "phone": bill_to.phone or ship_to.phone}
    email = bill_to.email or ship_to.email
    return {**body, "email": email} if with_email and email else body


def _shipping(address: Address) -> Body:
    first, second = address_lines(address)
    return {**_address(address, first, second), "phone": address.phone}


def _address(address: Address, line_1: str, line_2: str) -> Body:
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "address_1": line_1,
        "address_2": line_2,
        "city": address.city,
        "state": address.region,
        "postcode": address.postcode,
        "country": address.country,
    }


def _place(address: Address) -> Place:
    return Place(address.country, address.region, address.postcode, address.city)


def _text(amount: Decimal) -> str:
    return f"{amount:f}"
