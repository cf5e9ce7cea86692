"""What the sandbox says of the shop itself: taxes, settings, reports, versions."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook
from orderhaven.connectors.woocommerce.sandbox_parameters import PAGES, page_of
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, page
from orderhaven.connectors.woocommerce.sandbox_site import Site, home_of
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes
from orderhaven.connectors.woocommerce.sandbox_writes import Writer

# in the order in which WooCommerce gives them; settings of the mails are left out
_GROUPS = (
    "wc_admin", "general", "products", "tax", "shipping", "checkout", "account", "email", "integration",
    "site-visibility", "point-of-sale", "advanced",
)  # fmt: skip
_GATEWAYS = [{"id": name, "enabled": False} for name in ("bacs", "cheque", "cod")]
_SHIPPING_METHODS = [{"id": name} for name in ("flat_rate", "free_shipping", "local_pickup", "pickup_location")]
_CLASS_NAMES = {"": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}


class Facts:
    def __init__(self, book: OrderBook, writer: Writer, taxes: ShopTaxes, site: Site) -> None:
        self._book = book
        self._writer = writer
        self._taxes = taxes
        self._site = site

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/taxes", self._list_taxes, lambda: PAGES),
            Route("GET", "/taxes/classes", self._list_tax_classes),
            Route("GET", "/settings", lambda asked: SandboxResponse([{"id": group} for group in _GROUPS])),
            Route("GET", r"/settings/([\w-]+)", lambda asked, group: SandboxResponse(_listed(self._settings(group)))),
            Route("GET", r"/settings/([\w-]+)/([\w-]+)", self._get_setting),
            Route("GET", "/data/currencies/current", lambda asked: SandboxResponse({"code": self._writer.currency})),
            Route("GET", "/payment_gateways", lambda asked: page(_GATEWAYS, len(_GATEWAYS), asked.query)),
            Route(
                "GET", "/shipping_methods", lambda asked: page(_SHIPPING_METHODS, len(_SHIPPING_METHODS), asked.query)
            ),
            Route("GET", "/reports/orders/totals", self._count_orders),
            Route("GET", "/system_status", self._system_status),
        ]

    def _list_taxes(self, asked: SandboxRequest) -> SandboxResponse:
        rates = [*enumerate(self._taxes.rates.items())]
        rows = [_rate(at, key, percent) for at, (key, percent) in rates]
        wanted = asked.query.text("class")
        if wanted:
            rows = [row for row in rows if row["class"] == wanted]
        start, per_page = page_of(asked.query)
        return page(rows[start : start + per_page], len(rows), asked.query)

    def _list_tax_classes(self, asked: SandboxRequest) -> SandboxResponse:
        classes = sorted(self._taxes.classes)
        rows = [{"slug": slug or "standard", "name": _CLASS_NAMES.get(slug, slug)} for slug in classes]
        return page(rows, len(rows), asked.query)

    def _get_setting(self, asked: SandboxRequest, group: str, key: str) -> SandboxResponse:
        values = self._settings(group)
        if key not in values:
            raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
        return SandboxResponse({"id": key, "value": values[key]})

    def _settings(self, group: str) -> Mapping[str, Any]:
        """Those that say how orders are computed. A group that holds none of them is shown empty."""
        taxes = self._taxes
        if group not in _GROUPS:
            raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
        values: Mapping[str, Mapping[str, Any]] = {
            "general": {
                "woocommerce_currency": self._writer.currency,
                "woocommerce_calc_taxes": _yes(taxes.on),
                "woocommerce_default_country": taxes.base_country,
                "woocommerce_price_num_decimals": str(taxes.decimals),
            },
            "tax": {
                "woocommerce_prices_include_tax": _yes(taxes.prices_include_tax),
                "woocommerce_tax_based_on": taxes.based_on,
                "woocommerce_shipping_tax_class": taxes.shipping_class,
                "woocommerce_tax_round_at_subtotal": _yes(taxes.rounds_at_subtotal),
            },
        }
        return values.get(group, {})

    def _count_orders(self, asked: SandboxRequest) -> SandboxResponse:
        names = self._book.statuses.items()
        rows = [{"slug": slug, "name": name, "total": self._book.count(slug)} for slug, name in names]
        return SandboxResponse(rows)

    def _system_status(self, asked: SandboxRequest) -> SandboxResponse:
        if not self._site.tells_system_status:
            raise ApiError(403, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        return SandboxResponse(
            {"environment": {"version": self._site.version, "home_url": home_of(asked.request, self._site)}}
        )


def _listed(settings: Mapping[str, Any]) -> list[Body]:
    return [{"id": key, "value": value} for key, value in settings.items()]


def _rate(at: int, key: tuple[str, str], percent: Decimal) -> Body:
    tax_class, country = key
    return {
        "id": at + 1,
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


def _yes(value: bool) -> str:
    return "yes" if value else "no"
