"""That nobody but the hub's own user reads its data: the folder, the database and what was erased from it."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError, connection

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WAITS_MS = 500  # for readers who are in the way; whatever stays is taken by the next checkpoint


def make_private(folder: Path) -> bool:
    """Close the folder and its databases to everybody else, and so whatever is made from now on. Whether that is so.

    A folder of somebody else, and one that is there for all (as /tmp is), is left as it is; in one that was given to our
    group the files are closed.
    """
    if not folder.exists():
        return True
    found = folder.stat()
    is_ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    shut = stat.S_IRWXO if is_given_to_our_group(folder) else _OTHERS
    if is_ours or shut == stat.S_IRWXO:
        os.umask(shut)
        for path in [*folder.glob("*.sqlite3*"), *([folder] if is_ours else [])]:
            _close(path, shut)
    return is_private(folder)


def is_private(folder: Path) -> bool:
    """Whether nobody reads the data but this user or, where the folder was given to our group, that group.

    Who mounts a volume for a group leaves its folder open to be looked through, and it is not ours to close: what counts
    then is that others can put nothing there and open no file.
    """
    if not folder.exists() or not folder.stat().st_mode & _OTHERS:
        return True
    if not is_given_to_our_group(folder) or folder.stat().st_mode & stat.S_IWOTH:
        return False
    return not any(one.stat().st_mode & stat.S_IRWXO for one in folder.glob("*.sqlite3*"))


def is_given_to_our_group(folder: Path) -> bool:
    """What is made there belongs to the folder's group (setgid), as in a volume that Kubernetes mounts with an fsGroup."""
    found = folder.stat()
    return bool(found.st_mode & stat.S_ISGID) and found.st_gid in {os.getegid(), *os.getgroups()}


def _close(path: Path, shut: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & shut:
        with suppress(OSError):
            path.chmod(mode & ~shut)


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
