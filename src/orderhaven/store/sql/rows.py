"""Rows as model instances, by plain SQL, each with the columns that its use needs."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections, models

from orderhaven.store.models import Connection, Line, Link, Message, Order, OrderContact
from orderhaven.store.sql.execute import rows, rows_among, vendor
from orderhaven.store.sql.loaded import Loaded, New, Related
from orderhaven.store.sql.struct_field import StructField

M = TypeVar("M", bound=models.Model)
Columns = tuple[str, ...]
Converter = Callable[[Any], Any]
ALL: Columns = ()
_JSON = msgspec.json.Decoder()
# loop_ratio: 19 rows an order by 64 statements for 100 orders; idle_ratio: 1 (the link)
_LOAD = 'SELECT {columns} FROM "{table}" WHERE "{column}" IN ({{keys}}) ORDER BY "id"'


def by_keys(model: type[M], column: str, keys: Collection[object], columns: Columns = ALL) -> list[M]:
    """The rows whose `column` is one of `keys`, in the order of their own keys: all `columns` of them, or some."""
    plan = _plan(model, vendor(), columns)
    text = _LOAD.format(columns=plan.columns, table=plan.table, column=column)
    return [_instance(model, plan, values) for values in rows_among(text, keys)]


def returned(model: type[M], change: str, given: Sequence[object]) -> list[M]:
    """The rows that a statement has changed, as they stand now."""
    plan = _plan(model, vendor(), ALL)
    return [_instance(model, plan, values) for values in rows(f"{change} RETURNING {plan.columns}", given)]


def new_row(model: type[M], **columns: object) -> M:
    """An unsaved instance with these columns (by their names in the table) and the defaults of the others."""
    row = model.__new__(model)
    plain, made_anew = _defaults(model)
    row.__dict__ = {**plain, **columns, "_state": New()}
    for name, make in made_anew:
        if name not in columns:
            setattr(row, name, make())
    return row


def know(row: models.Model, **others: models.Model | None) -> None:
    """`row.name` is that one for each of these names, or none, without asking the store."""
    row._state.fields_cache = Related(others)


class _Plan(NamedTuple):
    table: str
    columns: str  # as a statement names them
    names: Columns
    converters: list[tuple[str, Converter]]  # what turns the database's values into ours


def _instance(model: type[M], plan: _Plan, values: Iterable[Any]) -> M:
    row = model.__new__(model)
    columns = row.__dict__ = dict(zip(plan.names, values, strict=True))
    for name, convert in plan.converters:
        if (value := columns[name]) is not None:
            columns[name] = convert(value)
    columns["_state"] = Loaded()
    return row


@cache
def _plan(model: type[models.Model], vendor: str, columns: Columns) -> _Plan:
    table = model._meta.db_table
    fields: list[Any] = [field for field in model._meta.concrete_fields if not columns or field.attname in columns]
    converters = [(field.attname, _converter(field.get_col(table), vendor)) for field in fields]
    return _Plan(
        table,
        ", ".join(f'"{field.column}"' for field in fields),
        tuple(field.attname for field in fields),
        [(name, convert) for name, convert in converters if convert is not None],
    )


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
        return field.struct_decoder.decode if isinstance(field, StructField) else _JSON.decode
    steps = [*database.ops.get_db_converters(column), *column.get_db_converters(database)]
    if len(steps) > 1:
        raise NotImplementedError(f"{field} is converted in more than one step")
    return lru_cache(maxsize=1024)(lambda value: steps[0](value, column, database)) if steps else None  # amounts repeat


# What is read of a table, and for what: each column of a row costs as much as four calls. Any other one raises NotLoaded.
_STATE_OF_A_LINE = ("id", "order_id", "ref", "ordered", "shipped", "cancelled", "by_marketplace")
_FOR_CHANGE: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "connection_id", "link_id",
        "ref", "status", "hold", "received_at", "read_at", "currency", "prices_include_vat", "ship_by",
        "ship_by_is_estimated", "deliver_by", "waits_for", "by_marketplace", "shop_ref", "shop_number", "shop_state",
        "shop_status", "completed_at", "wait_until", "tracking_number", "tracking_unreadable", "carrier_name", "tracking_url",
        "label_number", "shop_sync",
        "marketplace_sync",
        "confirmed_at", "handled_externally", "closed_at",
    ),
    Line: (*_STATE_OF_A_LINE, "cancellation_requested", "in_shop", "product_ref", "title", "sku"),
    Message: (
        "id", "order_id", "connection_id", "side", "kind", "generation", "state", "attempt", "rounds", "deaths", "not_found_count",
        "failing_since", "not_after", "payload", "remote_ref", "rejection_cause",
    ),
}  # fmt: skip
_WHOLE: Mapping[type[models.Model], Columns] = {Order: ALL, Line: ALL, Message: ALL}
_FOR_SENDING: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "connection_id", "link_id",
        "ref", "country", "marketplace_label", "shop_ref", "completed_at", "tracking_number", "carrier_name",
        "tracking_url", "label_number", "chosen_carrier",
    ),
    Line: (*_STATE_OF_A_LINE, "cancellation_requested", "position", "remote_ids"),
    Message: (
        "id", "order_id", "connection_id", "side", "kind", "part", "generation", "rank", "state", "attempt", "rounds", "deaths",
        "not_after", "payload", "handle", "reference", "prepared",
    ),
}  # fmt: skip
_FOR_CREATION: Mapping[type[models.Model], Columns] = {
    Order: (
        "id", "connection_id", "link_id", "channel",
        "ref", "reference", "placed_at", "changed_at", "currency", "prices_include_vat", "shipping_cost",
        "discount", "language", "country", "ship_by", "ship_by_is_estimated", "deliver_by", "expires_at", "waits_for",
        "marketplace_label", "by_marketplace", "is_test", "meta", "shop_ref",
    ),
    Line: (
        *_FOR_SENDING[Line], "title", "sku", "ean", "unit_price", "total", "discount", "commission",
        "vat_rate", "services",
    ),
}  # fmt: skip


def orders_with_messages(keys: Collection[int], *, whole: bool = False) -> list[Order]:
    """Orders by key with everything a move may look at: link and its two connections, lines, and messages as `outbox`.

    `whole`: all of their columns.
    """
    columns = _WHOLE if whole else _FOR_CHANGE
    rows = _with_lines(keys, columns)
    messages = _by_order(by_keys(Message, "order_id", keys, columns[Message]))
    for row in rows:
        # the messages do not know the order: a circle would stay until the next look for garbage
        row.outbox = messages.get(row.id, [])
    return rows


def messages_to_send(keys: Collection[int]) -> list[Message]:
    """Messages by key with what is needed to send them, to verify them and to ask for their outcome; in the order of the keys."""
    rows = {row.id: row for row in by_keys(Message, "id", keys, _FOR_SENDING[Message])}
    return [rows[key] for key in keys]


def attach_orders(messages: Collection[Message], *, goods: bool) -> None:
    """Give these messages their orders, each with link, lines, and where `goods` are wanted what was bought and by whom."""
    keys = _ids(messages, "order_id")
    rows = {row.id: row for row in _with_lines(set(keys), _FOR_CREATION if goods else _FOR_SENDING)}
    people = _by_order(by_keys(OrderContact, "order_id", keys)) if goods else {}
    for row in rows.values() if goods else ():
        row.prefetched_contacts = people.get(row.id, [])
    for message, key in zip(messages, keys, strict=True):
        know(message, order=rows[key])


def _with_lines(keys: Collection[int], columns: Mapping[type[models.Model], Columns]) -> list[Order]:
    rows = by_keys(Order, "id", keys, columns[Order])
    of_connection, of_link = _ids(rows, "connection_id"), _ids(rows, "link_id")
    accounts, links = _sides(set(of_connection), set(of_link))
    lines = _by_order(by_keys(Line, "order_id", keys, columns[Line]))
    for row, connection_id, link_id in zip(rows, of_connection, of_link, strict=True):
        know(row, connection=accounts[connection_id], link=links.get(link_id))
        row.prefetched_lines = lines.get(row.id, [])
    return rows


def _ids(rows: Iterable[models.Model], column: str) -> list[Any]:
    """Of the rows beside these; an attribute of a foreign key is looked up at several times the cost."""
    return [vars(row)[column] for row in rows]


def _sides(
    connection_ids: Collection[int], link_ids: Collection[int | None]
) -> tuple[Mapping[int, Connection], Mapping[int | None, Link]]:
    """Connections and links, each of those with both sides."""
    links: dict[int | None, Link] = {link.id: link for link in by_keys(Link, "id", set(link_ids) - {None})}
    keys = {*connection_ids, *(link.shop_id for link in links.values())}
    accounts = {one.id: one for one in by_keys(Connection, "id", keys)}
    for link in links.values():
        know(link, marketplace=accounts[link.marketplace_id], shop=accounts[link.shop_id])
    return accounts, links


# loop_ratio: 2 for 100 orders; idle_ratio: 1
_LINKS_BY_CHANNEL = """
SELECT {columns}, channel FROM store_link JOIN (
    SELECT link_id AS of_link, channel FROM store_linkchannel WHERE connection_id = %s AND does_orders
) c ON c.of_link = store_link.id
"""


def links_by_channel(connection_id: int) -> dict[str | None, Link]:
    """The links of a marketplace that do orders, by channel; by None the one for all channels."""
    plan = _plan(Link, vendor(), ALL)
    found = rows(_LINKS_BY_CHANNEL.format(columns=plan.columns), [connection_id])
    return {channel: _instance(Link, plan, values) for *values, channel in found}


def _by_order(rows: Iterable[M]) -> dict[int, list[M]]:
    found: dict[int, list[M]] = {}
    for row in rows:
        found.setdefault(vars(row)["order_id"], []).append(row)
    return found
