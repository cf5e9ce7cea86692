"""The sandbox's routes of products."""

from datetime import UTC

from orderhaven.connectors.woocommerce.sandbox_api import Route
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, as_text
from orderhaven.connectors.woocommerce.sandbox_product_lists import product_parameters, products_listed
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_replies import Answer, Asked, page


class ShopRoutes:
    def __init__(self, book: OrderBook) -> None:
        self.book = book

    def routes(self) -> list[Route]:
        product = r"/products/(\d+)"
        return [
            Route("GET", "/products", self._list_products, product_parameters),
            Route("GET", product, self._get_product),
            Route("GET", product + "/variations", self._list_variations, product_parameters),
            Route("GET", product + r"/variations/(\d+)", self._get_variation),
        ]

    def _list_products(self, asked: Asked) -> Answer:
        found, total = products_listed(self.book, asked.query)
        return page([_product(product, self.book) for product in found], total, asked.query)

    def _list_variations(self, asked: Asked, parent: str) -> Answer:
        found, total = products_listed(self.book, asked.query, parent=int(parent))
        return page([_product(product, self.book) for product in found], total, asked.query)

    def _get_product(self, asked: Asked, product_id: str) -> Answer:
        product = self.book.products.get(int(product_id))
        if product is None:
            raise ApiError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        return Answer(_product(product, self.book))

    def _get_variation(self, asked: Asked, parent: str, product_id: str) -> Answer:
        product = self.book.products.get(int(product_id))
        if product is None or product.parent_id != int(parent):
            raise ApiError(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
        return Answer(_product(product, self.book))


def _product(product: SandboxProduct, book: OrderBook) -> Body:
    zone = book.zone
    return {
        "id": product.id,
        "name": product.name,
        "type": product.kind,
        "status": product.status,
        "sku": product.sku,
        "global_unique_id": product.ean,
        "price": product.price,
        "parent_id": product.parent_id,
        "stock_quantity": product.stock if product.manages_stock else None,
        "stock_status": product.stock_status,
        "manage_stock": product.manages_stock and book.keeps_stock,
        "backorders": product.backorders,
        "date_modified": as_text(product.modified, zone),
        "date_modified_gmt": as_text(product.modified, UTC),
        "tax_class": product.tax_class,
        "tax_status": product.tax_status,
    }
