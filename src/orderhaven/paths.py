"""Where Orderhaven keeps things: the data folder and the key file, both outside the source tree unless told otherwise."""

import os
import secrets
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


def unfinished_file() -> Path:
    """It is there while the database is made for the first time."""
    return data_folder() / "unfinished"


def migration_lock_file() -> Path:
    return data_folder() / "migration.lock"


def web_secret() -> str:
    """What signs sessions: ORDERHAVEN_SECRET_KEY, or a file beside the keys, made on first use."""
    given = os.environ.get("ORDERHAVEN_SECRET_KEY", "")
    file = key_file().with_name("web-secret")
    if not given and not file.exists():
        make_once(file, secrets.token_urlsafe(50).encode())
    return given or file.read_text()


def listen() -> str:
    """ORDERHAVEN_LISTEN: where the web server listens on this machine, as ADDRESS:PORT."""
    return os.environ.get("ORDERHAVEN_LISTEN") or "127.0.0.1:8080"


def web_address() -> str:
    """Where people find the web interface: ORDERHAVEN_URL, as https://orders.example.com behind a proxy."""
    return (os.environ.get("ORDERHAVEN_URL") or f"http://{listen()}").rstrip("/")


def time_zone() -> str:
    """ORDERHAVEN_TIME_ZONE: in which times are shown to whoever chose no other."""
    return os.environ.get("ORDERHAVEN_TIME_ZONE") or "Europe/Amsterdam"


def package(*names: str) -> Path:
    """A folder of this package."""
    return Path(__file__).parent.joinpath(*names)


def keys_place() -> str:
    """Where the keys that open the secrets are, for sentences."""
    return "ORDERHAVEN_KEYS" if os.environ.get("ORDERHAVEN_KEYS") else str(key_file())


def log_file() -> Path:
    """Where an unexpected error leaves its trace."""
    return data_folder() / "errors.log"


def make_once(file: Path, content: bytes) -> None:
    """Of two processes that find no file, one makes it, and both go on with what it wrote."""
    fresh = written_beside(file, content)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def written_beside(file: Path, content: bytes) -> Path:
    """A new file, on the disk, and readable by the owner alone from the first byte."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return fresh
