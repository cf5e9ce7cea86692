"""One hub on a data folder: a lock of the operating system, which goes with the process, however that ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderhaven.core.translation import _

_TRIES = 10
_PAUSE_S = 0.05  # somebody may only be looking whether a hub runs


class AlreadyRunning(Exception):
    """Another hub runs on this data folder."""


@contextmanager
def only_hub_on(lock_file: Path) -> Iterator[None]:
    """Hold the lock of a data folder. Raises AlreadyRunning, naming the process that has it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with lock_file.open("a+") as held:
        if not any(_is_locked(held.fileno(), fcntl.LOCK_EX, attempt) for attempt in range(_TRIES)):
            held.seek(0)
            raise AlreadyRunning(
                _(
                    "Another Orderhaven (process {process}) runs on {folder}. Stop it first, or give this one another "
                    "folder with ORDERHAVEN_DATA.",
                    process=held.read().strip() or "?",
                    folder=lock_file.parent,
                )
            )
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def hub_is_running(lock_file: Path) -> bool:
    """Whether a hub holds the lock of this data folder now."""
    if not lock_file.exists():
        return False
    with lock_file.open() as looked_at:
        return not _is_locked(looked_at.fileno(), fcntl.LOCK_SH)


def _is_locked(file: int, how: int, attempt: int = 0) -> bool:
    if attempt:
        time.sleep(_PAUSE_S)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
