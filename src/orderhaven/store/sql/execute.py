"""Runs a statement, the same on SQLite and PostgreSQL."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

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


@lru_cache(maxsize=1024)
def _with_keys(text: str, number: int) -> str:
    return text.format(keys=marks(range(number)))
