"""Rows as model instances, by plain SQL: what a cycle loads by the hundred. Measured 5 times as fast as the ORM's instances.

The statement of a table is made once, and an instance is made without the ORM's signals and checks: rows of the store were
checked when they were written. Everything else about the instances is as the ORM leaves it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

from orderhaven.store import sql
from orderhaven.store.models import Connection, Line, Link, Message, Order, Person
from orderhaven.store.payloads import PayloadField, decode

M = TypeVar("M", bound=models.Model)
Columns = tuple[str, ...]
_ALL: Columns = ()
_JSON = msgspec.json.Decoder()
# What is read of a table, and for what: each column of a row costs as much as four calls. One that is asked for after all is
# fetched by the ORM, row by row: right, and slow.
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


def by_keys(model: type[M], column: str, keys: Collection[object], columns: Columns = _ALL) -> list[M]:
    """The rows whose `column` is one of `keys`, in the order of their own keys."""
    return [row for some in sql.in_statements(keys) for row in _rows(model, column, some, columns)]


def unsaved(model: type[M], **columns: object) -> M:
    """An unsaved instance with these columns (by their names in the table) and the defaults of the others."""
    row = model.__new__(model)
    plain, made_anew = _defaults(model)
    row.__dict__.update(plain, **columns, _state=ModelState())
    for name, make in made_anew:
        if name not in columns:
            row.__dict__[name] = make()
    return row


def returned(model: type[M], change: str, given: Sequence[object]) -> list[M]:
    """The rows that a statement ending in RETURNING has changed, as they stand now."""
    columns, names, converters = _plan(model, connections[DEFAULT_DB_ALIAS].vendor, _ALL)
    return [_instance(model, names, converters, values) for values in sql.rows(f"{change} {columns}", given)]


def moving_orders(keys: Collection[int]) -> list[Order]:
    """Orders by key with everything a move may look at: link and its two connections, lines, and messages as `outbox`."""
    rows = _with_lines(keys, _TO_MOVE)
    messages = _by_order(by_keys(Message, "order_id", keys, _TO_MOVE[Message]))
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
        know(message, "order", rows[message.order_id])


def know(row: models.Model, name: str, other: models.Model) -> None:
    """`row.name` is `other`, without asking the store."""
    row._state.fields_cache[name] = other


def _with_lines(keys: Collection[int], columns: Mapping[type[models.Model], Columns]) -> list[Order]:
    rows = by_keys(Order, "id", keys, columns[Order])
    links = _links({row.link_id for row in rows})
    lines = _by_order(by_keys(Line, "order_id", keys, columns[Line]))
    for row in rows:
        know(row, "link", links[row.link_id])
        row.kept_lines = lines.get(row.id, [])
    return rows


def _links(keys: Collection[int]) -> Mapping[int, Link]:
    links = {link.id: link for link in by_keys(Link, "id", keys)}
    sides = {key for link in links.values() for key in (link.marketplace_id, link.shop_id)}
    accounts = {one.id: one for one in by_keys(Connection, "id", sides)}
    for link in links.values():
        know(link, "marketplace", accounts[link.marketplace_id])
        know(link, "shop", accounts[link.shop_id])
    return links


def _by_order(rows: Iterable[M]) -> dict[int, list[M]]:
    found: dict[int, list[M]] = {}
    for row in rows:
        found.setdefault(row.__dict__["order_id"], []).append(row)
    return found


def _rows(model: type[M], column: str, keys: list[object], columns: Columns) -> Iterable[M]:
    texts, names, converters = _plan(model, connections[DEFAULT_DB_ALIAS].vendor, columns)
    table = model._meta.db_table
    text = f'SELECT {texts} FROM "{table}" WHERE "{column}" IN ({sql.marks(keys)}) ORDER BY "id"'
    return [_instance(model, names, converters, values) for values in sql.rows(text, keys)]


class _Loaded(ModelState):
    """The state of every row that is loaded here."""

    adding = False
    db = DEFAULT_DB_ALIAS


Converter = Callable[[Any], Any]


def _instance(model: type[M], names: Columns, converters: list[tuple[str, Converter]], values: Iterable[Any]) -> M:
    row = model.__new__(model)
    columns = row.__dict__ = dict(zip(names, values, strict=True))
    for name, convert in converters:
        value = columns[name]
        if value is not None:
            columns[name] = convert(value)
    columns["_state"] = _Loaded()
    return row


@cache
def _plan(model: type[models.Model], vendor: str, columns: Columns) -> tuple[str, Columns, list[tuple[str, Converter]]]:
    """The columns as a statement names them, their names, and what turns the database's values into ours."""
    fields: list[Any] = [field for field in model._meta.concrete_fields if not columns or field.attname in columns]
    converters = [
        (field.attname, convert)
        for field in fields
        if (convert := _converter(field.get_col(model._meta.db_table), vendor)) is not None
    ]
    return ", ".join(f'"{field.column}"' for field in fields), tuple(field.attname for field in fields), converters


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Defaults that instances may share, and what makes the others."""
    fields: list[Any] = list(model._meta.concrete_fields)
    anew = [field for field in fields if field.has_default() and callable(field.default)]
    plain = {field.attname: field.get_default() for field in fields if field not in anew}
    return plain, [(field.attname, field.default) for field in anew]


def _converter(column: Any, vendor: str) -> Converter | None:
    """As the ORM converts; for JSON the same by a shorter way."""
    field, database = column.output_field, connections[DEFAULT_DB_ALIAS]
    if isinstance(field, models.DateTimeField | models.BooleanField) and vendor == "sqlite":
        return None  # the driver's own converters give what the ORM would
    if isinstance(field, models.JSONField):
        return decode if isinstance(field, PayloadField) else _JSON.decode
    steps = [*database.ops.get_db_converters(column), *column.get_db_converters(database)]
    if len(steps) > 1:
        raise NotImplementedError(f"{field} is converted in more than one step")
    return lru_cache(maxsize=1024)(lambda value: steps[0](value, column, database)) if steps else None  # amounts repeat
