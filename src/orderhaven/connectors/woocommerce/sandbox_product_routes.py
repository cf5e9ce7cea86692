"""The sandbox's routes of products: found, read, and their stock set as a warehouse's tool does."""

from collections.abc import Callable, Mapping
from datetime import UTC
from functools import partial
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route, updates
from orderhaven.connectors.woocommerce.sandbox_batch import batch
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, Unplayed
from orderhaven.connectors.woocommerce.sandbox_not_simulated import NOTHING_ELSE_OF_A_PRODUCT, ONE_PRODUCT_AT_A_TIME
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, as_text
from orderhaven.connectors.woocommerce.sandbox_product_lists import STATUSES, product_parameters, products_listed
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, page
from orderhaven.connectors.woocommerce.sandbox_schema import (
    Check,
    boolean,
    check_params,
    integer,
    is_true,
    one_of,
    string,
)

_SETTABLE: Mapping[str, Check] = {
    "name": string,
    "sku": string,
    "global_unique_id": string,
    "status": one_of((*(status for status in STATUSES if status != "any"), "auto-draft")),
    "regular_price": string,
    "tax_status": one_of(("taxable", "shipping", "none")),
    "tax_class": string,
    "manage_stock": boolean,
    "stock_quantity": integer,
    "stock_status": one_of(("instock", "outofstock", "onbackorder")),
    "backorders": one_of(("no", "notify", "yes")),
}
_NOT_SETTABLE = frozenset(
    {
        "type", "slug", "featured", "catalog_visibility", "description", "short_description", "sale_price",
        "date_on_sale_from", "date_on_sale_to", "virtual", "downloadable", "downloads", "external_url", "button_text",
        "low_stock_amount", "sold_individually", "weight", "dimensions", "shipping_class", "reviews_allowed", "upsell_ids",
        "cross_sell_ids", "parent_id", "purchase_note", "categories", "tags", "images", "attributes", "default_attributes",
        "grouped_products", "menu_order", "meta_data",
    }
)  # fmt: skip
# the sandbox's field -> WooCommerce's
_FIELDS = {
    "name": "name",
    "status": "status",
    "price": "regular_price",
    "tax_status": "tax_status",
    "tax_class": "tax_class",
    "backorders": "backorders",
}


_check = partial(check_params, _SETTABLE)


