"""A consistent copy of the database while the hub runs."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

from orderhaven import paths
from orderhaven.core.translation import _


class NoBackup(Exception):
    """Why no copy was made, and what to do; the target is as it was."""


def copy_database(target: Path) -> int:
    """Copy the database to a new file, checked, and readable by its owner alone. Returns its size in bytes.

    Raises NoBackup and OSError.
    """
    if paths.database_url():
        raise NoBackup(
            _("The orders stand in PostgreSQL, which has its own tool. Run: {command}", command=_pg_dump(target))
        )
    if target.exists():
        raise NoBackup(_("{file} exists already, and a backup never overwrites one. Name another file.", file=target))
    if not target.parent.is_dir():
        raise NoBackup(_("There is no folder {folder}. Make it first, or name another one.", folder=target.parent))
    unfinished = unfinished_copy(target)
    taken = NoBackup(
        _("{file} or {other} exists already. Remove it, or name another file.", file=target, other=unfinished)
    )
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:  # somebody else's, who may be at work on it
        raise taken from None
    try:
        _copy(paths.sqlite_file(), unfinished)
        os.link(unfinished, target)  # unlike a rename, this fails when the name was taken meanwhile
    except FileExistsError:
        raise taken from None
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def unfinished_copy(target: Path) -> Path:
    """What stands there while a copy is made, and after a death in the middle of it."""
    return target.with_name(f"{target.name}.unfinished")


def _copy(source: Path, target: Path) -> None:
    origin = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=20)
    copy = sqlite3.connect(target)
    try:
        origin.backup(copy, pages=2000)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        outcome = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise NoBackup(
            _("The copy failed ({error}). Is there room on the disk of {folder}?", error=error, folder=target.parent)
        ) from None
    finally:
        copy.close()
        origin.close()
    if outcome != "ok":
        raise NoBackup(
            _("The copy is damaged ({verdict}), so it was thrown away. Run 'orderhaven doctor'.", verdict=outcome)
        )


def _pg_dump(target: Path) -> str:
    """Without the password: pg_dump asks for it, or takes it from ~/.pgpass."""
    parts = urlsplit(paths.database_url())
    port = f":{parts.port}" if parts.port else ""
    user = f"{parts.username}@" if parts.username else ""
    query = f"?{parts.query}" if parts.query else ""
    address = f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}{query}"
    return f"pg_dump --format=custom --file='{target}' '{address}'"
