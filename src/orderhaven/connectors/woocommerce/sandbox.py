"""A WooCommerce shop that behaves as a real one was measured to: for tests, the demo and people who want
to look."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from orderhaven.connectors.kit.faults import HttpFaults, answer
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.malformed_rows import RowBender
from orderhaven.connectors.woocommerce.mapping import reference_of
from orderhaven.connectors.woocommerce.sandbox_api import Api
from orderhaven.connectors.woocommerce.sandbox_auth import Door
from orderhaven.connectors.woocommerce.sandbox_coupons import Coupon
from orderhaven.connectors.woocommerce.sandbox_facts import Facts
from orderhaven.connectors.woocommerce.sandbox_fulfilments import FulfilmentRoutes
from orderhaven.connectors.woocommerce.sandbox_mails import Mail
from orderhaven.connectors.woocommerce.sandbox_notes import NoteRoutes
from orderhaven.connectors.woocommerce.sandbox_order_routes import OrderRoutes
from orderhaven.connectors.woocommerce.sandbox_orders import (
    Body,
    OrderBook,
    SandboxOrder,
)
from orderhaven.connectors.woocommerce.sandbox_product_routes import ProductRoutes
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct
from orderhaven.connectors.woocommerce.sandbox_refunds import RefundRoutes
from orderhaven.connectors.woocommerce.sandbox_rows import ROWS
from orderhaven.connectors.woocommerce.sandbox_site import Site, SiteState, WebSite
from orderhaven.connectors.woocommerce.sandbox_totals import ShopTaxes
from orderhaven.connectors.woocommerce.sandbox_webhooks import WebhookDelivery, Webhooks
from orderhaven.connectors.woocommerce.sandbox_writes import Writer
from orderhaven.core.shop_order import ShopState
from orderhaven.ports.connector import Clock
from orderhaven.ports.sandbox import ApiCancellation, BackOfficeOrder, Basket, CallKind, CatalogueItem, SandboxCall

_SITE_ZONE = "Europe/Amsterdam"
_ON_ITS_WAY_S = 30.0  # real seconds that a request may be under way


_ONE_ORDER = re.compile(r"/orders/(\d+)$")
_STATES = {
    "completed": ShopState.COMPLETED,
    "cancelled": ShopState.CANCELLED,
    "refunded": ShopState.CANCELLED,
    "trash": ShopState.TRASHED,
}
_THE_SAME_CAUSE = Response(
    400,
    {"content-type": "application/json"},
    msgspec.json.encode(
        {
            "code": "rest_invalid_param",
            "message": "Invalid parameter(s): billing",
            "data": {"status": 400, "params": {"billing": "billing is not valid."}},
        }
    ),
)


class Sandbox:
    """`site`, `taxes` and `door` are its knobs; `tracking_stored_in` says how this merchant notes track &
    trace codes."""

    speaks_http = True

    def __init__(self, clock: Clock) -> None:
        self.calls: list[str] = []
        self.faults = HttpFaults(self.call_of)
        self._rows = RowBender(ROWS)
        self.malform, self.straighten = self._rows.malform, self._rows.straighten
        self.full_pages = 0
        self._api_cancellations: list[ApiCancellation] = []
        self._refuses: tuple[Callable[[], bool], Callable[[SandboxCall], None]] | None = None
        self.site = Site()
        self.taxes = ShopTaxes()
        self.auth = Door(clock.in_real(_ON_ITS_WAY_S))
        self.tracking_stored_in = "_wc_shipment_tracking_items"  # or _tracking_number, or fulfillments
        self.book = OrderBook(ZoneInfo(_SITE_ZONE))
        self._clock = clock
        self._writer = Writer(self.book, self.taxes)
        self._fulfilments = FulfilmentRoutes(self.book, self.site, self._now)
        self._order_routes = OrderRoutes(self.book, self._writer, self.site, self._now)
        self._product_routes = ProductRoutes(self.book, self._now)
        self._webhooks = Webhooks(self.book, self.site, self._as_told, self._now)
        nouns = (
            self._order_routes,
            self._product_routes,
            self._webhooks,
            RefundRoutes(self.book, self._writer.shown, self._now),
            self._fulfilments,
            NoteRoutes(self.book, self._now),
            Facts(self.book, self._writer, self.taxes, self.site),
        )
        self._api = Api(clock, self.auth, self.site, [route for noun in nouns for route in noun.routes()])
        self._web_site = WebSite(self.site, clock, self._api.answer)

    async def handle(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.path}")
        if self._is_refused(request):
            return _THE_SAME_CAUSE
        response = await answer(self.faults, self._clock, request, self._answer)
        self._webhooks.deliver()
        return self._rows.with_malformed_rows(request, response)

    async def _answer(self, request: Request) -> Response:
        """What the site says, written down where a person at the other side asks for it."""
        one = _ONE_ORDER.search(request.path) if request.method != "GET" else None
        was = self._state_of(one[1]) if one else None
        response = await self._web_site.handle(request)
        if one and was not in (None, ShopState.CANCELLED) and self._state_of(one[1]) is ShopState.CANCELLED:
            self._api_cancellations.append(ApiCancellation(one[1], was, self._clock.now()))
        if request.method == "GET" and "modified_after" in request.query:
            self.full_pages += _is_full_page(request.query, response)
        return response

    def _state_of(self, shop_ref: str) -> ShopState | None:
        order = self.book.orders.get(int(shop_ref))
        return _shown_state(order.status) if order else None

    def _is_refused(self, request: Request) -> bool:
        if self._refuses is None or not self._refuses[0]():
            return False
        call = self.call_of(request)
        if call.kind is CallKind.CREATE:
            self._refuses[1](call)
        return call.kind is CallKind.CREATE

    def kind_of(self, call: str) -> CallKind:
        method, _, path = call.partition(" ")
        is_one = _ONE_ORDER.search(path)
        if method == "GET" or path.endswith("/orders/batch"):  # that one is asked whether writing is allowed
            return CallKind.READ_ORDER if is_one else CallKind.READ
        if is_one:
            return CallKind.CANCEL
        return CallKind.CREATE if path.endswith("/orders") else CallKind.OTHER

    def call_of(self, request: Request) -> SandboxCall:
        """An order of ours is named by its reference, or by its own number."""
        named = [*request.query.get("created_via", "").split(","), _created_via(request.body)]
        if its := _ONE_ORDER.search(request.path):
            order = self.book.orders.get(int(its[1]))
            named.append(order.body["created_via"] if order else "")
        about = frozenset(filter(None, map(reference_of, named)))
        return SandboxCall(self.kind_of(f"{request.method} {request.path}"), about)

    def settings(self, url: str) -> Mapping[str, str]:
        return {"url": url + self.site.folder, "key": self.auth.key, "secret": self.auth.secret}

    @property
    def mails(self) -> Sequence[Mail]:
        """Every mail that the shop would have sent."""
        return self.book.mails

    @property
    def deliveries(self) -> Sequence[WebhookDelivery]:
        """What the shop's webhooks have sent."""
        return self._webhooks.deliveries

    @property
    def currency(self) -> str:
        return self._writer.currency

    @currency.setter
    def currency(self, code: str) -> None:
        self._writer.currency = code

    def add_status(self, slug: str, name: str) -> None:
        """A plugin of the merchant's adds a status."""
        self.book.custom_statuses[slug] = name

    def import_sku(self, product_id: int, sku: str) -> None:
        """An import writes a product's SKU past WooCommerce's check, whoever has it already."""
        product = self.book.products[product_id]
        self.book.recode(product, sku, product.ean)

    def add_coupon(self, code: str, kind: str, amount: str) -> None:
        """`kind` is percent or fixed_cart."""
        self._writer.coupons[code.casefold()] = Coupon(self.book.next_id(), code, kind, Decimal(amount))

    # ------------------------------------------------------------ what the merchant does

    def stock(self, articles: Sequence[CatalogueItem], quantity: int = 1000) -> None:
        for article in articles:
            self.add_product(article, quantity)

    def add_product(self, article: CatalogueItem, quantity: int = 1000, **more: Any) -> SandboxProduct:
        """`more` overrides the product's fields: kind, parent_id, tax_class, tax_status, status ..."""
        product_id, title = self.book.next_id(), article.title
        fields = {"modified": self._now(), **more}
        parent = self.book.products.get(more.get("parent_id", 0))
        if parent is not None:  # after which a variation is named and taxed
            title = f"{parent.name} - {more['size']}" if more.get("size") else title
            fields = {"tax_class": parent.tax_class, "tax_status": parent.tax_status, **fields}
        product = SandboxProduct(product_id, article.sku, article.ean, title, article.price, quantity, **fields)
        self.book.add_product(product)
        return product

    def complete(self, shop_ref: str, tracking_number: str = "", carrier_name: str = "") -> None:
        if tracking_number:
            self.add_tracking(shop_ref, tracking_number, carrier_name)
        self.set_status(shop_ref, "completed")

    def add_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None:
        order = self._order(shop_ref)
        if self.tracking_stored_in == "fulfillments":
            self._fulfil(order, tracking_number, carrier_name)
        else:
            self._writer.update(
                order, {"meta_data": _code_meta(self.tracking_stored_in, tracking_number, carrier_name)}, self._now()
            )

    def set_meta(self, shop_ref: str, key: str, value: Any) -> None:
        self._writer.update(self._order(shop_ref), {"meta_data": [{"key": key, "value": value}]}, self._now())

    def add_line(self, shop_ref: str, article: CatalogueItem, quantity: int, price: str = "0.00") -> None:
        line = {**self._line(article, quantity), "total": str(Decimal(price) * quantity)}
        self._writer.update(self._order(shop_ref), {"line_items": [line]}, self._now())

    def change_quantity(self, shop_ref: str, sku: str, quantity: int) -> None:
        order = self._order(shop_ref)
        changed = [{"id": line["id"], "quantity": quantity} for line in order.body["line_items"] if line["sku"] == sku]
        self._writer.update(order, {"line_items": changed}, self._now())

    def set_status(self, shop_ref: str, status: str) -> None:
        self.book.set_status(self._order(shop_ref), status, self._now())

    def cancel(self, shop_ref: str) -> None:
        self.set_status(shop_ref, "cancelled")

    def reopen(self, shop_ref: str) -> None:
        self.set_status(shop_ref, "processing")

    def trash(self, shop_ref: str) -> None:
        self.book.trash(self._order(shop_ref), self._now())

    def delete(self, shop_ref: str) -> None:
        self.book.remove(self._order(shop_ref))

    def create_by_other_tool(self, basket: Basket, number: str) -> str:
        sent = {
            "status": "processing",
            "currency": basket.currency,
            "transaction_id": number,
            "created_via": "othertool",
            "billing": {"last_name": "Other", "country": "NL"},
            "shipping": {"last_name": "Other", "country": "NL"},
            "line_items": [self._line(article, quantity) for article, quantity in basket.lines],
        }
        if Decimal(basket.shipping or 0):
            sent["shipping_lines"] = [
                {"method_id": "other", "method_title": "Post", "total": self._net(Decimal(basket.shipping))}
            ]
        order = self._writer.create(sent, self._now())
        self._writer.finish(order, sent, self._now())
        return str(order.id)

    keeps_numbers = False

    def replace_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None:
        self.add_tracking(shop_ref, tracking_number, carrier_name)

    def recipient_of(self, shop_ref: str) -> Mapping[str, str]:
        order = self._order(shop_ref)
        shipping = order.body["shipping"]
        return {
            "last_name": shipping["last_name"],
            "street": shipping["address_1"],
            "phone": shipping["phone"],
            "email": f"{order.body['billing'].get('email')} {order.meta}",
        }

    def api_cancellations(self) -> Sequence[ApiCancellation]:
        return self._api_cancellations

    def refuse_orders(self, while_: Callable[[], bool], met: Callable[[SandboxCall], None]) -> bool:
        """As a shop whose rules have changed does: for the same field of each."""
        self._refuses = while_, met
        return True

    def change_profile(self) -> bool:
        self.taxes.on = not self.taxes.on
        self.add_status("packed", "Packed")
        return True

    def expire_tokens(self) -> bool:
        return False  # a key stays until somebody revokes it

    def secrets(self) -> Sequence[str]:
        return [self.auth.secret]

    def orders(self) -> Sequence[BackOfficeOrder]:
        return [_as_back_office(order) for order in self.book.orders.values()]

    def stock_of(self, sku: str) -> int:
        return self.book.products[self.book.by_sku[sku.casefold()][0]].stock

    def fail_before_stock(self) -> bool:
        self.site.state = SiteState.DIES_BEFORE_STOCK
        return True

    def reduce_stock_afterwards(self, shop_ref: str) -> None:
        """The status that takes it is given anew."""
        status = self._order(shop_ref).status
        self.set_status(shop_ref, "on-hold")
        self.set_status(shop_ref, status)

    def _line(self, article: CatalogueItem, quantity: int) -> Body:
        return {"sku": article.sku, "quantity": quantity, "total": self._net(Decimal(article.price) * quantity)}

    def _net(self, gross: Decimal) -> str:
        return f"{gross / (1 + self.taxes.rate('', self.taxes.base_country)):.6f}"

    def _fulfil(self, order: SandboxOrder, tracking_number: str, carrier_name: str) -> None:
        meta = [
            {"key": "_tracking_number", "value": tracking_number},
            {"key": "_shipment_provider", "value": carrier_name},
        ]
        self._fulfilments.fulfil(order, meta)

    def _as_told(self, resource: str, number: int) -> bytes | None:
        """An order or a product in a webhook's delivery; None when it is gone."""
        if resource == "product":
            return msgspec.json.encode(self._product_routes.shown(self.book.products[number]))
        order = self.book.orders.get(number)
        return None if order is None else self._order_routes.shown(order, "")

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _order(self, shop_ref: str) -> SandboxOrder:
        return self.book.orders[int(shop_ref)]