class ProductRoutes:
    def __init__(self, book: OrderBook, now: Callable[[], int]) -> None:
        self._book = book
        self._now = now

    def routes(self) -> list[Route]:
        product = r"/products/(\d+)"
        variation = product + r"/variations/(\d+)"
        return [
            Route("GET", "/products", self._list, product_parameters),
            Route("POST", "/products", self._create, check_body=_check),
            *updates("/products/batch", self._batch),
            Route("GET", product, lambda asked, number: SandboxResponse(self.shown(self._product(number, 404)))),
            *updates(product, lambda asked, number: SandboxResponse(self._updated(number, asked.body)), _check),
            Route("GET", product + "/variations", self._list_variations, product_parameters),
            *updates(product + "/variations/batch", self._batch_of_variations),
            Route(
                "GET",
                variation,
                lambda asked, at, own: SandboxResponse(self._shown_variation(self._variation(at, own, 404))),
            ),
            *updates(
                variation, lambda asked, at, own: SandboxResponse(self._updated_variation(at, own, asked.body)), _check
            ),
        ]

    def _list(self, asked: SandboxRequest) -> SandboxResponse:
        found, total = products_listed(self._book, asked.query)
        return page([self.shown(product) for product in found], total, asked.query)

    def _list_variations(self, asked: SandboxRequest, parent: str) -> SandboxResponse:
        found, total = products_listed(self._book, asked.query, parent=int(parent))
        return page([self._shown_variation(product) for product in found], total, asked.query)

    def _create(self, asked: SandboxRequest) -> SandboxResponse:
        sent = asked.body
        product = SandboxProduct(self._book.next_id(), "", "", "Product", "", 0, manages_stock=False)
        self._set(product, sent)
        self._book.add_product(product)
        self._book.notify("product.created", product.id)
        return SandboxResponse(self.shown(product), 201)

    def _batch(self, asked: SandboxRequest) -> SandboxResponse:
        _refuse_other_than_update(asked.body)
        return SandboxResponse(batch(asked.body, {"update": lambda item: self._updated(str(item.get("id")), item)}))

    def _batch_of_variations(self, asked: SandboxRequest, parent: str) -> SandboxResponse:
        _refuse_other_than_update(asked.body)

        def update(item: Any) -> Body:
            return self._updated_variation(parent, str(item.get("id")), item)

        return SandboxResponse(batch(asked.body, {"update": update}))

    def _updated(self, product_id: str, sent: Mapping[str, Any]) -> Body:
        product = self._product(product_id, 400)
        if product.kind == "variation":
            message = (
                "To manipulate product variations you should use the"
                " /products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint."
            )
            raise ApiError(404, "woocommerce_rest_invalid_product_id", message)
        self._set(product, sent)
        return self.shown(product)

    def _updated_variation(self, parent: str, product_id: str, sent: Mapping[str, Any]) -> Body:
        """Shown as it is kept: with its parent's tax class by that name."""
        product = self._variation(parent, product_id, 400)
        self._set(product, sent)
        inherits = product.tax_class == self._book.products[product.parent_id].tax_class
        return {**self._shown_variation(product), **({"tax_class": "parent"} if inherits else {})}

    def _set(self, product: SandboxProduct, sent: Mapping[str, Any]) -> None:
        """The change date moves whatever was sent. Raises ApiError, with nothing changed."""
        if not _NOT_SETTABLE.isdisjoint(sent):
            raise Unplayed(NOTHING_ELSE_OF_A_PRODUCT)
        self._set_codes(product, sent)
        for ours, theirs in _FIELDS.items():
            if sent.get(theirs) is not None:
                setattr(product, ours, sent[theirs])
        _set_stock(product, sent)
        product.modified = self._now()
        self._book.notify("product.updated", product.id)

    def _set_codes(self, product: SandboxProduct, sent: Mapping[str, Any]) -> None:
        sku, ean = sent.get("sku"), sent.get("global_unique_id")
        if sku:
            self._refuse_taken(product, sku)
        self._book.recode(product, product.sku if sku is None else sku, product.ean if ean is None else ean)

    def _refuse_taken(self, product: SandboxProduct, sku: str) -> None:
        for other in self._book.by_sku.get(sku.casefold(), ()):
            if other != product.id and self._book.products[other].status != "trash":
                message = "Invalid or duplicated SKU."
                unique = next(f"{sku}-{n}" for n in range(1, 1000) if f"{sku}-{n}".casefold() not in self._book.by_sku)
                raise ApiError(400, "product_invalid_sku", message, resource_id=other, unique_sku=unique)

    def _product(self, product_id: str, status: int) -> SandboxProduct:
        product = self._book.products.get(int(product_id)) if product_id.isdecimal() else None
        if product is None:
            raise ApiError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        return product

    def _variation(self, parent: str, product_id: str, status: int) -> SandboxProduct:
        product = self._book.products.get(int(product_id)) if product_id.isdecimal() else None
        if product is None or product.parent_id != int(parent):
            raise ApiError(status, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
        return product

    def _shown_variation(self, product: SandboxProduct) -> Body:
        """Among its parent's variations it is called by what it differs in."""
        return {**self.shown(product), "name": product.size or product.name}

    def shown(self, product: SandboxProduct) -> Body:
        zone = self._book.zone
        return {
            "id": product.id,
            "name": product.name,
            "type": product.kind,
            "status": product.status,
            "sku": product.sku,
            "global_unique_id": product.ean,
            "price": product.price,
            "regular_price": product.price,
            "parent_id": product.parent_id,
            "stock_quantity": product.stock if product.manages_stock else None,
            "stock_status": product.stock_status,
            "manage_stock": product.manages_stock and self._book.keeps_stock,
            "backorders": product.backorders,
            "date_modified": as_text(product.modified, zone),
            "date_modified_gmt": as_text(product.modified, UTC),
            "tax_class": product.tax_class,
            "tax_status": product.tax_status,
        }


def _set_stock(product: SandboxProduct, sent: Mapping[str, Any]) -> None:
    """A product that keeps no stock is not given any; of one that does, the status follows from how many there are."""
    said = sent.get("stock_status") or product.stock_status
    if sent.get("manage_stock") is not None:
        product.manages_stock = is_true(sent["manage_stock"])
    if not product.manages_stock:
        product.said_stock_status = said
    elif sent.get("stock_quantity") is not None:
        product.stock = int(float(sent["stock_quantity"]))
    elif sent.get("inventory_delta") is not None:
        product.stock += int(float(sent["inventory_delta"]))


def _refuse_other_than_update(sent: Mapping[str, Any]) -> None:
    if sent.get("create") or sent.get("delete"):
        raise Unplayed(ONE_PRODUCT_AT_A_TIME)
