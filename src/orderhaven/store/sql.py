"""Plain SQL, the same on SQLite and PostgreSQL, where the ORM costs more than the work: batched writes (3 to 4 times as fast
as its bulk methods), and the few questions that every cycle asks (the ORM takes up to a millisecond to phrase each)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import cache, lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar, cast

import msgspec
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, models

T = TypeVar("T")
_LARGEST_STATEMENT = 900  # parameters; SQLite's oldest limit is 999
_ROWS_AT_ONCE = 10  # even of the widest table that is fewer parameters
# what the database's driver takes as Python has it; nothing here is given an expression
_AS_IT_IS = (
    models.CharField, models.TextField, models.BooleanField, models.IntegerField, models.DateTimeField, models.ForeignKey,
)  # fmt: skip


def rows(text: str, given: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What a statement gives. Times that were computed come out by `time_of`."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(text, given)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def change(text: str, given: Sequence[Any] = ()) -> int:
    """Run an UPDATE or DELETE; how many rows it touched."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(text, given)
        return int(cursor.rowcount)


@contextmanager
def unhurried() -> Iterator[None]:
    """Writes that do not wait for the disk: a power cut may take them back, and then what is due is only heard or told again.

    A later write that waits takes them along, so nothing that lasts ever stands on one of these. Inside a transaction, and
    on PostgreSQL, they wait like all others.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite" or database.in_atomic_block or settings.SQLITE_SYNCHRONOUS != "FULL":
        yield
        return
    database.ensure_connection()
    file = database.connection
    file.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        file.execute("PRAGMA synchronous=FULL")


def time_of(found: Any) -> datetime | None:
    """SQLite gives a time that was computed as text, without its zone."""
    if isinstance(found, str):
        return datetime.fromisoformat(found).replace(tzinfo=UTC)
    return cast("datetime | None", found)


def in_statements(keys: Iterable[T]) -> Iterator[list[T]]:
    """Keys in as many groups as statements are needed to name them all."""
    left = iter(keys)
    while some := list(islice(left, _LARGEST_STATEMENT)):
        yield some


def marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def insert(
    rows: Sequence[models.Model], *, ignore_repeats: bool = False, returning: tuple[str, ...] = ()
) -> list[tuple[Any, ...]]:
    """Insert unsaved model instances. With `returning`, the named columns of the rows that were really inserted."""
    found: list[tuple[Any, ...]] = []
    if not rows:
        return found
    model = type(rows[0])
    fields = _writable(model)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        if not returning:
            _insert(cursor, lambda count: _insert_text(model, count, ignore_repeats, returning), _values(rows, fields))
            return found
        step = max(_LARGEST_STATEMENT // len(fields), 1)
        for start in range(0, len(rows), step):
            part = _values(rows[start : start + step], fields)
            cursor.execute(_insert_text(model, len(part), ignore_repeats, returning), list(chain.from_iterable(part)))
            found.extend(cursor.fetchall())
    return found


def insert_values(model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows that are no instances; a column that is not named stays null."""
    if not rows:
        return
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    names = ", ".join(f'"{field.column}"' for field in fields)
    text = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES '
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        _insert(cursor, lambda count: text + _row_marks(len(columns), count), _prepared(fields, map(list, rows)))


def update(rows: Iterable[models.Model], columns: Iterable[str], where: str = "TRUE") -> int:
    """Write these columns of instances by primary key, of rows where ...; how many there were."""
    rows = list(rows)
    if not rows:
        return 0
    model = type(rows[0])
    fields: list[Any] = [model._meta.get_field(name) for name in sorted(columns)]
    text = (
        f'UPDATE "{model._meta.db_table}" SET '
        + ", ".join(f'"{field.column}" = %s' for field in fields)
        + f' WHERE "id" = %s AND {where}'
    )  # names come from the models, values are parameters
    with connection.cursor() as cursor:
        cursor.executemany(text, _values(rows, [*fields, model._meta.pk]))
        return int(cursor.rowcount)


def set_columns(model: type[models.Model], columns: Mapping[str, object], where: str, given: Sequence[object]) -> int:
    """Write these columns of the rows where ...; how many there were."""
    database = connections[DEFAULT_DB_ALIAS]
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    texts = ", ".join(f'"{field.column}" = %s' for field in fields)
    values = [field.get_db_prep_save(value, database) for field, value in zip(fields, columns.values(), strict=True)]
    return change(f'UPDATE "{model._meta.db_table}" SET {texts} WHERE {where}', [*values, *given])


def _insert(cursor: Any, text: Callable[[int], str], rows: Sequence[list[Any]]) -> None:
    """Several rows by one statement, always as many, so that the driver keeps it; what is left over one by one.

    SQLite looks up where the keys of a table stand once for each statement, and that costs as much as the row itself.
    """
    together = len(rows) - len(rows) % _ROWS_AT_ONCE
    for start in range(0, together, _ROWS_AT_ONCE):
        cursor.execute(text(_ROWS_AT_ONCE), list(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE])))
    if together < len(rows):
        cursor.executemany(text(1), rows[together:])


def _values(rows: Sequence[models.Model], fields: Sequence[Any]) -> list[list[Any]]:
    """Of each row the values of these fields: two of them or more, or `itemgetter` gives no tuple."""
    taken = itemgetter(*(field.attname for field in fields))
    return _prepared(fields, (list(taken(row.__dict__)) for row in rows))


def _prepared(fields: Sequence[Any], rows: Iterable[list[Any]]) -> list[list[Any]]:
    """Rows of one value per field, as the database takes them."""
    vendor = connections[DEFAULT_DB_ALIAS].vendor
    steps = [(place, step) for place, field in enumerate(fields) if (step := _preparer(field, vendor)) is not None]
    prepared = []
    for row in rows:
        for place, step in steps:
            if (value := row[place]) is not None:
                row[place] = step(value)
        prepared.append(row)
    return prepared


@cache
def _preparer(field: Any, vendor: str) -> Callable[[Any], Any] | None:
    """As the ORM prepares a value, for SQLite's amounts and for JSON by a shorter way; None: it goes as it is."""
    if isinstance(field, _AS_IT_IS):
        return None
    if vendor == "sqlite" and isinstance(field, models.JSONField):
        return lambda value: msgspec.json.encode(value).decode()
    if vendor == "sqlite" and isinstance(field, models.DecimalField):
        step, context = Decimal(1).scaleb(-field.decimal_places), Context(prec=field.max_digits)
        return lru_cache(maxsize=1024)(lambda value: f"{Decimal(value).quantize(step, context=context):f}")
    return lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


@cache
def _writable(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@cache
def _row_marks(columns: int, rows: int) -> str:
    return ", ".join([f"({', '.join(['%s'] * columns)})"] * rows)


@cache
def _insert_text(model: type[models.Model], count: int, ignore_repeats: bool, returning: tuple[str, ...]) -> str:
    fields = _writable(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    text = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {_row_marks(len(fields), count)}'
    if ignore_repeats:
        text += " ON CONFLICT DO NOTHING"
    if returning:
        text += " RETURNING " + ", ".join(f'"{name}"' for name in returning)
    return text
