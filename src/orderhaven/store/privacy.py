"""That nobody but the hub's own user reads its data: the folder, the database and what was erased from it."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError, connection

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WAITS_MS = 500  # for readers who are in the way; whatever stays is taken by the next checkpoint


def make_private(folder: Path) -> bool:
    """Close the folder and its databases to everybody else. Whether that is so now.

    A folder of somebody else, and one that is there for all (as /tmp is), is left as it is.
    """
    if not folder.exists():
        return True
    found = folder.stat()
    if not found.st_mode & _OTHERS:
        return True
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:
        return False
    with suppress(OSError):
        folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
        for file in folder.glob("*.sqlite3*"):
            file.chmod(0o600)
    return is_private(folder)


def is_private(folder: Path) -> bool:
    return not folder.exists() or not folder.stat().st_mode & _OTHERS


def take_in_the_journal() -> None:
    """Everything stands in the one file afterwards, and what was erased stands in none, as far as nobody reads meanwhile."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={_WAITS_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            cursor.execute("PRAGMA busy_timeout=20000")


def overwrite_what_is_erased(*, on: bool) -> None:
    """SQLite leaves the bytes of deleted rows in the file until something else comes there."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA secure_delete={'ON' if on else 'OFF'}")
