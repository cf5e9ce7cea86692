"""Secrets at rest: encrypted with the newest key, readable with every key that is still kept."""

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from orderhaven import paths
from orderhaven.core.translation import _


class KeysLost(Exception):
    """The key that encrypted a secret is not among ours: bring the key file back from the backup, or connect again."""


def load_keys() -> list[bytes]:
    """Newest first: from ORDERHAVEN_KEYS (comma-separated), else from the key file, made when there is none."""
    given = os.environ.get("ORDERHAVEN_KEYS", "")
    if given:
        return [key.strip().encode() for key in given.split(",") if key.strip()]
    file = paths.key_file()
    try:
        written = file.stat()
    except FileNotFoundError:
        paths.make_once(file, Fernet.generate_key() + b"\n")
        written = file.stat()
    return list(_read(file, written.st_ino, written.st_mtime_ns))


def add_key() -> None:
    """Put a new key in front; where the keys come from the environment, a person has done so.

    Raises OSError when that person has not: a single key there cannot be the new one and the old one.
    """
    if not os.environ.get("ORDERHAVEN_KEYS"):
        _write([Fernet.generate_key(), *load_keys()])
    elif len(load_keys()) < 2:
        raise OSError(_("The key comes from ORDERHAVEN_KEYS. Put a new one in front of it there, then run this again."))


def drop_old_keys() -> None:
    """Keep the newest key only; call it when nothing is encrypted with the others any more."""
    if not os.environ.get("ORDERHAVEN_KEYS"):
        _write(load_keys()[:1])


def encrypt(values: Mapping[str, str]) -> str:
    return _box().encrypt(json.dumps(dict(values)).encode()).decode()


def decrypt(token: str) -> dict[str, str]:
    """Raises KeysLost."""
    if not token:
        return {}
    try:
        opened: dict[str, str] = json.loads(_box().decrypt(token.encode()))
    except InvalidToken:
        raise KeysLost(
            _(
                "The secrets in the database were encrypted with a key that is not in {file}. Bring that file back from "
                "your backup, or connect the accounts again.",
                file=paths.key_file(),
            )
        ) from None
    return opened


@lru_cache(maxsize=2)
def _read(file: Path, inode: int, written_ns: int) -> tuple[bytes, ...]:
    """The keys in the file as it was written then: every writing makes a new file."""
    return tuple(file.read_bytes().split())


def _box() -> MultiFernet:
    return _box_of(tuple(load_keys()))


@lru_cache(maxsize=2)
def _box_of(keys: tuple[bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _write(keys: list[bytes]) -> None:
    """Atomically, in place of what stood there."""
    file = paths.key_file()
    paths.written_beside(file, b"\n".join(keys) + b"\n").replace(file)
