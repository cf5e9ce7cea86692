"""Runs a statement, or writes many rows at once, the same on SQLite and PostgreSQL; and the way there from asynchronous code."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import cache, lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, ParamSpec, TypeVar, cast

import msgspec
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, close_old_connections, connections, models

from orderhaven.store.upkeep.doctor import database_trouble

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Given = Sequence[Any]  # a statement's parameters
_LARGEST_STATEMENT = 900  # parameters; SQLite's oldest limit is 999


def vendor() -> str:
    """ "sqlite" or "postgresql": from the settings, which do not look for this thread's connection first."""
    return "sqlite" if "sqlite" in connections.settings[DEFAULT_DB_ALIAS]["ENGINE"] else "postgresql"


def rows(text: str, given: Given = ()) -> list[tuple[Any, ...]]:
    """What a statement gives. Times that were computed come out by `time_of`."""
    return rows_of_all([(text, given)])


def rows_among(text: str, keys: Iterable[object], given: Given = ()) -> list[tuple[Any, ...]]:
    """What a statement with an `IN ({keys})` gives, however many those are; its other parameters come first."""
    return rows_of_all((_with_keys(text, len(some)), [*given, *some]) for some in in_statements(keys))


def rows_of_all(statements: Iterable[tuple[str, Given]]) -> list[tuple[Any, ...]]:
    """What several statements give together."""
    found: list[tuple[Any, ...]] = []
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for text, given in statements:
            cursor.execute(text, given)
            found += cursor.fetchall()
    return found


def change(text: str, given: Given = ()) -> int:
    """Run an UPDATE or DELETE; how many rows it touched."""
    return change_all([(text, given)])


def change_all(statements: Iterable[tuple[str, Given]]) -> int:
    """Run several statements; how many rows they touched together."""
    touched = 0
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        for text, given in statements:
            cursor.execute(text, given)
            touched += cursor.rowcount
    return touched


def change_each(text: str, given: Sequence[Given]) -> int:
    """Run one statement for each of these parameters; how many rows that touched together."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.executemany(text, given)
        return int(cursor.rowcount)


@contextmanager
def relaxed_durability() -> Iterator[None]:
    """Writes that do not wait for the disk: a power cut may take them back, and then what is due is only pulled or pushed again.

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


@lru_cache(maxsize=1024)
def _with_keys(text: str, number: int) -> str:
    return text.format(keys=marks(range(number)))


_ROWS_AT_ONCE = 10  # even of the widest table that is fewer parameters than SQLite's oldest limit
# what the database's driver takes as Python has it; nothing here is given an expression
_AS_IT_IS = (
    models.CharField, models.TextField, models.BooleanField, models.IntegerField, models.DateTimeField, models.ForeignKey,
)  # fmt: skip
_INSERT = 'INSERT INTO "{table}" ({columns}) VALUES {rows}{ignoring}{returning}'
_UPDATE = 'UPDATE "{table}" SET {columns} WHERE {where}'


def insert(
    new_row: Sequence[models.Model], *, ignore_repeats: bool = False, returning: tuple[str, ...] = ()
) -> list[tuple[Any, ...]]:
    """Insert unsaved model instances. With `returning`, the named columns of the rows that were really inserted."""
    if not new_row:
        return []
    columns = _all_but_key(model := type(new_row[0]))
    return _insert(model, columns, map(itemgetter(*columns), map(vars, new_row)), ignore_repeats, returning)


def insert_values(model: type[models.Model], columns: tuple[str, ...], values: Iterable[Sequence[object]]) -> None:
    """Insert rows that are no instances; a column that is not named stays null."""
    _insert(model, columns, values)


def update(changed: Sequence[models.Model], columns: Iterable[str], where: str = "id = %s") -> int:
    """Write these columns of instances by primary key, of rows where ...; how many there were."""
    if not changed:
        return 0
    model, columns = type(changed[0]), tuple(sorted(columns))
    values = map(itemgetter(*columns, "id"), map(vars, changed))
    return change_each(_update_text(model, columns, where), _prepared(model, (*columns, "id"), values))


def set_columns(model: type[models.Model], columns: Mapping[str, object], where: str, given: Sequence[object]) -> int:
    """Write these columns of the rows where ...; how many there were."""
    (values,) = _prepared(model, tuple(columns), [tuple(columns.values())])
    return change(_update_text(model, tuple(columns), where), [*values, *given])


