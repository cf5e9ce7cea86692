"""How the sandbox takes orders in: what WooCommerce checks, and all that it lets pass."""

from collections.abc import Mapping
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_coupons import Coupon, apply_coupons, coupons_of
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, fatal, invalid_params
from orderhaven.connectors.woocommerce.sandbox_items import KINDS, Items, shown_items, whole_number
from orderhaven.connectors.woocommerce.sandbox_meta import set_order_meta
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxOrder, dates
from orderhaven.connectors.woocommerce.sandbox_schema import ADDRESS, ORDER, is_true, one_of, wrong_params
from orderhaven.connectors.woocommerce.sandbox_totals import NotANumber, ShopTaxes, compute_totals
from orderhaven.connectors.woocommerce.sandbox_values import clean, is_too_long, stored, text_of

_TEXTS = ("transaction_id", "payment_method", "payment_method_title", "customer_note")
_BILLING = dict.fromkeys((*ADDRESS, "email", "phone"), "")
_SHIPPING = dict.fromkeys((*ADDRESS, "phone"), "")
_BEGUN = frozenset({"pending", "on-hold", "failed", "cancelled"})  # from these a payment completes an order
_UNPAID = frozenset({"pending", "failed"})


class Writer:
    def __init__(self, book: OrderBook, taxes: ShopTaxes) -> None:
        self._book = book
        self._taxes = taxes
        self._items = Items(book, taxes)
        self.currency = "EUR"
        self.coupons: dict[str, Coupon] = {}

    def check(self, sent: Mapping[str, Any]) -> None:
        """What WordPress refuses by the schema. Items of a batch do not pass here. Raises ApiError."""
        wrong = wrong_params(ORDER, sent)
        if sent.get("status") is not None and (message := one_of(self._book.settable)(sent["status"], "status")):
            wrong["status"] = message
        if wrong:
            raise invalid_params(wrong)

    def create(self, sent: Mapping[str, Any], now: int) -> SandboxOrder:
        """A saved order, still pending: `finish` gives it the status that was asked for, as WooCommerce
        does after saving."""
        if sent.get("id"):
            raise ApiError(400, "woocommerce_rest_shop_order_exists", "Cannot create existing shop_order.")
        body: Body = {
            "parent_id": 0,
            "currency": sent.get("currency") or self.currency,
            "prices_include_tax": self._taxes.prices_include_tax,
            "customer_id": 0,
            "created_via": stored("created_via", sent.get("created_via") or "rest-api"),
            "billing": _BILLING,
            "shipping": _SHIPPING,
            **dict.fromkeys(_TEXTS, ""),
            **{kind: [] for kind in (*KINDS, "coupon_lines")},
        }
        order = SandboxOrder(0, "pending", now, now, body)
        self._set_fields(order, sent)
        order.id = self._book.next_id()
        self._book.add(order)
        try:
            compute_totals(body, self._taxes)
        except NotANumber:
            self.empty(order)
            raise fatal() from None
        self._apply_coupons(order, sent, now)
        return order

    def finish(self, order: SandboxOrder, sent: Mapping[str, Any], now: int) -> None:
        asked = sent.get("status")
        # only a batch lets an unknown one pass
        self._book.set_status(order, asked if asked in self._book.settable else "pending", now)
        if is_true(sent.get("set_paid")):
            self._pay(order, now)
        self._lose_what_is_too_long(order)

    def empty(self, order: SandboxOrder) -> None:
        """As a plug-in leaves it that fails before the lines were saved: with its meta data and nothing to send."""
        order.body |= {kind: [] for kind in KINDS}
        compute_totals(order.body, self._taxes)
        order.rendered.clear()

    def update(self, order: SandboxOrder, sent: Mapping[str, Any], now: int) -> None:
        """Number, total, `created_via` and dates are not listened to."""
        before = order.body["line_items"]
        self._change_whole(order, sent)
        if any(sent.get(name) is not None for name in (*KINDS, "billing", "shipping", "coupon_lines")):
            try:
                compute_totals(order.body, self._taxes)
            except NotANumber:
                raise fatal() from None
        self._apply_coupons(order, sent, now)
        self._move_stock(order, before, sent, now)
        self._book.touch(order, now)
        asked = sent.get("status")
        if asked:
            self._book.set_status(order, asked if asked in self._book.settable else "pending", now)
        needs_payment = order.status in _UNPAID and not order.body["total"].startswith(("0.00", "-"))
        if is_true(sent.get("set_paid")) and needs_payment:
            self._pay(order, now)

    def _set_fields(self, order: SandboxOrder, sent: Mapping[str, Any]) -> None:
        """Raises ApiError, with nothing saved."""
        body = order.body
        if sent.get("parent_id") and int(float(sent["parent_id"])) not in self._book.orders:
            raise ApiError(400, "order_invalid_parent_id", "Invalid parent ID")
        self._set_addresses(body, sent)
        for name in _TEXTS:
            if sent.get(name) is not None:
                text = clean(sent[name]) if name == "payment_method_title" else str(sent[name])
                body[name] = stored(name, text)
        if sent.get("currency"):
            body["currency"] = sent["currency"]
        for kind in KINDS:
            for item in sent.get(kind) or []:
                self._items.put(body, kind, item if isinstance(item, dict) else {})
        set_order_meta(body, order.meta, sent.get("meta_data"), self._book.next_id)
        self._set_customer(body, sent)

    def _move_stock(self, order: SandboxOrder, before: list[Body], sent: Mapping[str, Any], now: int) -> None:
        """Of the lines that were sent: those that are gone give back, the others follow their quantity."""
        lines, asked = order.body["line_items"], sent.get("line_items") or []
        named = {whole_number(item.get("id")) for item in asked if isinstance(item, dict)}
        left = {line["id"] for line in lines}
        self._book.give_stock_back((line for line in before if line["id"] not in left), now)
        known = {line["id"] for line in before}
        self._book.adjust_stock(order, (one for one in lines if one["id"] in named or one["id"] not in known), now)

    def shown(self, order: SandboxOrder) -> Body:
        """An order as the API shows it."""
        zone = self._book.zone
        return {
            "id": order.id,
            "status": order.status,
            "number": f"{self._book.number_prefix}{order.id}",
            **order.body,
            **dates("date_created", order.created, zone),
            **dates("date_modified", order.modified, zone),
            **dates("date_completed", order.completed, zone),
            **dates("date_paid", order.paid, zone),
            "meta_data": order.meta,
            "refunds": [
                {"id": refund.id, "reason": refund.reason, "total": f"-{refund.amount:.2f}", "total_tax": "0.00"}
                for refund in reversed(order.refunds)
            ],
            **shown_items(order.body, self._taxes),
        }

    def _change_whole(self, order: SandboxOrder, sent: Mapping[str, Any]) -> None:
        """Raises ApiError, with nothing changed."""
        body, meta = order.body, order.meta
        order.body, order.meta = _copied(body), [{**entry} for entry in meta]
        try:
            self._set_fields(order, sent)
        except ApiError:
            order.body, order.meta = body, meta
            raise

    def _set_addresses(self, body: Body, sent: Mapping[str, Any]) -> None:
        """Only the fields that are sent, and only those that there are."""
        for kind, empty in (("billing", _BILLING), ("shipping", _SHIPPING)):
            given = sent.get(kind)
            if isinstance(given, dict):
                known = {name: text_of(value) for name, value in given.items() if name in empty}
                body[kind] = {**body[kind], **known}

    def _set_customer(self, body: Body, sent: Mapping[str, Any]) -> None:
        for name in ("customer_id", "parent_id"):
            if sent.get(name) is not None:
                body[name] = int(float(sent[name]))
        if body["customer_id"] and body["customer_id"] not in self._book.users:
            raise ApiError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
        if body["customer_id"] and not body["billing"]["email"]:
            body["billing"] = {**body["billing"], "email": self._book.users[body["customer_id"]]}

    def _apply_coupons(self, order: SandboxOrder, sent: Mapping[str, Any], now: int) -> None:
        """By then the order is saved: one that it does not have leaves a draft behind."""
        try:
            coupons = coupons_of(sent, self.coupons)
        except ApiError as error:
            if order.status == "pending":
                self._book.set_status(order, "checkout-draft", now)
                error.body["data"]["new_draft_order_id"] = order.id
            raise
        if coupons or (coupons is not None and order.body["coupon_lines"]):
            apply_coupons(order.body, coupons, self._taxes, self._book.next_id)

    def _pay(self, order: SandboxOrder, now: int) -> None:
        if order.status in _BEGUN:
            self._book.set_status(order, self._book.status_when_paid(order), now)

    def _lose_what_is_too_long(self, order: SandboxOrder) -> None:
        """Addresses are written one after the other, then meta data and lines; nobody says that one failed."""
        body = order.body
        if is_too_long(body["billing"]):
            body["billing"], body["shipping"] = _BILLING, _SHIPPING
        elif is_too_long(body["shipping"]):
            body["shipping"] = _SHIPPING
        else:
            return
        self._book.give_stock_back(body["line_items"], order.modified)
        order.meta.clear()
        for kind in (*KINDS, "coupon_lines"):
            body[kind] = []


def _copied(body: Body) -> Body:
    items = {kind: [{**item, "meta_data": [{**m} for m in item["meta_data"]]} for item in body[kind]] for kind in KINDS}
    return {**body, **items}
