"""WooCommerce's own fulfilments, oddities included: numbers that are texts, errors whose code is 0."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route, updates
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, no_route
from orderhaven.connectors.woocommerce.sandbox_meta import set_order_meta
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxOrder, as_text
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse
from orderhaven.connectors.woocommerce.sandbox_schema import FULFILMENT, check_params
from orderhaven.connectors.woocommerce.sandbox_site import Site

_STATUSES = {"fulfilled": True, "unfulfilled": False}
_STATUS_OF_ORDER = "_fulfillment_status"
_LOOKED_AT = "_auto_fulfill_processed"
_ITEMS = "_items"
_DATE_FULFILLED = "_date_fulfilled"


_check = partial(check_params, FULFILMENT)


@dataclass
class SandboxFulfilment:
    id: int
    order_id: int
    status: str
    updated: int
    meta: list[Body]

    @property
    def is_fulfilled(self) -> bool:
        return _STATUSES[self.status]

    @property
    def pieces(self) -> Mapping[int, int]:
        counted: dict[int, int] = {}
        for item in next((entry["value"] for entry in self.meta if entry["key"] == _ITEMS), []):
            counted[item["item_id"]] = counted.get(item["item_id"], 0) + item["qty"]
        return counted


class FulfilmentRoutes:
    def __init__(self, book: OrderBook, site: Site, now: Callable[[], int]) -> None:
        self._book = book
        self._site = site
        self._now = now
        self._of: dict[int, list[SandboxFulfilment]] = {}
        book.on_status.append(self._mark)

    def routes(self) -> list[Route]:
        all_ = r"/orders/(\d+)/fulfillments"
        one = all_ + r"/(\d+)"
        return [
            Route("GET", all_, self._list),
            Route("POST", all_, self._create, check_body=_check),
            Route("GET", one, lambda asked, order, number: SandboxResponse(self._shown(self._one(order, number)))),
            *updates(one, self._update, _check),
            Route("DELETE", one, self._delete),
            Route(
                "GET", one + "/metadata", lambda asked, order, number: SandboxResponse(self._one(order, number).meta)
            ),
        ]

    def fulfil(self, order: SandboxOrder, meta: Sequence[Body]) -> None:
        """A person marks what is still to be sent as sent, or all of it once more."""
        pending = self._pending(order) or {line["id"]: line["quantity"] for line in order.body["line_items"]}
        items = [{"item_id": line, "qty": quantity} for line, quantity in pending.items()]
        self._add(order, "fulfilled", [*meta, {"key": _ITEMS, "value": items}])

    def _list(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        return SandboxResponse([self._shown(made) for made in self._of.get(self._order(order_id).id, [])])

    def _create(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        order = self._order(order_id)
        status, meta = _checked(asked.body)
        return SandboxResponse(_told(self._add(order, status, meta)), 201)

    def _update(self, asked: SandboxRequest, order_id: str, number: str) -> SandboxResponse:
        """Meta data is changed by key; what is not sent is gone, the date among it, which is then set anew."""
        made, order = self._one(order_id, number), self._order(order_id)
        status, sent = _checked(asked.body)
        numbers = {entry["key"]: entry["id"] for entry in made.meta}
        made.status, made.updated = status, self._now()
        made.meta = [{"id": numbers.get(entry["key"]) or self._book.next_id(), **_pair(entry)} for entry in sent]
        self._date(made)
        self._tell_order(order)
        return SandboxResponse(_told(made))

    def _delete(self, asked: SandboxRequest, order_id: str, number: str) -> SandboxResponse:
        made = self._one(order_id, number)
        self._of[made.order_id].remove(made)
        self._tell_order(self._book.orders[made.order_id])
        return SandboxResponse({"message": "Fulfillment deleted successfully."})

    def _add(self, order: SandboxOrder, status: str, meta: Sequence[Body]) -> SandboxFulfilment:
        """The order's status stays; the same twice makes two, whatever is left to be sent."""
        numbered = [{"id": self._book.next_id(), **_pair(entry)} for entry in meta]
        made = SandboxFulfilment(self._book.next_id(), order.id, status, self._now(), numbered)
        self._date(made)
        self._of.setdefault(order.id, []).append(made)
        self._tell_order(order)
        return made

    def _date(self, made: SandboxFulfilment) -> None:
        if made.is_fulfilled and not any(entry["key"] == _DATE_FULFILLED for entry in made.meta):
            moment = _utc(made.updated)
            made.meta.append({"id": self._book.next_id(), "key": _DATE_FULFILLED, "value": moment})

    def _tell_order(self, order: SandboxOrder) -> None:
        """What the order itself says of them. Each change of one is a change of the order."""
        made = self._of[order.id]
        order.meta[:] = [entry for entry in order.meta if made or entry["key"] != _STATUS_OF_ORDER]
        if made:
            self._set_meta(order, _STATUS_OF_ORDER, self._status_of(order, made))
        self._book.touch(order, self._now())

    def _mark(self, order: SandboxOrder) -> None:
        """WooCommerce fulfils by itself what is only downloaded; it notes that it looked, once the order is paid."""
        if self._site.has_fulfilments and order.status in ("processing", "completed") and order.body["line_items"]:
            self._set_meta(order, _LOOKED_AT, "1")

    def _set_meta(self, order: SandboxOrder, key: str, value: str) -> None:
        set_order_meta(order.body, order.meta, [{"key": key, "value": value}], self._book.next_id)

    def _status_of(self, order: SandboxOrder, made: Sequence[SandboxFulfilment]) -> str:
        if all(one.is_fulfilled for one in made) and not self._pending(order):
            return "fulfilled"
        return "partially_fulfilled" if any(one.is_fulfilled for one in made) else "unfulfilled"

    def _pending(self, order: SandboxOrder) -> Mapping[int, int]:
        """Pieces by line that stand in none of them, without what was given back."""
        left = {line["id"]: line["quantity"] for line in order.body["line_items"]}
        for line, quantity in order.refunded_quantity():
            left[line] = left.get(line, 0) - quantity
        for made in self._of.get(order.id, []):
            for line, quantity in made.pieces.items():
                left[line] = left.get(line, 0) - quantity
        return {line: quantity for line, quantity in left.items() if quantity > 0}

    def _shown(self, made: SandboxFulfilment) -> Body:
        """As read: whether it is fulfilled has become a text."""
        return {**_told(made), "is_fulfilled": str(int(made.is_fulfilled))}

    def _one(self, order_id: str, number: str) -> SandboxFulfilment:
        for made in self._of.get(self._order(order_id).id, []):
            if made.id == int(number):
                return made
        raise _refused("Fulfillment not found.")

    def _order(self, order_id: str) -> SandboxOrder:
        if not self._site.has_fulfilments:
            raise no_route()
        unknown = ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
        unknown.body["data"]["status"] = "404"
        return self._book.order(order_id, unknown)


def _checked(sent: Mapping[str, Any]) -> tuple[str, Sequence[Body]]:
    meta = sent.get("meta_data") or []
    if sent.get("status") not in _STATUSES:
        raise _refused("Invalid fulfillment status.")
    items = next((entry.get("value") for entry in meta if entry.get("key") == _ITEMS), None)
    if not items:
        raise _refused("The fulfillment should contain at least one item.")
    if not isinstance(items, list) or not all(map(_is_item, items)):
        raise _refused("Invalid item.")
    return sent["status"], meta


def _is_item(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(name), int) for name in ("item_id", "qty"))


def _pair(entry: Mapping[str, Any]) -> Body:
    return {"key": entry["key"], "value": entry["value"]}


def _told(made: SandboxFulfilment) -> Body:
    return {
        "id": made.id,
        "entity_type": "WC_Order",
        "entity_id": str(made.order_id),
        "status": made.status,
        "is_fulfilled": made.is_fulfilled,
        "date_updated": _utc(made.updated),
        "date_deleted": None,
        "meta_data": made.meta,
    }


def _utc(moment: int) -> str:
    return as_text(moment, UTC) + "Z"


def _refused(message: str) -> ApiError:
    return ApiError(400, 0, message)
