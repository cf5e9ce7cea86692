"""An order's lines, fees and shipping: how they are made of what a client sends, changed, and shown."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, fatal
from orderhaven.connectors.woocommerce.sandbox_meta import set_line_meta
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_schema import is_integer
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes, shown_tax
from orderhaven.connectors.woocommerce.sandbox_values import amount_of, money, text_of

KINDS = ("line_items", "fee_lines", "shipping_lines")
_ZERO = Decimal(0)
_MICRO = Decimal("0.000001")
# one of these that is null takes the item away
_NULL_REMOVES = ("product_id", "method_id", "method_title", "name", "code")


class Items:
    def __init__(self, book: OrderBook, taxes: ShopTaxes) -> None:
        self._book = book
        self._taxes = taxes
        self._made: Mapping[str, Callable[[Mapping[str, Any]], Body]] = {
            "line_items": self._line,
            "fee_lines": self._fee,
            "shipping_lines": self._shipping,
        }

    def put(self, body: Body, kind: str, sent: Mapping[str, Any]) -> None:
        """Adds, changes or removes one. Raises ApiError."""
        if _is_removed(sent):
            self._remove(body, sent)
            return
        if not sent.get("id"):
            item = self._made[kind](sent)
            body[kind] = [*body[kind], item]
        else:
            item = self._changed(body, kind, sent)
        set_line_meta(item["meta_data"], sent.get("meta_data"), self._book.next_id)

    def _remove(self, body: Body, sent: Mapping[str, Any]) -> None:
        if not sent.get("id"):
            raise fatal()
        for kind in KINDS:
            body[kind] = [item for item in body[kind] if item["id"] != whole_number(sent["id"])]

    def _changed(self, body: Body, kind: str, sent: Mapping[str, Any]) -> Body:
        found: dict[int, tuple[str, Body]] = {item["id"]: (where, item) for where in KINDS for item in body[where]}
        where, item = found.get(whole_number(sent["id"]), ("", {}))
        if not where:
            message = "Order item ID provided is not associated with order."
            raise ApiError(400, "woocommerce_rest_invalid_item_id", message)
        if where != kind:
            raise fatal()
        if kind == "line_items" and (sent.get("sku") or sent.get("product_id") or sent.get("variation_id")):
            self._set_product(item, self._product(sent))
        self._set(item, sent, kind)
        return item

    def _line(self, sent: Mapping[str, Any]) -> Body:
        if not (sent.get("sku") or sent.get("product_id") or sent.get("variation_id")):
            message = "Product ID or SKU is required."
            raise ApiError(400, "woocommerce_rest_required_product_reference", message)
        product = self._product(sent)
        line = {
            "id": self._book.next_id(), "name": "", "product_id": 0, "variation_id": 0, "quantity": 1, "tax_class": "",
            "tax_status": "taxable", "subtotal": _ZERO, "total": _ZERO, "sku": None, "meta_data": [],
        }  # fmt: skip
        if product is not None:  # one that is not there makes an empty line, and is answered 201
            self._set_product(line, product)
            line["total"] = line["subtotal"] = self._net_price(product, int(float(sent.get("quantity", 1))))
        self._set(line, sent, "line_items")
        return line

    def _fee(self, sent: Mapping[str, Any]) -> Body:
        if not sent.get("name"):
            raise ApiError(400, "woocommerce_rest_invalid_fee_item", "Fee name is required.")
        fee = {"id": self._book.next_id(), "name": "", "tax_class": "", "tax_status": "taxable", "total": None}
        fee["meta_data"] = []
        self._set(fee, sent, "fee_lines")
        return fee

    def _shipping(self, sent: Mapping[str, Any]) -> Body:
        if not sent.get("method_id"):
            raise ApiError(400, "woocommerce_rest_invalid_shipping_item", "Shipping method ID is required.")
        shipping = {"id": self._book.next_id(), "method_title": "", "method_id": "", "total": _ZERO, "meta_data": []}
        self._set(shipping, sent, "shipping_lines")
        return shipping

    def _set(self, item: Body, sent: Mapping[str, Any], kind: str) -> None:
        """The fields that may be set, in WooCommerce's order."""
        for name in _SETTABLE[kind]:
            if sent.get(name) is not None:
                item[name] = _read(name, sent[name])
        if kind == "fee_lines" and "total" in sent:
            item["total"] = amount_of(sent["total"])
        if item.get("tax_class") and item["tax_class"] not in self._taxes.classes:
            of = "product" if kind == "line_items" else "fee"
            raise ApiError(400, f"order_item_{of}_invalid_tax_class", "Invalid tax class")
        if kind == "line_items":
            self._check_product_meta(sent)
            if "total" in sent and "subtotal" not in sent:
                item["subtotal"] = max(item["subtotal"], item["total"])

    def _check_product_meta(self, sent: Mapping[str, Any]) -> None:
        """A line's meta data under WooCommerce's own key sets the product, which must be one."""
        for entry in sent.get("meta_data") or []:
            if entry.get("key") == "_product_id" and int(entry.get("value") or 0) not in self._book.products:
                raise ApiError(400, "order_item_product_invalid_product_id", "Invalid product ID")

    def _set_product(self, line: Body, product: SandboxProduct | None) -> None:
        if product is None:
            return
        line |= {
            "product_id": product.parent_id or product.id,
            "variation_id": product.id if product.parent_id else 0,
            "sku": product.sku,
            "name": product.name,
            "tax_class": product.tax_class,
            "tax_status": product.tax_status,
        }
        if product.size:
            set_line_meta(line["meta_data"], [{"key": "size", "value": product.size}], self._book.next_id)

    def _product(self, sent: Mapping[str, Any]) -> SandboxProduct | None:
        """SKU before id, whatever the documentation says; and by its SKU none is found in the trash."""
        products = self._book.products
        if sent.get("sku"):
            ids = self._book.by_sku.get(str(sent["sku"]).rstrip(" ").casefold(), [])
            return next((products[i] for i in ids if products[i].status != "trash"), None)
        return products.get(_id(sent.get("variation_id") or sent.get("product_id")))

    def _net_price(self, product: SandboxProduct, quantity: int) -> Decimal:
        """wc_get_price_excluding_tax: the tax of the shop's own country is taken off."""
        price = self._price(product) * max(quantity, 0)
        if not (self._taxes.prices_include_tax and product.tax_status == "taxable"):
            return price
        rate = self._taxes.rate(product.tax_class, self._taxes.base_country)
        return price - (price * rate / (1 + rate)).quantize(_MICRO, ROUND_HALF_UP)

    def _price(self, product: SandboxProduct) -> Decimal:
        """A product with variations costs what the cheapest of them does."""
        if product.kind != "variable":
            return Decimal(product.price or 0)
        variations = [one for one in self._book.products.values() if one.parent_id == product.id]
        return min((self._price(one) for one in variations), default=_ZERO)


