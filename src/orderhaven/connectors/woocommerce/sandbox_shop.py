"""The sandbox's routes beside orders: products, taxes, settings, reports, and what it says of itself."""

from collections.abc import Callable
from datetime import UTC
from zoneinfo import ZoneInfo

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_lists import ApiError, page_of, products_listed
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxProduct, as_text
from orderhaven.connectors.woocommerce.sandbox_replies import chosen, page, reply
from orderhaven.connectors.woocommerce.sandbox_site import Site, home_of
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes
from orderhaven.connectors.woocommerce.sandbox_writes import Writer


class ShopRoutes:
    def __init__(self, book: OrderBook, writer: Writer, taxes: ShopTaxes, site: Site) -> None:
        self.book = book
        self._writer = writer
        self._taxes = taxes
        self._site = site

    def table(self) -> list[tuple[str, str, Callable[..., Response]]]:
        return [
            ("OPTIONS", "/orders", self._describe_orders),
            ("GET", "/products", self._list_products),
            ("GET", r"/products/(\d+)", self._get_product),
            ("GET", r"/products/(\d+)/variations/(\d+)", self._get_variation),
            ("GET", "/taxes", self._list_taxes),
            ("GET", r"/settings/(general|tax)", self._list_settings),
            ("GET", "/reports/orders/totals", self._count_orders),
            ("GET", "/system_status", self._system_status),
        ]

    def _list_products(self, request: Request) -> Response:
        found, total = products_listed(self.book, request.query)
        fields = request.query.get("_fields", "")
        return page([chosen(_product(product, self.book.zone), fields) for product in found], total, request.query)

    def _get_product(self, request: Request, product_id: str) -> Response:
        product = self.book.products.get(int(product_id))
        if product is None:
            raise ApiError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        return reply(chosen(_product(product, self.book.zone), request.query.get("_fields", "")))

    def _get_variation(self, request: Request, _parent: str, product_id: str) -> Response:
        return self._get_product(request, product_id)

    def _list_taxes(self, request: Request) -> Response:
        rows = [
            {
                "id": at,
                "country": country,
                "state": "",
                "postcodes": [],
                "cities": [],
                "rate": f"{percent:.4f}",
                "priority": 1,
                "compound": False,
                "shipping": True,
                "order": at,
                "class": tax_class or "standard",
            }
            for at, ((tax_class, country), percent) in enumerate(self._taxes.rates.items(), 1)
        ]
        start, per_page = page_of(request.query)
        return page(rows[start : start + per_page], len(rows), request.query)

    def _list_settings(self, request: Request, group: str) -> Response:
        taxes = self._taxes
        values = {
            "general": {
                "woocommerce_currency": self._writer.currency,
                "woocommerce_calc_taxes": _yes(taxes.on),
                "woocommerce_default_country": taxes.base_country,
            },
            "tax": {
                "woocommerce_prices_include_tax": _yes(taxes.prices_include_tax),
                "woocommerce_tax_based_on": taxes.based_on,
                "woocommerce_shipping_tax_class": taxes.shipping_class,
                "woocommerce_tax_round_at_subtotal": _yes(taxes.rounds_at_subtotal),
            },
        }[group]
        return reply([{"id": key, "value": value} for key, value in values.items()])

    def _count_orders(self, request: Request) -> Response:
        names = self.book.statuses.items()
        return reply([{"slug": slug, "name": name, "total": self.book.count(slug)} for slug, name in names])

    def _system_status(self, request: Request) -> Response:
        if not self._site.tells_system_status:
            raise ApiError(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        return reply({"environment": {"version": self._site.version, "home_url": home_of(request, self._site)}})

    def _describe_orders(self, request: Request) -> Response:
        several = self._site.filters_by_several
        args = {"created_via": {"type": "array" if several else "string", "required": False}}
        return reply(
            {
                "namespace": "wc/v3",
                "endpoints": [{"methods": ["GET"], "args": args}, {"methods": ["POST"], "args": []}],
            }
        )


def _product(product: SandboxProduct, zone: ZoneInfo) -> Body:
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
        "manage_stock": product.manages_stock,
        "backorders": product.backorders,
        "date_modified": as_text(product.modified, zone),
        "date_modified_gmt": as_text(product.modified, UTC),
        "tax_class": product.tax_class,
        "tax_status": product.tax_status,
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"
