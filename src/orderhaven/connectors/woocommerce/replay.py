"""How a recorded scenario is put on this sandbox: the shop, its products, whose key signs, and what is compared."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.not_simulated import reason_in
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.connectors.woocommerce.replay_compared import always_compared, compared
from orderhaven.connectors.woocommerce.replay_signing import HOST, Signing
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.connectors.woocommerce.sandbox_site import SiteState
from orderhaven.ports.connector import Clock, ConnectorContext, InMemoryTokenCache
from orderhaven.ports.replay import (
    ComparisonRules,
    NotSimulated,
    RecordedRequest,
    ReplayedResponse,
    SentRequest,
    Variant,
)
from orderhaven.ports.sandbox import CatalogueItem

# a recorded product's field -> the sandbox's
_PRODUCT_FIELDS = {
    "type": "kind",
    "size": "size",
    "tax_class": "tax_class",
    "tax_status": "tax_status",
    "status": "status",
    "backorders": "backorders",
    "stock_status": "said_stock_status",
}
_KNOWN = {"user:hub": 2, "user:buyer": 3, "listener": "https://listener.example/hook"}
_AFTER_PRODUCTS = frozenset({"created_with_sku_twice", "coupons"})  # set up in this order, as in the recorded shop
_FIRST_ID = 50001  # as in the recordings: a coupon's number also stands inside a text
_UNSOLD = frozenset({"variable", "external", "grouped"})
# the last is a key whose user may not see which version it is
_WAYS = (
    Variant(),
    Variant({"mail_buyer": "yes"}),
    Variant({"lower_stock": "no"}),
    Variant(change={"system_status": "closed"}),
)
_LIKENESS = ComparisonRules(
    # WP_REST_Server::get_collection_params: they choose which part of a list is shown, and which fields of a row
    beside_any=frozenset({"_fields", "page", "per_page"}),
    # one schema for all of these, a string without a format; `email` has a format, and `country` decides about taxes
    same={
        r"(billing|shipping)\.(first_name|last_name|company|address_[12]|city|state|postcode|phone)": "a text of an address",
    },
)


class Recorded:
    """A `ports.replay.Stage`."""

    def __init__(self, clock: Clock) -> None:
        self.sandbox = Sandbox(clock)
        self.articles: list[CatalogueItem] = []
        self.sent: list[SentRequest] = []
        self._sent_on_to = ""
        self._clock = clock
        self._signing = Signing(self.sandbox.auth, clock)

    @property
    def comparison_rules(self) -> ComparisonRules:
        return _LIKENESS

    @property
    def variants(self) -> Sequence[Variant]:
        return _WAYS

    def prepare(self, settings: Mapping[str, Any], products: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        for name, value in {"taxes": {}, **settings}.items():
            if name in _AFTER_PRODUCTS:
                continue
            if name not in _SETTINGS:
                raise NotSimulated(f"the sandbox has no setting {name!r}")
            _SETTINGS[name](self.sandbox, value)
        names: dict[str, Any] = {**_KNOWN}
        self.sandbox.site.title = "Example shop"
        self.sandbox.book.number_from(_FIRST_ID)
        for product in products:
            names[f"product:{product['name']}"] = self._add_product(product, names)
        for product, sku in settings.get("created_with_sku_twice", {}).items():
            self.sandbox.import_sku(names[f"product:{product}"], sku)
        for coupon in settings.get("coupons", []):
            self.sandbox.add_coupon(coupon["code"], coupon["type"], coupon["amount"])
        return names

    def change(self, change: Mapping[str, Any]) -> None:
        site = self.sandbox.site
        site.tells_system_status = change.get("system_status") != "closed"
        if "permalinks" in change:
            site.has_permalinks = change["permalinks"] != ""
        try:
            site.state = SiteState(change.get("site", ""))
        except ValueError:
            raise NotSimulated(f"the sandbox has no state {change['site']!r}") from None

    async def answer(self, request: RecordedRequest) -> ReplayedResponse:
        response = await self.sandbox.handle(self._signing.signed(request))
        if reason := reason_in(response):
            raise NotSimulated(reason)
        return ReplayedResponse(
            response.status, {name.lower(): value for name, value in response.headers.items()}, response.body
        )

    def compared(self, row: Any) -> Mapping[str, Any]:
        return compared(row)

    def is_compared_always(self, path: str) -> bool:
        return always_compared(path)

    def open(self, **settings: str) -> WooCommerce:
        context = ConnectorContext(self._clock, self._keep_sent, InMemoryTokenCache())
        return WooCommerce({**self.sandbox.settings(f"https://{HOST}"), **settings}, context)

    async def _keep_sent(self, request: Request, timeout_s: float) -> Response:
        """Not what goes where the server's own answer before sent it."""
        if request.url != self._sent_on_to:
            self.sent.append(SentRequest(request.method, request.path, [*request.query], request.body))
        response = await InProcessTransport({HOST: self.sandbox})(request, timeout_s)
        self._sent_on_to = response.headers.get("location", "")
        return response

    def _add_product(self, product: Mapping[str, Any], names: Mapping[str, Any]) -> int:
        title = product.get("title", product["name"].capitalize())
        article = CatalogueItem(product.get("sku", ""), product.get("ean", ""), title, product.get("price", ""))
        if product.get("type", "simple") not in _UNSOLD and article.price:
            self.articles.append(article)
        more = {ours: product[theirs] for theirs, ours in _PRODUCT_FIELDS.items() if theirs in product}
        more["manages_stock"] = product.get("stock") is not None
        if "parent" in product:
            more["parent_id"] = names[f"product:{product['parent']}"]
        return self.sandbox.add_product(article, product.get("stock") or 0, **more).id


# of a shop that says nothing of its rates
_RATES = (
    {"class": "", "country": "NL", "rate": "21"},
    {"class": "reduced-rate", "country": "NL", "rate": "9"},
    {"class": "zero-rate", "country": "NL", "rate": "0"},
)


def _set_taxes(sandbox: Sandbox, taxes: Mapping[str, Any]) -> None:
    chosen = sandbox.taxes
    chosen.on = taxes.get("on", True)
    chosen.prices_include_tax = taxes.get("prices_include_tax", True)
    chosen.rounds_at_subtotal = taxes.get("round_at_subtotal", False)
    chosen.based_on = taxes.get("based_on", "shipping")
    chosen.shipping_class = taxes.get("shipping_class", "inherit")
    chosen.rates = {
        (rate.get("class", ""), rate["country"]): Decimal(rate["rate"]) for rate in taxes.get("rates", _RATES)
    }


def _add_statuses(sandbox: Sandbox, statuses: Sequence[Mapping[str, str]]) -> None:
    for status in statuses:
        sandbox.add_status(status["slug"], status["name"])


_SETTINGS: Mapping[str, Callable[[Sandbox, Any], None]] = {
    "taxes": _set_taxes,
    "currency": lambda sandbox, code: setattr(sandbox, "currency", code),
    "country": lambda sandbox, country: setattr(sandbox.taxes, "base_country", country),
    "timezone": lambda sandbox, zone: setattr(sandbox.book, "zone", ZoneInfo(zone)),
    "statuses": _add_statuses,
    "fulfillments": lambda sandbox, on: setattr(sandbox.site, "has_fulfilments", on),
    "permalinks": lambda sandbox, structure: setattr(sandbox.site, "has_permalinks", structure != ""),
    "manage_stock": lambda sandbox, keeps: setattr(sandbox.book, "keeps_stock", keeps),
    "order_number_prefix": lambda sandbox, prefix: setattr(sandbox.book, "number_prefix", prefix),
}
