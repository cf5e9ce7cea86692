"""Looking after the hub itself: a backup, other keys."""

from dataclasses import dataclass
from pathlib import Path

from orderhaven import paths
from orderhaven.actions.errors import Impossible
from orderhaven.store import backup as copies
from orderhaven.store import connections


@dataclass(frozen=True, slots=True)
class Backup:
    file: Path
    size: int  # bytes
    keys: str  # where the keys are that this copy needs and does not contain


def backup(target: Path) -> Backup:
    """Copy the database while the hub runs, into a new file. Raises Impossible, OSError."""
    try:
        size = copies.copy_database(target)
    except copies.NoBackup as error:
        raise Impossible(str(error)) from None
    return Backup(target, size, paths.keys_place())


def rotate_keys() -> int:
    """Encrypt every secret with a new key. How many connections. Raises Impossible, KeysLost, OSError."""
    return connections.rotate_keys()
