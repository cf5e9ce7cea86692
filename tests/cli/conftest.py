"""The command line as a person meets it: words in, words and an exit code out."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orderhaven.cli.main import app, run
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import start_trade


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture
def cli(
    store: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs commands in this process, on the store of the test."""
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")

    def say(*words: str) -> Said:
        capsys.readouterr()
        code = run(lambda: app(list(words), prog_name="orderhaven"))
        return Said(code, *capsys.readouterr())

    return say


@pytest.fixture
def trade(store: None) -> Iterator[Any]:
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP)
    yield started
    started.close()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHAVEN_")}
    return {
        **kept,
        "ORDERHAVEN_DATA": str(folder / "data"),
        "ORDERHAVEN_KEY_FILE": str(folder / "keys"),
        "ORDERHAVEN_ALLOW_NETWORKS": "loopback",
        "ORDERHAVEN_LANGUAGE": "en",
        "ORDERHAVEN_UNSAFE_SYNC": "1",
        "COLUMNS": "80",
    }


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., Said]:
    """Runs commands in processes of their own, on a data folder of the test."""

    def say(*words: str, stdin: str = "", **more: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "orderhaven.cli.main", *words],
            env={**environment(tmp_path), **more}, input=stdin, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    return say
