"""Stores on disk, each fresh from one migrated template."""

import os
import shutil
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connection, connections

from orderhaven import paths
from orderhaven.store.upkeep.setup import open_store

_TEMPLATE = "template.sqlite3"


def prepare() -> None:
    """Make the template, in the data folder of this process. Power cuts are guarded against as in real life."""
    assert "ORDERHAVEN_UNSAFE_SYNC" not in os.environ
    open_store()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connections.close_all()
    shutil.copyfile(paths.sqlite_file(), _file(_TEMPLATE))


def use_fresh(name: str) -> None:
    """This thread, and others that open the store from now on, open this one, empty."""
    file = _file(f"{name}.sqlite3")
    shutil.copyfile(_file(_TEMPLATE), file)
    connections.databases[DEFAULT_DB_ALIAS] = {**connections.databases[DEFAULT_DB_ALIAS], "NAME": str(file)}
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)


def _file(name: str) -> Path:
    return paths.data_folder() / name
