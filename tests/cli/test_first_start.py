"""Commands that start at the same moment on a data folder, or a database, that nobody has used yet."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connections

from tests.cli.conftest import environment
from tests.stores import point_store_at

_COMMANDS = (("orders",), ("doctor",), ("connections",), ("orders",))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Its address; "" for a file in the data folder."""
    if request.param == "sqlite":
        yield ""
        return
    kept = connections.databases["default"]
    point_store_at(request.getfixturevalue("postgres_database"))
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS first_start")
        cursor.execute("CREATE DATABASE first_start")
    yield urlsplit(request.getfixturevalue("postgres_url"))._replace(path="/first_start").geturl()
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP DATABASE first_start WITH (FORCE)")
    point_store_at(kept)


@pytest.mark.processes
def test_the_first_of_several_commands_makes_the_store_and_the_others_wait_for_it(
    tmp_path: Path, new_database: str
) -> None:
    of_its_own = environment(tmp_path) | ({"ORDERHAVEN_DATABASE_URL": new_database} if new_database else {})

    started = [
        subprocess.Popen(
            [sys.executable, "-m", "orderhaven.cli.main", *words],
            env=of_its_own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for words in _COMMANDS
    ]  # fmt: skip
    said = [one.communicate(timeout=120) for one in started]

    told = "\n".join(out + err for out, err in said)
    assert "already" not in told, told
    assert "gone" not in told, told
    assert [one.returncode for one, words in zip(started, _COMMANDS, strict=True) if words != ("doctor",)] == [0] * 3
