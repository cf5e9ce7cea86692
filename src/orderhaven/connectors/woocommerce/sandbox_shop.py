"""The sandbox's routes of products."""

from collections.abc import Callable
from datetime import UTC

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_lists import ApiError, products_listed
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxProduct, as_text
from orderhaven.connectors.woocommerce.sandbox_replies import chosen, page, reply


class ShopRoutes:
    def __init__(self, book: OrderBook) -> None:
        self.book = book

    def table(self) -> list[tuple[str, str, Callable[..., Response]]]:
        return [
            ("GET", "/products", self._list_products),
            ("GET", r"/products/(\d+)", self._get_product),
            ("GET", r"/products/(\d+)/variations/(\d+)", self._get_variation),
        ]

    def _list_products(self, request: Request) -> Response:
        found, total = products_listed(self.book, request.query)
        fields = request.query.get("_fields", "")
        return page([chosen(_product(product, self.book), fields) for product in found], total, request.query)

    def _get_product(self, request: Request, product_id: str) -> Response:
        product = self.book.products.get(int(product_id))
        if product is None:
            raise ApiError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        return reply(chosen(_product(product, self.book), request.query.get("_fields", "")))

    def _get_variation(self, request: Request, _parent: str, product_id: str) -> Response:
        return self._get_product(request, product_id)


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
