"""Rows as model instances, by plain SQL: what a cycle loads by the hundred. Measured 5 times as fast as the ORM's instances.

The statement of a table is made once, and an instance is made without the ORM's signals and checks: rows of the store were
checked when they were written. Everything else about the instances is as the ORM leaves it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState

from orderhaven.store import sql
from orderhaven.store.models import Connection, Line, Link, Message, Order, Person

M = TypeVar("M", bound=models.Model)
_NOTHING: frozenset[str] = frozenset()
# what no move, look or telling reads: what an order is about. The ORM would fetch one of these by itself, row by row
_THE_GOODS: Mapping[type[models.Model], frozenset[str]] = {
    Order: frozenset({
        "placed_at", "changed_at", "read_due_at", "shipping_cost", "discount", "total", "language", "expires_at",
        "needs_acceptance", "is_test", "buyer_reference", "meta", "shop_told", "marketplace_told",
    }),
    Line: frozenset({"ean", "unit_price", "total", "discount", "commission", "vat_rate", "services"}),
}  # fmt: skip


def by_keys(model: type[M], column: str, keys: Collection[object], without: frozenset[str] = _NOTHING) -> list[M]:
    """The rows whose `column` is one of `keys`, in the order of their own keys; `without` names columns left out."""
    return [row for some in sql.in_statements(keys) for row in _rows(model, column, some, without)]


def unsaved(model: type[M], **columns: object) -> M:
    """An unsaved instance with these columns (by their names in the table) and the defaults of the others."""
    row = model.__new__(model)
    plain, made_anew = _defaults(model)
    row.__dict__.update(plain, _state=ModelState())
    row._state.db, row._state.fields_cache = None, {}
    for name, make in made_anew:
        row.__dict__[name] = make()
    row.__dict__.update(columns)
    return row


def returned(model: type[M], change: str, given: Sequence[object]) -> list[M]:
    """The rows that a statement ending in RETURNING has changed, as they stand now."""
    _, names, converters = _plan(model, connections[DEFAULT_DB_ALIAS].vendor, _NOTHING)
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    found = sql.rows(change + columns, given)
    return [_instance(model, names, converters, values, connections[DEFAULT_DB_ALIAS]) for values in found]


def moving_orders(keys: Collection[int]) -> list[Order]:
    """Orders by key with everything a move may look at: link and its two connections, lines, and messages as `outbox`."""
    rows = _with_lines(keys, goods=False)
    messages = _by_order(by_keys(Message, "order_id", keys))
    for row in rows:
        # the messages do not know the order: a circle would stay until the next look for garbage
        row.outbox = messages.get(row.id, [])
    return rows


def bring_orders(messages: Collection[Message], *, goods: bool) -> None:
    """Give these messages their orders, each with link, lines, and where `goods` are wanted what was bought and by whom."""
    keys = {message.order_id for message in messages}
    rows = {row.id: row for row in _with_lines(keys, goods=goods)}
    people = _by_order(by_keys(Person, "order_id", keys)) if goods else {}
    for row in rows.values() if goods else ():
        row.kept_people = people.get(row.id, [])
    for message in messages:
        know(message, "order", rows[message.order_id])


def know(row: models.Model, name: str, other: models.Model) -> None:
    """`row.name` is `other`, without asking the store."""
    row._state.fields_cache[name] = other


def _with_lines(keys: Collection[int], *, goods: bool) -> list[Order]:
    left_out = {} if goods else _THE_GOODS
    rows = by_keys(Order, "id", keys, left_out.get(Order, _NOTHING))
    links = _links({row.link_id for row in rows})
    lines = _by_order(by_keys(Line, "order_id", keys, left_out.get(Line, _NOTHING)))
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


def _rows(model: type[M], column: str, keys: list[object], without: frozenset[str]) -> Iterable[M]:
    database = connections[
        DEFAULT_DB_ALIAS
    ]  # itself, because each look through Django's proxy costs as much as a column
    text, names, converters = _plan(model, database.vendor, without)
    found = sql.rows(f'{text} WHERE "{column}" IN ({sql.marks(keys)}) ORDER BY "id"', keys)
    return [_instance(model, names, converters, values, database) for values in found]


def _instance(model: type[M], names: tuple[str, ...], converters: list[Any], values: Iterable[Any], database: Any) -> M:
    row = model.__new__(model)
    columns = row.__dict__ = dict(zip(names, values, strict=True))
    for name, convert, column in converters:
        value = columns[name]
        if value is not None:
            columns[name] = convert(value, column, database)
    state = columns["_state"] = ModelState()
    state.__dict__ = {"adding": False, "db": DEFAULT_DB_ALIAS, "fields_cache": {}}
    return row


@cache
def _plan(model: type[models.Model], vendor: str, without: frozenset[str]) -> tuple[str, tuple[str, ...], list[Any]]:
    """The statement, the names of its columns, and what turns the database's values into ours."""
    fields: list[Any] = [field for field in model._meta.concrete_fields if field.attname not in without]
    table = model._meta.db_table
    converters = [
        (field.attname, convert, column)
        for field, column in ((field, field.get_col(table)) for field in fields)
        if (convert := _converter(column, vendor)) is not None
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'SELECT {columns} FROM "{table}"', tuple(field.attname for field in fields), converters


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Defaults that instances may share, and what makes the others."""
    fields: list[Any] = list(model._meta.concrete_fields)
    anew = [field for field in fields if field.has_default() and callable(field.default)]
    plain = {field.attname: field.get_default() for field in fields if field not in anew}
    return plain, [(field.attname, field.default) for field in anew]


def _converter(column: Any, vendor: str) -> Callable[[Any, Any, Any], Any] | None:
    """As the ORM converts; for JSON the same by a shorter way."""
    field, database = column.output_field, connections[DEFAULT_DB_ALIAS]
    if isinstance(field, models.DateTimeField | models.BooleanField) and vendor == "sqlite":
        return None  # the driver's own converters give what the ORM would
    if isinstance(field, models.JSONField):
        return lambda text, *_: msgspec.json.decode(text)
    steps = [*database.ops.get_db_converters(column), *column.get_db_converters(database)]
    if len(steps) > 1:
        raise NotImplementedError(f"{field} is converted in more than one step")
    return steps[0] if steps else None