def _insert(
    model: type[models.Model],
    columns: tuple[str, ...],
    values: Iterable[Sequence[object]],
    ignore_repeats: bool = False,
    returning: tuple[str, ...] = (),
) -> list[tuple[Any, ...]]:
    """Several rows by one statement: SQLite looks up where the keys of a table stand once for each, at the cost of a row."""
    prepared = _prepared(model, columns, values)
    parts = (prepared[start : start + _ROWS_AT_ONCE] for start in range(0, len(prepared), _ROWS_AT_ONCE))
    statements = (
        (_insert_text(model, columns, len(part), ignore_repeats, returning), list(chain.from_iterable(part)))
        for part in parts
    )
    if returning:
        return rows_of_all(statements)
    change_all(statements)
    return []


@cache
def _insert_text(
    model: type[models.Model], columns: tuple[str, ...], count: int, ignore_repeats: bool, returning: tuple[str, ...]
) -> str:
    return _INSERT.format(
        table=model._meta.db_table,
        columns=", ".join(f'"{field.column}"' for field in _fields(model, columns)),
        rows=", ".join([f"({marks(columns)})"] * count),
        ignoring=" ON CONFLICT DO NOTHING" if ignore_repeats else "",
        returning=f" RETURNING {', '.join(returning)}" if returning else "",
    )


@cache
def _update_text(model: type[models.Model], columns: tuple[str, ...], where: str) -> str:
    assigned = ", ".join(f'"{field.column}" = %s' for field in _fields(model, columns))
    return _UPDATE.format(table=model._meta.db_table, columns=assigned, where=where)


@cache
def _all_but_key(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if not field.primary_key)


def _fields(model: type[models.Model], columns: tuple[str, ...]) -> list[Any]:
    return [model._meta.get_field(name) for name in columns]


# ---------------------------------------------------------------- values, as the database takes them


def _prepared(
    model: type[models.Model], columns: tuple[str, ...], values: Iterable[Sequence[object]]
) -> list[list[Any]]:
    """Rows of one value for each column."""
    steps = _steps(model, columns, vendor())
    prepared: list[list[Any]] = list(map(list, values))
    for row in prepared:
        for place, step in steps:
            if (value := row[place]) is not None:
                row[place] = step(value)
    return prepared


@cache
def _steps(model: type[models.Model], columns: tuple[str, ...], vendor: str) -> list[tuple[int, Callable[[Any], Any]]]:
    """By the column's place, how the ORM prepares its value, for SQLite's amounts and for JSON by a shorter way."""
    fields = enumerate(_fields(model, columns))
    return [(place, _step(field, vendor)) for place, field in fields if not isinstance(field, _AS_IT_IS)]


def _step(field: Any, vendor: str) -> Callable[[Any], Any]:
    if vendor == "sqlite" and isinstance(field, models.JSONField):
        return lambda value: msgspec.json.encode(value).decode()
    if vendor == "sqlite" and isinstance(field, models.DecimalField):
        step, context = Decimal(1).scaleb(-field.decimal_places), Context(prec=field.max_digits)
        return lru_cache(maxsize=1024)(lambda value: f"{Decimal(value).quantize(step, context=context):f}")
    return lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


# ---------------------------------------------------------------- from asynchronous code


class StoreFailure(Exception):
    """The database cannot be used just now, and the sentence says what to do. Nothing was half-written."""


class StoreExecutor:
    """Runs store functions: with SQLite here and now, with PostgreSQL in `threads` that wait for its answers.

    Make it inside the running loop: all tasks that begin afterwards share its connection.
    """

    def __init__(self, threads: int = 1) -> None:
        self._pool = None
        if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Django cannot know that this is meant
        else:
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")

    async def __call__(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._pool is not None:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _in_thread, work, args, kwargs)
        await asyncio.sleep(0)  # between two steps into the store, answers that came are taken in
        return told_apart(work, args, kwargs)

    def close(self) -> None:
        if self._pool is None:
            connections.close_all()
        else:
            self._pool.submit(connections.close_all).result()
            self._pool.shutdown()


def _in_thread(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    close_old_connections()
    return told_apart(work, args, kwargs)


def told_apart(work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    """A full disk is nobody's bug: told apart from those by its own exception."""
    try:
        return work(*args, **kwargs)
    except DatabaseError as error:
        sentence = database_trouble(error)
        if not sentence:
            raise
        raise StoreFailure(sentence) from error
