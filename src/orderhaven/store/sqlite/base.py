"""Django's SQLite backend, with shorter ways for what a cycle does by the hundred."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from inspect import unwrap
from typing import Any

from django.db.backends.sqlite3 import base


class Cursor(base.SQLiteCursorWrapper):
    """Python's SQLite knows '?' where Django says '%s'."""

    def execute(self, query: str, params: Any = None) -> Any:
        if params is None or isinstance(params, Mapping):
            return super().execute(query, params)
        return sqlite3.Cursor.execute(self, _translated(query), params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        rows = param_list if isinstance(param_list, Sequence) else list(param_list)
        if rows and isinstance(rows[0], Mapping):
            return super().executemany(query, rows)
        return sqlite3.Cursor.executemany(self, _translated(query), rows)


class DatabaseWrapper(base.DatabaseWrapper):
    # without looking each time whether an event loop runs: where one does, `store.hop` means it
    cursor = unwrap(base.DatabaseWrapper.cursor)
    ensure_connection = unwrap(base.DatabaseWrapper.ensure_connection)
    commit = unwrap(base.DatabaseWrapper.commit)

    def get_new_connection(self, conn_params: Mapping[str, Any]) -> sqlite3.Connection:
        _say_how_parameters_are_bound()
        made: sqlite3.Connection = super().get_new_connection(conn_params)
        return made

    def create_cursor(self, name: str | None = None) -> Cursor:
        return self.connection.cursor(factory=Cursor)  # type: ignore[no-any-return]


def _say_how_parameters_are_bound() -> None:
    """Those that are no time sqlite3 binds by itself as well, but only after three failed searches for how, each time."""
    sqlite3.register_adapter(datetime, _text)
    sqlite3.register_adapter(type(None), {None: None}.__getitem__)
    sqlite3.register_adapter(bool, int)
    for words in StrEnum.__subclasses__():
        sqlite3.register_adapter(words, str.__str__)


@lru_cache(maxsize=1024)
def _translated(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


@lru_cache(maxsize=4096)  # what is written at once has one time
def _text(at: datetime) -> str:
    """As the ORM writes it: in UTC, without saying so."""
    if at.tzinfo is None:
        raise ValueError(f"{at} says no time zone, so nobody knows which moment it is.")
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).replace(tzinfo=None).isoformat(" ")


@lru_cache(maxsize=4096)
def _utc(text: bytes) -> datetime:
    """SQLite's times are UTC without saying so; read as such in one step, they are not taken apart twice for every row."""
    return datetime.fromisoformat((text + b"+00:00").decode())


sqlite3.register_converter("datetime", _utc)  # in place of Django's own
