"""The body of a new order: products, texts cut to what the tables hold, and the order itself."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from orderhaven.connectors.woocommerce.calls import Calls
from orderhaven.connectors.woocommerce.mapping import (
    LINE_QUANTITY,
    LINE_REF,
    LINE_SKU,
    PRODUCT_FIELDS,
    TheirProduct,
    can_be_sold,
    created_via,
    product_ref,
)
from orderhaven.connectors.woocommerce.pricing import PricedLine, Prices, Taxed, TaxRules, as_text
from orderhaven.connectors.woocommerce.responses import SIDE
from orderhaven.core.errors import OrderRejected
from orderhaven.core.money import sum_money
from orderhaven.core.order import Address, MarketplaceLine, address_lines, join_street
from orderhaven.core.shop_order import ProductQuery, ShopOrderDraft, matching_product

_PHONE = 100  # characters; what is longer is a number with words behind it, and is kept whole in the meta data
_EMAIL = 320
_META_KEY = 255
_TEXT = 65_535  # bytes


def cut_text(text: str) -> str:
    """A note, a title, the second line of an address."""
    return text if len(text) * 4 <= _TEXT else text.encode()[:_TEXT].decode(errors="ignore")


def whole_email(address: str) -> str:
    """Raises OrderRejected: a part of an address is another address."""
    if len(address) > _EMAIL:
        raise OrderRejected(SIDE, f"the buyer's e-mail address has more than the {_EMAIL} characters that it keeps")
    return address


def demand_whole(parts: Collection[str]) -> None:
    """Parts of an address without which the parcel goes elsewhere. Raises OrderRejected where one would be cut."""
    if sum(map(len, parts)) * 4 > _TEXT and any(len(part.encode()) > _TEXT for part in parts):
        raise OrderRejected(SIDE, f"a part of the address has more than the {_TEXT} bytes that it keeps")


class Products:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._taxed: dict[str, Taxed] = {}
        self._keeping_stock: dict[str, bool] = {}

    async def find(self, wanted: Sequence[ProductQuery]) -> Mapping[ProductQuery, str]:
        """One call for SKUs, one for the EANs of the rest; one more for each SKU with a comma.

        An SKU in other capitals counts where the shop has only one that could be meant.
        """
        by_sku = await self._by("sku", (want.sku.strip() for want in wanted))
        rest = [want.ean.strip() for want in wanted if want.sku.strip() not in by_sku]
        by_ean = await self._by("global_unique_id", rest)
        found = {want: by_sku.get(want.sku.strip()) or by_ean.get(want.ean.strip(), "") for want in wanted}
        return {want: ref for want, ref in found.items() if ref}

    def forget(self) -> None:
        """How products are taxed and kept may have changed."""
        self._taxed.clear()
        self._keeping_stock.clear()

    async def taxed(self, refs: Collection[str]) -> Mapping[str, Taxed]:
        """How these products are taxed; asked for where `find` did not bring it (a product mapped by hand)."""
        await self._know(refs)
        return self._taxed

    async def keeping_stock(self, refs: Collection[str]) -> frozenset[str]:
        """Those of these products whose stock the shop keeps."""
        await self._know(refs)
        return self.known_to_keep_stock(refs)

    def known_to_keep_stock(self, refs: Collection[str]) -> frozenset[str]:
        """By what was read before."""
        return frozenset(ref for ref in refs if self._keeping_stock.get(ref))

    async def _know(self, refs: Collection[str]) -> None:
        missing = sorted(set(refs) - self._taxed.keys())
        simple = [ref for ref in missing if ":" not in ref]
        if len(simple) > 1:
            await self._read_together(simple)
        for ref in missing:
            if ref not in self._taxed:
                await self._read(ref)

    async def _read_together(self, refs: Sequence[str]) -> None:
        query = {"include": ",".join(refs), "_fields": PRODUCT_FIELDS}
        async for page in self._calls.pages("/products", TheirProduct, query):
            self._keep(page)

    async def _read(self, ref: str) -> None:
        product, _, variation = ref.partition(":")
        path = f"/products/{product}/variations/{variation}" if variation else f"/products/{product}"
        their = await self._calls.get_unless(
            "woocommerce_rest_product_invalid_id", path, TheirProduct, {"_fields": PRODUCT_FIELDS}
        )
        if their is not None:
            self._keep_as(ref, their)

    def _keep(self, products: Iterable[TheirProduct]) -> None:
        for product in products:
            self._keep_as(product_ref(product), product)

    def _keep_as(self, ref: str, product: TheirProduct) -> None:
        self._taxed[ref] = Taxed(product.tax_class, product.tax_status)
        self._keeping_stock[ref] = product.manage_stock in (True, "parent", "true", "yes", 1)

    async def _by(self, field: str, values: Iterable[str]) -> dict[str, str]:
        """Refs by value. The shop's list ignores capitals, so what comes back is compared."""
        named = [value for value in dict.fromkeys(values) if value]
        plain = ",".join(value for value in named if "," not in value)
        found: dict[str, TheirProduct] = {}
        for text in filter(None, [plain, *(value for value in named if "," in value)]):
            query = {field: text, "orderby": "id", "order": "asc", "_fields": PRODUCT_FIELDS}
            async for page in self._calls.pages("/products", TheirProduct, query):
                _take_best(found, page, field)
        self._keep(found.values())
        meant = {value: matching_product(value, found) for value in named}
        return {value: product_ref(found[word]) for value, word in meant.items() if word}


