"""Django's SQLite backend, with shorter ways for what a run does by the hundred. For `loop_ratio` and `idle_ratio`."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from inspect import unwrap
from typing import Any

from django.db.backends.sqlite3 import base

from orderhaven.core.translation import NamedEnum


class Cursor(base.SQLiteCursorWrapper):
    """Python's SQLite knows '?' where Django says '%s': a long statement is translated once."""

    def convert_query(self, query: str, *, param_names: Sequence[str] | None = None) -> str:
        return _translated(query) if param_names is None else super().convert_query(query, param_names=param_names)


class DatabaseWrapper(base.DatabaseWrapper):
    # without looking each time whether an event loop runs: where one does, `store.sql.execute` means it
    cursor = unwrap(base.DatabaseWrapper.cursor)
    ensure_connection = unwrap(base.DatabaseWrapper.ensure_connection)
    commit = unwrap(base.DatabaseWrapper.commit)

    def get_new_connection(self, conn_params: Mapping[str, Any]) -> sqlite3.Connection:
        for words in (*StrEnum.__subclasses__(), *NamedEnum.__subclasses__()):
            sqlite3.register_adapter(words, str.__str__)
        made: sqlite3.Connection = super().get_new_connection(conn_params)
        return made

    def create_cursor(self, name: str | None = None) -> Cursor:
        return self.connection.cursor(factory=Cursor)  # type: ignore[no-any-return]


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


sqlite3.register_adapter(datetime, _text)
sqlite3.register_adapter(type(None), {None: None}.__getitem__)
sqlite3.register_adapter(bool, int)
sqlite3.register_converter("datetime", _utc)  # in place of Django's own
