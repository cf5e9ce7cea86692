import sqlite3
from datetime import datetime
from importlib import import_module

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "orderhaven.store"
    label = "store"

    def ready(self) -> None:
        import_module("django.db.backends.sqlite3.base")  # registers Django's own, before ours

        sqlite3.register_converter("datetime", _utc)


def _utc(text: bytes) -> datetime:
    """SQLite's times are UTC without saying so; read as such in one step, they are not taken apart twice for every row."""
    return datetime.fromisoformat((text + b"+00:00").decode())
