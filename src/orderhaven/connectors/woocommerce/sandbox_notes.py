"""The notes of the sandbox's orders: a person's, and those that WooCommerce writes by itself."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_api import Route
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError, missing
from orderhaven.connectors.woocommerce.sandbox_mails import Mail
from orderhaven.connectors.woocommerce.sandbox_orders import Body, OrderBook, SandboxNote, SandboxOrder, dates
from orderhaven.connectors.woocommerce.sandbox_responses import SandboxRequest, SandboxResponse
from orderhaven.connectors.woocommerce.sandbox_schema import (
    DELETE,
    Check,
    boolean,
    check_params,
    is_true,
    one_of,
    string,
)

_USER = "hub"  # whose key it is
_SCHEMA: Mapping[str, Check] = {"note": string, "customer_note": boolean, "added_by_user": boolean}


class NoteRoutes:
    def __init__(self, book: OrderBook, now: Callable[[], int]) -> None:
        self._book = book
        self._now = now

    def routes(self) -> list[Route]:
        notes = r"/orders/(\d+)/notes"
        one = notes + r"/(\d+)"
        return [
            Route("GET", notes, self._list, lambda: {"type": one_of(("any", "customer", "internal"))}),
            Route("POST", notes, self._create, check_body=_check),
            Route(
                "GET",
                one,
                lambda asked, order, note: SandboxResponse(self._shown(self._note(self._order(order), note))),
            ),
            Route("DELETE", one, self._delete, check_body=partial(check_params, DELETE)),
        ]

    def _list(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        kind = asked.query.text("type", "any")
        notes = reversed(self._order(order_id).notes)
        return SandboxResponse(
            [self._shown(note) for note in notes if kind == "any" or note.is_for_customer == (kind == "customer")]
        )

    def _create(self, asked: SandboxRequest, order_id: str) -> SandboxResponse:
        """It does not move the order's change date. A note for the customer is mailed."""
        sent = asked.body
        order = self._book.order(order_id, ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID."))
        for_customer = is_true(sent.get("customer_note"))
        author = _USER if is_true(sent.get("added_by_user")) else ""
        note = self._book.note(order, str(sent["note"]), self._now(), is_for_customer=for_customer, author=author)
        if for_customer and order.body["billing"]["email"]:
            self._book.mail(order, Mail("customer_note", order.body["billing"]["email"], order.id), self._now())
        return SandboxResponse(self._shown(note), 201)

    def _delete(self, asked: SandboxRequest, order_id: str, number: str) -> SandboxResponse:
        order = self._order(order_id)
        note = self._note(order, number)
        if not is_true(asked.body.get("force")):  # its words are those of webhooks, in WooCommerce too
            raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        order.notes.remove(note)
        return SandboxResponse(self._shown(note))

    def _order(self, order_id: str) -> SandboxOrder:
        unknown = ApiError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid order ID.")
        return self._book.order(order_id, unknown)

    def _note(self, order: SandboxOrder, number: str) -> SandboxNote:
        for note in order.notes:
            if note.id == int(number):
                return note
        raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")

    def _shown(self, note: SandboxNote) -> Body:
        return {
            "id": note.id,
            "author": note.author or "WooCommerce",
            **dates("date_created", note.at, self._book.zone),
            "note": note.text,
            "customer_note": note.is_for_customer,
        }


def _check(sent: Mapping[str, Any]) -> None:
    if "note" not in sent:
        raise missing("note")
    check_params(_SCHEMA, sent)
