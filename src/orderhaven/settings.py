"""Django's settings. Everything a person can set is an environment variable; see docs/reference/environment.md."""

import os
from urllib.parse import unquote, urlsplit

from orderhaven import paths


def _postgres(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite() -> dict[str, object]:
    # ORDERHAVEN_UNSAFE_SYNC is for simulations, where processes die and power does not
    synchronous = "OFF" if os.environ.get("ORDERHAVEN_UNSAFE_SYNC") == "1" else "FULL"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(paths.sqlite_file()),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
            ),
        },
    }


DATABASES = {"default": _postgres(paths.database_url()) if paths.database_url() else _sqlite()}
INSTALLED_APPS = ["orderhaven.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
SECRET_KEY = os.environ.get("ORDERHAVEN_SECRET_KEY", "set when there is a web interface")