def _code_meta(key: str, code: str, carrier_name: str) -> list[Body]:
    if key == "_wc_shipment_tracking_items":
        item = {"tracking_provider": "", "custom_tracking_provider": carrier_name, "tracking_number": code}
        return [{"key": key, "value": [item]}]
    meta = [{"key": key, "value": code}]
    return [*meta, {"key": "_tracking_provider", "value": carrier_name}] if carrier_name else meta


def _as_back_office(order: SandboxOrder) -> BackOfficeOrder:
    quantities: dict[str, int] = {}
    for line in order.body["line_items"]:
        quantities[line["sku"] or ""] = quantities.get(line["sku"] or "", 0) + line["quantity"]
    reference = reference_of(order.body["created_via"])
    state = _shown_state(order.status)
    return BackOfficeOrder(str(order.id), reference, order.status, order.body["total"], quantities, state)


def _shown_state(status: str) -> ShopState:
    return _STATES.get(status, ShopState.OPEN)


def _is_full_page(query: Mapping[str, str], response: Response) -> bool:
    most = int(query.get("per_page", "10"))
    before = int(query.get("offset") or (int(query.get("page", "1")) - 1) * most)
    return most > 1 and int(response.headers.get("x-wp-total", "0")) - before >= most


def _created_via(body: bytes) -> str:
    try:
        sent = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    return str(sent.get("created_via") or "") if isinstance(sent, dict) else ""