def shown_items(body: Body, taxes: ShopTaxes) -> Body:
    """An order's items as the API shows them."""
    return {
        "line_items": [_shown_line(line, taxes) for line in body["line_items"]],
        "fee_lines": [_shown(fee, taxes) for fee in body["fee_lines"]],
        "shipping_lines": [_shown(line, taxes) for line in body["shipping_lines"]],
    }


def _shown(item: Body, taxes: ShopTaxes) -> Body:
    item_taxes = item["taxes"]
    return {
        **item,
        "total": money(item["total"] or _ZERO),
        "total_tax": shown_tax(item_taxes, taxes),
        "taxes": [{"id": number, "total": money(tax), "subtotal": ""} for number, tax in item_taxes.items()],
    }


def _shown_line(line: Body, taxes: ShopTaxes) -> Body:
    shown = {
        **_shown(line, taxes),
        "subtotal": money(line["subtotal"]),
        "subtotal_tax": shown_tax(line["subtotal_taxes"], taxes),
        "price": float(line["total"]) / line["quantity"] if line["quantity"] else 0,
    }
    del shown["subtotal_taxes"], shown["tax_status"]
    return shown


def _is_removed(sent: Mapping[str, Any]) -> bool:
    quantity = sent.get("quantity")
    none = quantity is not None and is_integer(quantity) and float(quantity) == 0
    return none or any(name in sent and sent[name] is None for name in _NULL_REMOVES)


_SETTABLE = {
    "line_items": ("name", "quantity", "total", "subtotal", "tax_class"),
    "fee_lines": ("name", "tax_class", "tax_status"),
    "shipping_lines": ("method_id", "method_title", "total"),
}


def _read(name: str, value: Any) -> Any:
    if name == "quantity":
        return int(float(value))
    if name in ("total", "subtotal"):
        return amount_of(value) or _ZERO
    return text_of(value)


def whole_number(value: Any) -> int:
    """An integer's text may have an exponent."""
    return int(float(value or 0))


def _id(value: Any) -> int:
    """PHP's (int): the digits that a text begins with."""
    digits = str(value).strip()
    return int(digits) if digits.isdecimal() else 0
