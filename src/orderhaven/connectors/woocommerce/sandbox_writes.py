"""How the sandbox takes orders in: what WooCommerce checks, and all that it lets pass."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_lists import ApiError, invalid
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxOrder, SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes, compute_totals

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TAG = re.compile(r"<[^>]*>")
_CURRENCIES = frozenset(
    re.findall(
        r"\w+",
        "AED AUD BGN BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD MXN MYR NOK"
        " NZD PHP PLN RON RSD SAR SEK SGD THB TRY TWD UAH USD VND ZAR",
    )
)
_TEXTS = ("transaction_id", "payment_method", "payment_method_title", "customer_note")
_ITEMS = ("line_items", "fee_lines", "shipping_lines")


class Writer:
    def __init__(self, book: OrderBook, taxes: ShopTaxes) -> None:
        self._book = book
        self._taxes = taxes
        self.currency = "EUR"

    def create(self, sent: Mapping[str, Any], now: int) -> SandboxOrder:
        """A saved order, still pending: `finish` gives it the status that was asked for, as WooCommerce
        does after saving."""
        self._check(sent)
        body: Body = {
            "currency": sent.get("currency") or self.currency,
            "customer_id": 0,
            "created_via": _clean(sent.get("created_via")) or "rest-api",
            "billing": {**sent.get("billing", {})},
            "shipping": {**sent.get("shipping", {})},
            **{name: _clean(sent.get(name)) for name in _TEXTS},
            **{name: [self._item(name, item) for item in sent.get(name) or []] for name in _ITEMS},
            "coupon_lines": [],
        }
        compute_totals(body, self._taxes)
        meta = [{"id": self._book.next_id(), **entry} for entry in _entries(sent.get("meta_data"))]
        order = SandboxOrder(self._book.next_id(), "pending", now, now, body, meta=meta)
        self._book.add(order)
        return order

    def finish(self, order: SandboxOrder, sent: Mapping[str, Any], now: int) -> None:
        self._book.set_status(order, sent.get("status") or "pending", now)
        if sent.get("set_paid") is True and order.status in ("pending", "on-hold", "failed", "cancelled"):
            self._book.set_status(order, "processing", now)

    def empty(self, order: SandboxOrder) -> None:
        """As a plug-in leaves it that fails before the lines were saved: with its meta data and nothing to send."""
        order.body |= {**{name: [] for name in _ITEMS}, "total": "0.00", "total_tax": "0.00"}
        order.rendered.clear()

    def update(self, order: SandboxOrder, sent: Mapping[str, Any], now: int) -> None:
        """Items without id are added, meta is set by key; number, total and date_completed are not
        listened to."""
        self._check(sent)
        for name in _ITEMS:
            for item in sent.get(name) or []:
                if "id" not in item:
                    order.body[name].append(self._item(name, item))
        for name in ("billing", "shipping"):
            order.body[name] |= sent.get(name) or {}
        order.body |= {name: _clean(sent[name]) for name in _TEXTS if name in sent}
        self._set_meta(order, sent.get("meta_data"))
        if any(name in sent for name in (*_ITEMS, "billing", "shipping")):
            compute_totals(order.body, self._taxes)
        self._book.touch(order, now)
        if sent.get("status"):
            self._book.set_status(order, sent["status"], now)

    def _set_meta(self, order: SandboxOrder, sent: Any) -> None:
        for entry in _entries(sent):
            same = next((kept for kept in order.meta if kept["key"] == entry["key"]), None)
            if same is not None:
                same["value"] = entry["value"]
            else:
                order.meta.append({"id": self._book.next_id(), **entry})

    def _check(self, sent: Mapping[str, Any]) -> None:
        if sent.get("status") and sent["status"] not in self._book.statuses:
            raise invalid("status", "status is not one of the shop's.")
        if sent.get("currency") and sent["currency"] not in _CURRENCIES:
            raise invalid("currency", "currency is not one of AED, ...")
        email = (sent.get("billing") or {}).get("email")
        if email is not None and not _EMAIL.fullmatch(str(email)):  # an empty one too; null counts as left out
            raise invalid("billing", "Invalid email address.")
        for item in sent.get("line_items") or []:
            if not re.fullmatch(r"-?\d+", str(item.get("quantity", 1))):
                raise invalid("line_items", "line_items[0][quantity] is not of type integer.")

    def _item(self, name: str, sent: Mapping[str, Any]) -> Body:
        meta = [{"id": self._book.next_id(), **entry} for entry in _entries(sent.get("meta_data"))]
        common = {
            "id": self._book.next_id(),
            "total": str(sent.get("total") or "0"),
            "total_tax": "0.00",
            "meta_data": meta,
        }
        if name == "line_items":
            return {**common, **self._line(sent)}
        if name == "fee_lines":
            taxed = {"tax_class": sent.get("tax_class", ""), "tax_status": sent.get("tax_status", "taxable")}
            return {**common, "name": _clean(sent.get("name")), **taxed}
        return {
            **common,
            "method_id": sent.get("method_id", ""),
            "method_title": _clean(sent.get("method_title")),
        }

    def _line(self, sent: Mapping[str, Any]) -> Body:
        quantity = int(sent.get("quantity", 1))
        if quantity == 0:
            raise ApiError(500, "internal_server_error", "<p>There has been a critical error on this website.</p>")
        if not (sent.get("sku") or sent.get("product_id") or sent.get("variation_id")):
            message = "Product ID or SKU is required."
            raise ApiError(400, "woocommerce_rest_required_product_reference", message)
        product = self._product(sent)
        if product is None:  # and it is answered 201
            nothing = {
                "product_id": 0,
                "variation_id": 0,
                "sku": None,
                "name": "",
                "subtotal": "0.00",
                "total": "0.00",
            }
            return {**nothing, "quantity": quantity, "tax_class": "", "tax_status": "taxable"}
        price = str(self._price(product) * quantity)
        total = str(sent.get("total", sent.get("subtotal", price)))
        return {
            "product_id": product.parent_id or product.id,
            "variation_id": product.id if product.parent_id else 0,
            "sku": product.sku,
            "name": _clean(sent.get("name")) or product.name,
            "quantity": quantity,
            "subtotal": str(sent.get("subtotal", total)),
            "total": total,
            "tax_class": sent.get("tax_class", product.tax_class),
            "tax_status": product.tax_status,
        }

    def _product(self, sent: Mapping[str, Any]) -> SandboxProduct | None:
        """SKU before id, whatever the documentation says."""
        if sent.get("sku"):
            ids = self._book.by_sku.get(str(sent["sku"]).casefold(), [])
            return self._book.products[ids[0]] if ids else None
        return self._book.products.get(int(sent.get("variation_id") or sent["product_id"]))

    def _price(self, product: SandboxProduct) -> Decimal:
        price = Decimal(product.price)
        if not self._taxes.prices_include_tax:
            return price
        rate = self._taxes.rate(product.tax_class, self._taxes.base_country)
        return (price / (1 + rate)).quantize(Decimal("0.000001"))


def _entries(sent: Any) -> list[Body]:
    return [{"key": str(entry["key"]), "value": entry.get("value")} for entry in sent or [] if entry.get("key")]


def _clean(text: Any) -> str:
    """sanitize_text_field: no tags, no line breaks, no octets."""
    plain = re.sub(r"%[0-9a-fA-F]{2}", "", _TAG.sub("", str(text or "")))
    return " ".join(plain.split())
