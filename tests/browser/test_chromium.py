"""Which browser is taken, where there are several, one that starts nothing, or none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import chromium

pytestmark = pytest.mark.processes


def test_the_one_that_is_named_goes_first(tmp_path: Path) -> None:
    named, other = program(tmp_path / "named"), program(tmp_path / "chromium")

    assert str(named) == found(tmp_path, ORDERHAVEN_CHROMIUM=str(named))
    assert str(other) == found(tmp_path)


def test_a_name_that_only_says_how_to_install_it_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "chromium", exits=1)
    other = program(tmp_path / "google-chrome")

    assert str(other) == found(tmp_path)


def test_where_there_is_none_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    assert "None" == found(tmp_path)
    assert "apt install chromium" in chromium.WHAT_TO_DO


def program(path: Path, exits: int = 0) -> Path:
    path.write_text(f"#!/bin/sh\nexit {exits}\n")
    path.chmod(0o755)
    return path


def found(folder: Path, **more: str) -> str:
    """By a process of its own, which sees the programs of that folder only."""
    seen = {"PATH": str(folder), "PLAYWRIGHT_BROWSERS_PATH": str(folder), "HOME": str(folder), **more}
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    command = [sys.executable, "-c", "from tests.browser import chromium; print(chromium.find())"]
    return subprocess.run(command, env={**kept, **seen}, capture_output=True, text=True, check=True).stdout.strip()