def _take_best(found: dict[str, TheirProduct], page: Sequence[TheirProduct], field: str) -> None:
    """Published before unpublished, then the oldest, where a value stands on several products."""
    for product in page:
        value = (product.sku if field == "sku" else product.global_unique_id) or ""
        before = found.get(value)
        better = before is None or (before.status != "publish" and product.status == "publish")
        if can_be_sold(product) and better:
            found[value] = product


Body: TypeAlias = dict[str, Any]

# wc_stock_amount makes whole pieces of it: the line counts as taken from stock, and cancelling returns
# nothing
_TAKEN_ALREADY = "0.000001"


class CreationOptions(Struct, frozen=True):
    """What the merchant and the shop want of a new order."""

    status: str
    mails_buyer: bool
    lowers_stock: bool
    taxes: TaxRules
    taxed: Mapping[str, Taxed]  # by product ref


class OrderBody(Struct, frozen=True):
    """An order to make, what the shop will make of its amounts, and what the marketplace states."""

    body: Body
    total: Decimal
    stated: Decimal


def draft_body(order_draft: ShopOrderDraft, options: CreationOptions) -> OrderBody:
    """The body of POST /orders. Status alone moves the order to paid and takes stock: with set_paid beside
    it, that would happen in two steps, with a mail for each."""
    prices = Prices(order_draft, options.taxes, options.taxed)
    return OrderBody(_body(order_draft, options, prices), prices.total, prices.stated)


def total_matches(order_draft: ShopOrderDraft, draft: OrderBody) -> bool:
    """Whether the shop will make the total that the marketplace states."""
    return not order_draft.order.prices_include_vat or draft.stated == draft.total


def require_total(order_draft: ShopOrderDraft, draft: OrderBody) -> None:
    """Raises OrderRejected for an order that this shop would make with another total."""
    if not total_matches(order_draft, draft):
        made = f"{draft.total} {order_draft.order.currency}"
        raise OrderRejected(
            SIDE, f"by its settings for prices and taxes it would make the total {made} instead of {order_draft.total}"
        )


def _body(order_draft: ShopOrderDraft, options: CreationOptions, prices: Prices) -> Body:
    order = order_draft.order
    lines = {
        "line_items": [_line(order_draft, priced, options) for priced in prices.lines],
        "fee_lines": [*(_fee(order_draft, priced) for priced in prices.fees), *prices.rounding()],
    }
    return {
        "status": "completed" if order_draft.fulfilled_by_marketplace else options.status,
        "currency": order.currency,
        "created_via": created_via(order_draft.reference),
        "transaction_id": order_draft.reference,  # what a person can search for in the back office
        "payment_method": "other",
        "payment_method_title": cut_text(f"{order_draft.marketplace} {order.ref}"),
        "customer_note": cut_text(_note(order_draft)),
        "billing": _billing(order.bill_to, order.ship_to, with_email=options.mails_buyer),
        "shipping": _shipping(order.ship_to),
        "meta_data": _order_meta(order_draft),
        "shipping_lines": prices.shipping(),
        **{name: rows for name, rows in lines.items() if rows},
    }


