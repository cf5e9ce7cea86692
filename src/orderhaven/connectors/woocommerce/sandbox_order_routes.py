"""The sandbox's routes of orders: lists, one, made, changed, thrown away, and several at once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from orderhaven.connectors.woocommerce.sandbox_api import BrokenDown, Route, updates
from orderhaven.connectors.woocommerce.sandbox_batch import batch
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_lists import order_parameters, orders_listed
from orderhaven.connectors.woocommerce.sandbox_orders import OrderBook, SandboxOrder
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse, chosen, page
from orderhaven.connectors.woocommerce.sandbox_schema import DELETE, check_params, is_true
from orderhaven.connectors.woocommerce.sandbox_site import Site, SiteState
from orderhaven.connectors.woocommerce.sandbox_writes import Writer

_INVALID_ID = "woocommerce_rest_shop_order_invalid_id"


class OrderRoutes:
    def __init__(self, book: OrderBook, writer: Writer, site: Site, now: Callable[[], int]) -> None:
        self.book = book
        self._writer = writer
        self._site = site
        self._now = now

    def routes(self) -> list[Route]:
        order = r"/orders/(\d+)"
        return [
            Route("GET", "/orders", self._list, lambda: order_parameters(self.book)),
            Route(
                "POST",
                "/orders",
                lambda asked: self._answer(self._created(asked.body), asked, 201),
                check_body=self._writer.check,
            ),
            Route("GET", order, lambda asked, order_id: self._answer(self._order(order_id), asked)),
            *updates(order, self._update, self._writer.check),
            Route("DELETE", order, self._delete, check_body=partial(check_params, DELETE)),
            *updates("/orders/batch", self._batch),
            Route("OPTIONS", "/orders", self._describe, is_public=True),
        ]

    def _list(self, asked: SandboxRequest) -> SandboxResponse:
        found, total = orders_listed(self.book, asked.query, several_vias=self._site.filters_by_several)
        fields = asked.fields
        return page([msgspec.Raw(self.shown(order, fields)) for order in found], total, asked.query, is_chosen=True)

    def _update(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        # a parameter of the body goes before that of the address
        order = self._order(str(asked.body.get("id") or order_id), unknown=_unknown_to_change())
        return self._answer(self._changed(order, asked.body), asked)

    def _delete(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        """The answer shows it as it was before."""
        order = self._order(order_id)
        before = self._answer(order, asked)
        if is_true(asked.body.get("force")):
            self.book.remove(order)
        elif order.status == "trash":
            raise ApiError(410, "woocommerce_rest_already_trashed", "The shop_order has already been deleted.")
        else:
            self.book.trash(order, self._now())
        return before

    def _answer(self, order: SandboxOrder, asked: SandboxRequest, status: int = 200) -> SandboxResponse:
        return SandboxResponse(msgspec.Raw(self.shown(order, asked.fields)), status, is_chosen=True)

    def shown(self, order: SandboxOrder, fields: str) -> bytes:
        """The order's text, kept until it changes: lists of it must cost next to nothing."""
        if fields not in order.rendered:
            order.rendered[fields] = msgspec.json.encode(chosen(self._writer.shown(order), fields))
        return order.rendered[fields]

    def _created(self, sent: Mapping[str, Any]) -> SandboxOrder:
        order = self._writer.create(sent, self._now())
        state = self._site.state
        if state is SiteState.FATAL_ON_NEW_ORDER:
            self._writer.empty(order)
            raise BrokenDown
        if state is SiteState.REFUSED_HALF_WAY:
            self.book.set_status(order, "checkout-draft", self._now())
            raise ApiError(400, "woocommerce_rest_broken", "Something went wrong.", new_draft_order_id=order.id)
        if state is SiteState.DIES_BEFORE_STOCK:
            self._site.state = SiteState.WELL
            with self.book.dying_before_stock():
                self._writer.finish(order, sent, self._now())
            raise BrokenDown
        self._writer.finish(order, sent, self._now())
        self._break_after(order, "pending")
        return order

    def _changed(self, order: SandboxOrder, sent: Mapping[str, Any]) -> SandboxOrder:
        before = order.status
        self._writer.update(order, sent, self._now())
        self._break_after(order, before)
        return order

    def _break_after(self, order: SandboxOrder, before: str) -> None:
        """A plugin breaks down once all is saved."""
        state = self._site.state
        changed = state is SiteState.FATAL_ON_STATUS and order.status != before
        if changed or state is SiteState.FATAL_AFTER_INSERT:
            raise BrokenDown

    def _batch(self, asked: SandboxRequest) -> SandboxResponse:
        changes = {"create": self._create_one, "update": self._update_one, "delete": self._delete_one}
        return SandboxResponse(batch(asked.body, changes))

    def _create_one(self, item: Any) -> msgspec.Raw:
        sent = item if isinstance(item, dict) else {}
        return msgspec.Raw(self.shown(self._created(sent), ""))

    def _update_one(self, item: Any) -> msgspec.Raw:
        named = str(item.get("id")) if isinstance(item, dict) else ""
        order = self._order(named, unknown=_unknown_to_change())
        return msgspec.Raw(self.shown(self._changed(order, item), ""))

    def _delete_one(self, order_id: Any) -> msgspec.Raw:
        """For good: a batch knows no trash."""
        order = self._order(str(order_id))
        shown = msgspec.Raw(self.shown(order, ""))
        self.book.remove(order)
        return shown

    def _describe(self, asked: SandboxRequest) -> SandboxResponse:
        several = self._site.filters_by_several
        args = {"created_via": {"type": "array" if several else "string", "required": False}}
        reads, writes = {"methods": ["GET"], "args": args}, {"methods": ["POST"], "args": []}
        return SandboxResponse({"namespace": "wc/v3", "methods": ["GET", "POST"], "endpoints": [reads, writes]})

    def _order(self, order_id: str, unknown: ApiError | None = None) -> SandboxOrder:
        return self.book.order(order_id, unknown or ApiError(404, _INVALID_ID, "Invalid ID."))


def _unknown_to_change() -> ApiError:
    return ApiError(400, _INVALID_ID, "ID is invalid.")
