"""Django's SQLite backend, with two shorter ways: a statement's placeholders are translated once, and times are read as UTC."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
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
    def create_cursor(self, name: str | None = None) -> Cursor:
        return self.connection.cursor(factory=Cursor)  # type: ignore[no-any-return]


@lru_cache(maxsize=1024)
def _translated(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


@lru_cache(maxsize=4096)  # what was written at once has one time
def _utc(text: bytes) -> datetime:
    """SQLite's times are UTC without saying so; read as such in one step, they are not taken apart twice for every row."""
    return datetime.fromisoformat((text + b"+00:00").decode())


sqlite3.register_converter("datetime", _utc)  # in place of Django's own