def _line(order_draft: ShopOrderDraft, priced: PricedLine, options: CreationOptions) -> Body:
    line = priced.line
    product, _, variation = order_draft.products[line.ref].partition(":")
    meta = _line_meta(line, order_draft.marketplace, priced.rate)
    if not options.lowers_stock:
        meta.append(_entry("_reduced_stock", _TAKEN_ALREADY))
    body: Body = {
        "product_id": int(product),
        "quantity": order_draft.quantities[line.ref],
        "subtotal": as_text(priced.before),
        "total": as_text(priced.net),
        "meta_data": meta,
    }
    return {**body, "variation_id": int(variation)} if variation else body


def _fee(order_draft: ShopOrderDraft, priced: PricedLine) -> Body:
    line, taxed = priced.line, priced.taxed
    quantity = order_draft.quantities[line.ref]
    meta = _line_meta(line, order_draft.marketplace, priced.rate)
    return {
        "name": line.title or line.sku or line.ref,  # one without a name is refused
        "total": as_text(priced.net),
        "tax_class": taxed.tax_class,
        "tax_status": "taxable" if taxed.is_taxable else "none",
        "meta_data": [*meta, _entry(LINE_QUANTITY, str(quantity)), _entry(LINE_SKU, line.sku)],
    }


def _line_meta(line: MarketplaceLine, marketplace: str, rate: Decimal) -> list[Body]:
    """Keys with an underscore stay off packing slips and the buyer's mails."""
    meta = [_entry(LINE_REF, line.ref), _entry("_marketplace_line", ", ".join(line.remote_ids))]
    if line.ean:
        meta.append(_entry("_ean", line.ean))
    if line.commission is not None:
        meta.append(_entry("_marketplace_commission", str(line.commission)))
    if line.vat_rate is not None and line.vat_rate != rate:
        meta.append(_entry(f"VAT at {marketplace}"[:_META_KEY], f"{(line.vat_rate * 100).normalize():f} %"))
    if line.services:
        meta.append(_entry("Services", ", ".join(line.services)))
    return meta


def _order_meta(order_draft: ShopOrderDraft) -> list[Body]:
    """What the warehouse may want to see has no underscore: WooCommerce shows it as custom fields."""
    order = order_draft.order
    commissions = [line.commission for line in order.lines if line.commission is not None]
    kept = {
        "marketplace": order_draft.marketplace,
        "marketplace_order": order.ref,
        "orderhaven_email": order.bill_to.email or order.ship_to.email,
        "orderhaven_phone": next(
            (each for each in (order.ship_to.phone, order.bill_to.phone) if len(each) > _PHONE), ""
        ),
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
        **{f"marketplace_{name}"[:_META_KEY]: value for name, value in (*order.meta, *order.contact_meta)},
    }
    return [{"key": key, "value": value} for key, value in kept.items() if value]


def _entry(key: str, value: str) -> Body:
    return {"key": key, "value": value}


def _note(order_draft: ShopOrderDraft) -> str:
    order = order_draft.order
    parts = [f"{order_draft.marketplace} {order.ref}"]
    if order_draft.fulfilled_by_marketplace:
        parts.append(f"sent by {order_draft.marketplace}")
    if order.marketplace_label:
        parts.append(f"goes on a label of {order_draft.marketplace}")
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
    phone = (bill_to.phone or ship_to.phone)[:_PHONE]
    body = {**_address(bill_to, join_street(bill_to), bill_to.extra), "phone": phone}
    email = bill_to.email or ship_to.email
    return {**body, "email": whole_email(email)} if with_email and email else body


def _shipping(address: Address) -> Body:
    first, second = address_lines(address)
    return {**_address(address, first, second), "phone": address.phone[:_PHONE]}


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
