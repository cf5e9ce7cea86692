"""From a Placement to the order that WooCommerce is asked to make. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import filterfalse
from typing import Any, TypeAlias

from msgspec import Struct

from orderhaven.connectors.woocommerce.answers import SIDE
from orderhaven.connectors.woocommerce.limits import (
    cut_key,
    cut_phone,
    cut_text,
    demand_whole,
    holds_phone,
    whole_email,
)
from orderhaven.connectors.woocommerce.mapping import LINE_QUANTITY, LINE_REF, LINE_SKU
from orderhaven.connectors.woocommerce.pricing import PricedLine, Prices, Taxed, as_text
from orderhaven.connectors.woocommerce.reference import created_via
from orderhaven.connectors.woocommerce.taxes import TaxRules
from orderhaven.core.address import Address, address_lines, join_street
from orderhaven.core.errors import OrderRefused
from orderhaven.core.money import sum_money
from orderhaven.core.order import Line
from orderhaven.core.shop_order import Placement

Body: TypeAlias = dict[str, Any]

# wc_stock_amount makes whole pieces of it: the line counts as taken from stock, and cancelling returns
# nothing
_TAKEN_ALREADY = "0.000001"


class ShopWays(Struct, frozen=True):
    """What the merchant and the shop want of a new order."""

    status: str
    mails_buyer: bool
    lowers_stock: bool
    taxes: TaxRules
    taxed: Mapping[str, Taxed]  # by product ref


class Draft(Struct, frozen=True):
    """An order to make, what the shop will make of its amounts, and what the marketplace states."""

    body: Body
    total: Decimal
    stated: Decimal


def order_to_make(placement: Placement, ways: ShopWays) -> Draft:
    """The body of POST /orders. Status alone moves the order to paid and takes stock: with set_paid beside
    it, that would happen in two steps, with a mail for each."""
    prices = Prices(placement, ways.taxes, ways.taxed)
    return Draft(_body(placement, ways, prices), prices.total, prices.stated)


def comes_out(placement: Placement, draft: Draft) -> bool:
    """Whether the shop will make the total that the marketplace states."""
    return not placement.order.prices_include_vat or draft.stated == draft.total


def demand_comes_out(placement: Placement, draft: Draft) -> None:
    """Raises OrderRefused for an order that this shop would make with another total."""
    if not comes_out(placement, draft):
        made = f"{draft.total} {placement.order.currency}"
        raise OrderRefused(
            SIDE, f"by its settings for prices and taxes it would make the total {made} instead of {placement.total}"
        )


def _body(placement: Placement, ways: ShopWays, prices: Prices) -> Body:
    order = placement.order
    lines = {
        "line_items": [_line(placement, priced, ways) for priced in prices.lines],
        "fee_lines": [*(_fee(placement, priced) for priced in prices.fees), *prices.rounding()],
    }
    return {
        "status": "completed" if placement.delivered_by_marketplace else ways.status,
        "currency": order.currency,
        "created_via": created_via(placement.reference),
        "transaction_id": placement.reference,  # what a person can search for in the back office
        "payment_method": "other",
        "payment_method_title": cut_text(f"{placement.marketplace} {order.ref}"),
        "customer_note": cut_text(_note(placement)),
        "billing": _billing(order.bill_to, order.ship_to, with_email=ways.mails_buyer),
        "shipping": _shipping(order.ship_to),
        "meta_data": _order_meta(placement),
        "shipping_lines": prices.shipping(),
        **{name: rows for name, rows in lines.items() if rows},
    }


def _line(placement: Placement, priced: PricedLine, ways: ShopWays) -> Body:
    line = priced.line
    product, _, variation = placement.products[line.ref].partition(":")
    meta = _line_meta(line, placement.marketplace, priced.rate)
    if not ways.lowers_stock:
        meta.append(_entry("_reduced_stock", _TAKEN_ALREADY))
    body: Body = {
        "product_id": int(product),
        "quantity": placement.quantities[line.ref],
        "subtotal": as_text(priced.before),
        "total": as_text(priced.net),
        "meta_data": meta,
    }
    return {**body, "variation_id": int(variation)} if variation else body


def _fee(placement: Placement, priced: PricedLine) -> Body:
    line, taxed = priced.line, priced.taxed
    quantity = placement.quantities[line.ref]
    meta = _line_meta(line, placement.marketplace, priced.rate)
    return {
        "name": line.title or line.sku or line.ref,  # one without a name is refused
        "total": as_text(priced.net),
        "tax_class": taxed.tax_class,
        "tax_status": "taxable" if taxed.is_taxable else "none",
        "meta_data": [*meta, _entry(LINE_QUANTITY, str(quantity)), _entry(LINE_SKU, line.sku)],
    }


def _line_meta(line: Line, marketplace: str, rate: Decimal) -> list[Body]:
    """Keys with an underscore stay off packing slips and the buyer's mails."""
    meta = [_entry(LINE_REF, line.ref), _entry("_marketplace_line", ", ".join(line.remote_ids))]
    if line.ean:
        meta.append(_entry("_ean", line.ean))
    if line.commission is not None:
        meta.append(_entry("_marketplace_commission", str(line.commission)))
    if line.vat_rate is not None and line.vat_rate != rate:
        meta.append(_entry(cut_key(f"VAT at {marketplace}"), f"{(line.vat_rate * 100).normalize():f} %"))
    if line.services:
        meta.append(_entry("Services", ", ".join(line.services)))
    return meta


def _order_meta(placement: Placement) -> list[Body]:
    """What the warehouse may want to see has no underscore: WooCommerce shows it as custom fields."""
    order = placement.order
    commissions = [line.commission for line in order.lines if line.commission is not None]
    kept = {
        "marketplace": placement.marketplace,
        "marketplace_order": order.ref,
        "orderhaven_email": order.bill_to.email or order.ship_to.email,
        "orderhaven_phone": next(filterfalse(holds_phone, (order.ship_to.phone, order.bill_to.phone)), ""),
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
        **{cut_key(f"marketplace_{name}"): value for name, value in (*order.meta, *order.personal_meta)},
    }
    return [{"key": key, "value": value} for key, value in kept.items() if value]


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
    phone = cut_phone(bill_to.phone or ship_to.phone)
    body = {**_address(bill_to, join_street(bill_to), bill_to.extra), "phone": phone}
    email = bill_to.email or ship_to.email
    return {**body, "email": whole_email(email)} if with_email and email else body


def _shipping(address: Address) -> Body:
    first, second = address_lines(address)
    return {**_address(address, first, second), "phone": cut_phone(address.phone)}


def _address(address: Address, line_1: str, line_2: str) -> Body:
    body = {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "address_1": line_1,
        "city": address.city,
        "state": address.region,
        "postcode": address.postcode,
        "country": address.country,
    }
    demand_whole(body.values())
    return {**body, "address_2": cut_text(line_2)}
