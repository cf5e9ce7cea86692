"""Where Orderhaven keeps things: the data folder and the key file, both outside the source tree unless told otherwise."""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """ORDERHAVEN_DATA, or the user's data folder."""
    return Path(os.environ.get("ORDERHAVEN_DATA") or platformdirs.user_data_path("orderhaven"))


def database_url() -> str:
    """ORDERHAVEN_DATABASE_URL (postgresql://...), or "" for SQLite in the data folder."""
    return os.environ.get("ORDERHAVEN_DATABASE_URL", "")


def sqlite_file() -> Path:
    return data_folder() / "orderhaven.sqlite3"


def key_file() -> Path:
    """ORDERHAVEN_KEY_FILE, or a file in the user's configuration folder: never beside the data it opens."""
    return Path(os.environ.get("ORDERHAVEN_KEY_FILE") or platformdirs.user_config_path("orderhaven") / "keys")


def lock_file() -> Path:
    return data_folder() / "hub.lock"


def keys_place() -> str:
    """Where the keys that open the secrets are, for sentences."""
    return "ORDERHAVEN_KEYS" if os.environ.get("ORDERHAVEN_KEYS") else str(key_file())


def log_file() -> Path:
    """Where an unexpected error leaves its trace."""
    return data_folder() / "errors.log"
