"""The sandbox's API: who may come in, which route it is, and all of them that are about orders."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, TypeAlias

import msgspec

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.not_played import not_played
from orderhaven.connectors.woocommerce.sandbox_auth import Door, Refused
from orderhaven.connectors.woocommerce.sandbox_batch import batch
from orderhaven.connectors.woocommerce.sandbox_lists import ApiError, orders_listed
from orderhaven.connectors.woocommerce.sandbox_not_played import reason_not_played
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxOrder, as_text
from orderhaven.connectors.woocommerce.sandbox_replies import JSON, body_of, chosen, no_route, page, refusal, reply
from orderhaven.connectors.woocommerce.sandbox_site import Site
from orderhaven.connectors.woocommerce.sandbox_writes import Writer
from orderhaven.ports.clock import Clock

API = "/wp-json/wc/v3"

Route: TypeAlias = tuple[str, str, Callable[..., Response]]


class Api:
    def __init__(
        self, clock: Clock, writer: Writer, door: Door, site: Site, book: OrderBook, routes: Sequence[Route]
    ) -> None:
        self._clock = clock
        self.book = book
        self._writer = writer
        self._door = door
        self._site = site
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
            (method, re.compile(path), answer) for method, path, answer in [*self._table(), *routes]
        ]

    def now(self) -> int:
        return int(self._clock.now().timestamp())

    def answer(self, request: Request, path: str) -> Response:
        try:
            if path == API and self._site.has_woocommerce:
                return reply({"namespace": "wc/v3"})  # an index needs no key
            if not path.startswith(API + "/") or not self._site.has_woocommerce:
                raise no_route()
            if request.method == "OPTIONS":
                return self._route(request, path.removeprefix(API))
            self._door.admit(request, self.now(), self._site.home_url)
            return self._route(request, path.removeprefix(API))
        except Refused as refused:
            return refusal(401, refused.code, refused.message)
        except ApiError as error:
            return Response(error.status, JSON, msgspec.json.encode(error.body))

    def _route(self, request: Request, path: str) -> Response:
        for method, pattern, answer in self._routes:
            found = pattern.fullmatch(path) if method == request.method else None
            if found:
                return answer(request, *found.groups())
        if reason := reason_not_played(request.method, path):
            return not_played(reason)
        raise no_route()

    def _table(self) -> list[tuple[str, str, Callable[..., Response]]]:
        order = r"/orders/(\d+)"
        return [
            ("GET", "/orders", self._list_orders),
            ("POST", "/orders", self._create_order),
            *((method, "/orders/batch", self._batch) for method in ("POST", "PUT", "PATCH")),
            ("GET", order, self._get_order),
            ("PUT", order, self._update_order),
            ("DELETE", order, self._delete_order),
            ("POST", order + "/notes", self._add_note),
            ("GET", order + "/refunds", self._list_refunds),
            ("POST", order + "/refunds", self._refund),
            ("GET", order + "/fulfillments", self._list_fulfilments),
            ("POST", order + "/fulfillments", self._fulfil),
        ]

    def _list_orders(self, request: Request) -> Response:
        query = request.query
        found, total = orders_listed(self.book, query, several_vias=self._site.filters_by_several)
        fields = query.get("_fields", "")
        return page([msgspec.Raw(self._shown(order, fields)) for order in found], total, query)

    def _shown(self, order: SandboxOrder, fields: str) -> bytes:
        """The order's text, kept until it changes: lists of it must cost next to nothing."""
        if fields not in order.rendered:
            order.rendered[fields] = msgspec.json.encode(chosen(self._writer.shown(order), fields))
        return order.rendered[fields]

    def _get_order(self, request: Request, order_id: str) -> Response:
        order = self._order(order_id, 404)
        return Response(200, JSON, self._shown(order, request.query.get("_fields", "")))

    def _create_order(self, request: Request) -> Response:
        sent = body_of(request)
        self._writer.check(sent)
        return Response(201, JSON, self._shown(self._created(sent), ""))

    def _created(self, sent: Mapping[str, Any]) -> SandboxOrder:
        broken, self._site.breaks_next_create = self._site.breaks_next_create, ""
        order = self._writer.create(sent, self.now())
        if broken == "draft":
            self.book.set_status(order, "checkout-draft", self.now())
            raise ApiError(400, "woocommerce_rest_broken", "Something went wrong.", new_draft_order_id=order.id)
        if broken == "whole":
            self._writer.finish(order, sent, self.now())
        elif broken:
            self._writer.empty(order)
        if broken:
            raise ApiError(500, "internal_server_error", "There has been a critical error on this website.")
        self._writer.finish(order, sent, self.now())
        return order

    def _update_order(self, request: Request, order_id: str) -> Response:
        order, sent = self._order(order_id, 400), body_of(request)
        self._writer.check(sent)
        self._writer.update(order, sent, self.now())
        return Response(200, JSON, self._shown(order, ""))

    def _delete_order(self, request: Request, order_id: str) -> Response:
        order = self._order(order_id, 404)
        body = self._shown(order, "")
        if request.query.get("force") == "true":
            self.book.remove(order)
        else:
            self.book.set_status(order, "trash", self.now())
            body = self._shown(order, "")
        return Response(200, JSON, body)

    def _batch(self, request: Request) -> Response:
        changes = {"create": self._create_one, "update": self._update_one, "delete": self._delete_one}
        return reply(batch(body_of(request), changes))

    def _create_one(self, item: Any) -> msgspec.Raw:
        return msgspec.Raw(self._shown(self._created(item), ""))

    def _update_one(self, item: Any) -> msgspec.Raw:
        order = self._order(str(item.get("id")), 400)
        self._writer.update(order, item, self.now())
        return msgspec.Raw(self._shown(order, ""))

    def _delete_one(self, order_id: Any) -> msgspec.Raw:
        """For good: a batch knows no trash."""
        order = self._order(str(order_id), 404)
        shown = msgspec.Raw(self._shown(order, ""))
        self.book.remove(order)
        return shown

    def _add_note(self, request: Request, order_id: str) -> Response:
        """A note does not move the order's change date."""
        self._order(order_id, 404)
        return reply({"id": self.book.next_id(), "note": body_of(request).get("note", "")}, 201)

    def _list_refunds(self, request: Request, order_id: str) -> Response:
        fields = request.query.get("_fields", "")
        return reply([chosen(refund, fields) for refund in self._order(order_id, 404).refunds])

    def _refund(self, request: Request, order_id: str) -> Response:
        order, sent = self._order(order_id, 404), body_of(request)
        lines = [self._refund_line(item) for item in sent.get("line_items") or []]
        refund = {
            "id": self.book.next_id(),
            "amount": str(sent.get("amount", "0.00")),
            "reason": sent.get("reason", ""),
            "line_items": lines,
        }
        order.refunds.append(refund)
        self.book.touch(order, self.now())
        if float(refund["amount"]) >= float(order.body["total"]):
            self.book.set_status(order, "refunded", self.now())
        return reply(refund, 201)

    def _refund_line(self, item: Mapping[str, Any]) -> Body:
        meta = [{"id": self.book.next_id(), "key": "_refunded_item_id", "value": str(item["id"])}]
        return {
            "id": self.book.next_id(),
            "quantity": -int(item.get("quantity", 0)),
            "product_id": 0,
            "meta_data": meta,
        }

    def _list_fulfilments(self, request: Request, order_id: str) -> Response:
        self._needs_fulfilments()
        return reply([{**made, "is_fulfilled": "1"} for made in self._order(order_id, 404).fulfilments])

    def _fulfil(self, request: Request, order_id: str) -> Response:
        """The order's status stays; the same twice makes two."""
        self._needs_fulfilments()
        order = self._order(order_id, 404)
        made = self.add_fulfilment(order, body_of(request).get("meta_data") or [])
        return reply({**made, "is_fulfilled": True}, 201)

    def add_fulfilment(self, order: SandboxOrder, meta: list[Body]) -> Body:
        made = {
            "id": self.book.next_id(),
            "entity_id": str(order.id),
            "status": "fulfilled",
            "date_updated": as_text(self.now(), UTC) + "Z",
            "meta_data": meta,
        }
        order.fulfilments.append(made)
        self._writer.update(order, {"meta_data": [{"key": "_fulfillment_status", "value": "fulfilled"}]}, self.now())
        return made

    def _needs_fulfilments(self) -> None:
        if not self._site.has_fulfilments:
            raise no_route()

    def _order(self, order_id: str, status: int) -> SandboxOrder:
        """GET of an unknown order is 404, PUT of it 400."""
        order = self.book.orders.get(int(order_id)) if order_id.isdecimal() else None
        if order is None:
            message = "ID is invalid." if status == 400 else "Invalid ID."
            raise ApiError(status, "woocommerce_rest_shop_order_invalid_id", message)
        return order
