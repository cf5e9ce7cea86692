"""The sandbox's refunds: by amount or by line, as WooCommerce makes, shows and deletes them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, bare
from orderhaven.connectors.woocommerce.sandbox_orders import (
    ITEMS,
    REFUNDED_LINE,
    Body,
    OrderBook,
    SandboxOrder,
    SandboxRefund,
    dates,
)
from orderhaven.connectors.woocommerce.sandbox_parameters import PAGES, Parameters, date, page_of
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, page
from orderhaven.connectors.woocommerce.sandbox_schema import DELETE, REFUND, as_list, check_params, is_true, one_of
from orderhaven.connectors.woocommerce.sandbox_values import amount_of, is_less

_USER = 2  # of the key, in whose name refunds are made
_GATEWAYS = frozenset({"bacs", "cheque", "cod"})
_PARAMETERS: Parameters = {**PAGES, "order": one_of(("asc", "desc")), "after": date, "before": date}


class RefundRoutes:
    def __init__(self, book: OrderBook, shown: Callable[[SandboxOrder], Body], now: Callable[[], int]) -> None:
        self._book = book
        self._order_as_shown = shown
        self._now = now

    def routes(self) -> list[Route]:
        refunds = r"/orders/(\d+)/refunds"
        return [
            Route("GET", refunds, self._list, lambda: _PARAMETERS),
            Route("POST", refunds, self._create, check_body=partial(check_params, REFUND)),
            Route("GET", refunds + r"/(\d+)", self._get),
            Route("DELETE", refunds + r"/(\d+)", self._delete, check_body=partial(check_params, DELETE)),
            Route("GET", "/refunds", self._list_all, lambda: _PARAMETERS),
        ]

    def _list(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        """An unknown order has none."""
        order = self._book.orders.get(int(order_id))
        return self._page(asked, order.refunds if order is not None else [], with_parent=False)

    def _list_all(self, asked: SandboxRequest) -> SandboxResponse:
        everything = [refund for order in self._book.orders.values() for refund in order.refunds]
        return self._page(asked, everything, with_parent=True)

    def _page(self, asked: SandboxRequest, refunds: Sequence[SandboxRefund], *, with_parent: bool) -> SandboxResponse:
        newest_first = asked.query.text("order", "desc") == "desc"
        found = sorted(refunds, key=lambda refund: (refund.created, refund.id), reverse=newest_first)
        start, rows = page_of(asked.query)
        shown = [self._shown(refund, with_parent=with_parent) for refund in found[start : start + rows]]
        return page(shown, len(found) if shown else 0, asked.query)

    def _get(self, asked: SandboxRequest, order_id: str, refund_id: str) -> SandboxResponse:
        refund = self._refund(refund_id)
        self._must_be_of(refund, order_id)
        return SandboxResponse(self._shown(refund))

    def _delete(self, asked: SandboxRequest, order_id: str, refund_id: str) -> SandboxResponse:
        """Gone for good, with force or without; under another order's address it is gone as well, and then refused."""
        refund = self._refund(refund_id)
        order = self._book.orders[refund.order_id]
        order.refunds.remove(refund)
        order.rendered.clear()
        self._must_be_of(refund, order_id)
        return SandboxResponse(self._shown(refund))

    def _create(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        sent = asked.body
        order = self._book.order(order_id, _no_such_order())
        rows = [item for item in as_list(sent.get("line_items")) or [] if isinstance(item, dict)]
        wanted = {int(float(item.get("id", 0))): item for item in rows}
        amount = self._amount(order, sent, wanted)
        if is_true(sent.get("api_refund", True)):
            raise _cannot(_no_gateway(order))
        return SandboxResponse(self._shown(self._made(order, sent, amount, wanted)), 201)

    def _amount(self, order: SandboxOrder, sent: Mapping[str, Any], wanted: Mapping[int, Mapping[str, Any]]) -> Decimal:
        if sent.get("amount") is None:
            return _sum_of(wanted.values())
        text, left = sent["amount"], f"{self._book.left_to_refund(order):.2f}"
        if is_less(text, "0"):
            raise bare("woocommerce_rest_invalid_order_refund", "Refund amount must be greater than zero.", 400)
        if is_less(left, text):
            raise _cannot("Invalid refund amount.")
        return amount_of(text) or Decimal(0)

    def _made(
        self, order: SandboxOrder, sent: Mapping[str, Any], amount: Decimal, wanted: Mapping[int, Mapping[str, Any]]
    ) -> SandboxRefund:
        """Lines that the order does not have are passed over; more pieces than it has are taken back all the same."""
        shown = self._order_as_shown(order)
        items = {
            kind: [self._line(line, wanted[line["id"]]) for line in shown[kind] if line["id"] in wanted]
            for kind in ITEMS
        }
        if is_true(sent.get("api_restock", True)):
            for line in order.body["line_items"]:
                self._book.restock(order, line, int(wanted.get(line["id"], {}).get("quantity", 0)), self._now())
        return self._book.refund(order, amount, str(sent.get("reason") or ""), items, self._now())

    def _line(self, line: Body, wanted: Mapping[str, Any]) -> Body:
        total, taxes = _number(wanted.get("refund_total")), _taxes(wanted)
        tax = sum((amount for _, amount in taxes), Decimal(0))
        quantity = int(wanted.get("quantity", 0))
        counted = {"quantity": -quantity, "subtotal": f"{-total:.2f}", "subtotal_tax": f"{-tax:.2f}"}
        return {
            **line,
            **(counted if "quantity" in line else {}),
            **({"price": float(total / quantity) if quantity else 0} if "price" in line else {}),
            "id": self._book.next_id(),
            "total": f"{-total:.2f}",
            "total_tax": f"{-tax:.2f}",
            "taxes": [{"id": rate, "total": f"{-part:.2f}", "subtotal": f"{-part:.2f}"} for rate, part in taxes],
            "meta_data": [{"id": self._book.next_id(), "key": REFUNDED_LINE, "value": str(line["id"])}],
        }

    def _shown(self, refund: SandboxRefund, *, with_parent: bool = False) -> Body:
        kind = {"id": refund.meta_id, "key": "_refund_type", "value": "full" if refund.is_full else "partial"}
        return {
            "id": refund.id,
            **({"parent_id": refund.order_id} if with_parent else {}),
            **dates("date_created", refund.created, self._book.zone),
            "amount": f"{refund.amount:.2f}",
            "reason": refund.reason,
            "refunded_by": _USER,
            "refunded_payment": False,
            "meta_data": [kind],
            **{name: refund.items.get(name, []) for name in ITEMS},
        }

    def _refund(self, refund_id: str) -> SandboxRefund:
        for order in self._book.orders.values():
            for refund in order.refunds:
                if refund.id == int(refund_id):
                    return refund
        raise ApiError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")

    def _must_be_of(self, refund: SandboxRefund, order_id: str) -> None:
        if self._book.order(order_id, _no_such_order()).id != refund.order_id:
            raise bare("woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.", 404)


def _no_such_order() -> ApiError:
    return bare("woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)


def _no_gateway(order: SandboxOrder) -> str:
    """No way of paying that comes with WooCommerce gives money back by itself, and an unknown one is not there."""
    if order.body["payment_method"] in _GATEWAYS:
        return "The payment gateway for this order does not support automatic refunds."
    return "The payment gateway for this order does not exist."


def _cannot(message: str) -> ApiError:
    return bare("woocommerce_rest_cannot_create_order_refund", message, 500)


def _sum_of(items: Collection[Mapping[str, Any]]) -> Decimal:
    """Nothing where one of them names no amount."""
    if not all("refund_total" in item for item in items):
        return Decimal(0)
    taxes = (amount for item in items for _, amount in _taxes(item))
    return sum((_number(item["refund_total"]) for item in items), Decimal(0)) + sum(taxes, Decimal(0))


def _taxes(item: Mapping[str, Any]) -> list[tuple[int, Decimal]]:
    return [(int(tax["id"]), _number(tax.get("refund_total"))) for tax in item.get("refund_tax") or []]


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0))
