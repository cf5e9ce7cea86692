"""What a run writes to: a store of its own, and a log that is kept."""

import atexit
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from django.db import connection, connections

from orderhaven.store.upkeep import setup
from tests.stores import point_store_at


@contextmanager
def captured(logs: list[dict[str, Any]]) -> Iterator[None]:
    """Every line of the log, the finest included."""
    kept = structlog.get_config()

    def keep(logger: Any, method: str, line: Any) -> Any:
        trace = {"exception": traceback.format_exc()} if sys.exc_info()[0] else {}
        logs.append({**line, **trace, "level": method})
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, keep],
        wrapper_class=structlog.BoundLogger, cache_logger_on_first_use=False,
    )  # fmt: skip
    try:
        yield
    finally:
        structlog.configure(**kept)


@contextmanager
def fresh_store() -> Iterator[None]:
    """A migrated, empty store in memory's file system where there is one."""
    kept = connections.databases["default"]
    with tempfile.TemporaryDirectory(prefix="orderhaven-run-", dir=_home()) as folder:
        file = Path(folder) / "orderhaven.sqlite3"
        shutil.copyfile(_template(), file)
        point_store_at({**kept, "NAME": str(file)})
        yield
        point_store_at(kept)


@cache
def _template() -> Path:
    """The migrated store that each run of this process copies."""
    kept = connections.databases["default"]
    folder = Path(tempfile.mkdtemp(prefix="orderhaven-template-", dir=_home()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "template.sqlite3"
    point_store_at({**kept, "NAME": str(file)})
    setup.open_store()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    point_store_at(kept)
    return file


def _home() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
