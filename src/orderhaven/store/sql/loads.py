"""Orders and messages as a cycle loads them: by the hundred, each with what is needed and no more. For `loop_ratio`."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from django.db import models

from orderhaven.store.models import Connection, Line, Link, Message, Order, Person
from orderhaven.store.sql.rows import ALL, Columns, by_keys, know

M = TypeVar("M", bound=models.Model)
# What is read of a table, and for what: each column of a row costs as much as four calls. Any other one raises NotLoaded.
_STATE_OF_A_LINE = ("id", "order_id", "ref", "ordered", "shipped", "cancelled", "by_marketplace")
_TO_MOVE: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "link_id", "ref", "status", "hold", "heard_at", "read_at", "currency", "prices_include_vat", "ship_by",
        "ship_by_is_estimated", "deliver_by", "needs_acceptance", "by_marketplace", "shop_ref", "shop_number", "shop_state",
        "shop_word", "completed_at", "wait_until", "code", "number_unread", "carrier_word", "code_url", "label", "shop_told",
        "marketplace_told",
        "confirmed_at", "handled_by_others", "closed_at",
    ),
    Line: (*_STATE_OF_A_LINE, "buyer_asks", "placed", "product_ref", "title", "sku"),
    Message: (
        "id", "order_id", "connection_id", "side", "kind", "generation", "state", "attempt", "rounds", "deaths", "misses",
        "failing_since", "not_after", "payload", "remote_ref", "refused_as",
    ),
}  # fmt: skip
_WHOLE: Mapping[type[models.Model], Columns] = {Order: ALL, Line: ALL, Message: ALL}
_TO_TELL: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "link_id", "ref", "country", "marketplace_label", "shop_ref", "completed_at", "code", "carrier_word",
        "code_url", "label", "chosen_carrier",
    ),
    Line: (*_STATE_OF_A_LINE, "buyer_asks", "position", "remote_ids"),
    Message: (
        "id", "order_id", "connection_id", "side", "kind", "part", "generation", "rank", "state", "attempt", "deaths",
        "not_after", "payload", "handle",
    ),
}  # fmt: skip
_TO_PLACE: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "link_id", "ref", "placed_at", "changed_at", "currency", "prices_include_vat", "shipping_cost",
        "discount", "language", "country", "ship_by", "ship_by_is_estimated", "deliver_by", "expires_at", "needs_acceptance",
        "marketplace_label", "by_marketplace", "is_test", "meta", "shop_ref",
    ),
    Line: (
        *_TO_TELL[Line], "title", "sku", "ean", "unit_price", "total", "discount", "commission",
        "vat_rate", "services",
    ),
}  # fmt: skip


def moving_orders(keys: Collection[int], *, whole: bool = False) -> list[Order]:
    """Orders by key with everything a move may look at: link and its two connections, lines, and messages as `outbox`.

    `whole`: all of their columns.
    """
    columns = _WHOLE if whole else _TO_MOVE
    rows = _with_lines(keys, columns)
    messages = _by_order(by_keys(Message, "order_id", keys, columns[Message]))
    for row in rows:
        # the messages do not know the order: a circle would stay until the next look for garbage
        row.outbox = messages.get(row.id, [])
    return rows


def telling_messages(keys: Collection[int]) -> list[Message]:
    """Messages by key with what is needed to tell them, to look for them and to ask after them; in the order of the keys."""
    rows = {row.id: row for row in by_keys(Message, "id", keys, _TO_TELL[Message])}
    return [rows[key] for key in keys]


def bring_orders(messages: Collection[Message], *, goods: bool) -> None:
    """Give these messages their orders, each with link, lines, and where `goods` are wanted what was bought and by whom."""
    keys = {message.order_id for message in messages}
    rows = {row.id: row for row in _with_lines(keys, _TO_PLACE if goods else _TO_TELL)}
    people = _by_order(by_keys(Person, "order_id", keys)) if goods else {}
    for row in rows.values() if goods else ():
        row.kept_people = people.get(row.id, [])
    for message in messages:
        know(message, order=rows[message.order_id])


def _with_lines(keys: Collection[int], columns: Mapping[type[models.Model], Columns]) -> list[Order]:
    rows = by_keys(Order, "id", keys, columns[Order])
    links = _links({row.link_id for row in rows})
    lines = _by_order(by_keys(Line, "order_id", keys, columns[Line]))
    for row in rows:
        know(row, link=links[row.link_id])
        row.kept_lines = lines.get(row.id, [])
    return rows


def _links(keys: Collection[int]) -> Mapping[int, Link]:
    links = {link.id: link for link in by_keys(Link, "id", keys)}
    sides = {key for link in links.values() for key in (link.marketplace_id, link.shop_id)}
    accounts = {one.id: one for one in by_keys(Connection, "id", sides)}
    for link in links.values():
        know(link, marketplace=accounts[link.marketplace_id], shop=accounts[link.shop_id])
    return links


def _by_order(rows: Iterable[M]) -> dict[int, list[M]]:
    found: dict[int, list[M]] = {}
    for row in rows:
        found.setdefault(vars(row)["order_id"], []).append(row)
    return found
