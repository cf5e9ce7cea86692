"""Looking after the hub itself: a backup, other keys."""

from dataclasses import dataclass
from pathlib import Path

from orderhaven import paths
from orderhaven.actions.errors import ActionRefused
from orderhaven.store.connections import connections
from orderhaven.store.upkeep import backup as copies


@dataclass(frozen=True, slots=True)
class Backup:
    file: Path
    size: int  # bytes
    keys: str  # where the keys are that this copy needs and does not contain


def backup(target: Path) -> Backup:
    """Copy the database while the hub runs, into a new file. Raises ActionRefused, OSError."""
    try:
        size = copies.copy_database(target)
    except copies.NoBackup as error:
        raise ActionRefused(str(error)) from None
    return Backup(target, size, paths.keys_place())


def rotate_keys() -> int:
    """Encrypt every secret with a new key. How many connections. Raises ActionRefused, KeysLost, OSError."""
    return connections.rotate_keys()
