"""A new connector begins as a skeleton whose contract tests fail with sentences on what to build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from orderhaven.new_connector.__main__ import CannotWrite, write_connector
from orderhaven.ports.connector import Side

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.processes


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a connector's author has of the repository."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "orderhaven", tmp_path / "src" / "orderhaven", ignore=ignored)
    return tmp_path


OF_THE_PROJECT = (
    *("pyproject.toml", "Makefile", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"),
    *("requirements.lock", "requirements-dev.lock", "docs", "tests", "benchmarks"),
)


def files(folder: Path) -> dict[Path, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path: path.read_bytes() for path in found}


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def failures(checkout: Path, name: str) -> dict[str, str]:
    """Test -> why it failed, of the contract tests of that connector."""
    options = ["--import-mode=importlib", "-p", "no:cacheprovider", "--junitxml=report.xml", "-q"]
    run(checkout, "pytest", *options, f"src/orderhaven/connectors/{name}/tests")
    report = ElementTree.parse(checkout / "report.xml")
    assert report.findall(".//error") == [], "the tests must run: nothing fails on the way to them"
    return {
        case.attrib["name"]: case.findall("failure")[0].attrib["message"]
        for case in report.iter("testcase")
        if case.findall("failure")
    }


@pytest.mark.parametrize("side", list(Side))
def test_every_failure_of_a_new_connector_says_what_to_build(checkout: Path, side: Side) -> None:
    made = run(checkout, "orderhaven.new_connector", "mymarket", "--side", side)

    failed = failures(checkout, "mymarket")

    assert made.returncode == 0, made.stderr
    assert len(failed) > 60
    assert {why for why in failed.values() if not why.startswith("NotImplementedError: mymarket: build ")} == set()


def test_the_failures_name_sandbox_and_connector_and_where_the_promise_stands(checkout: Path) -> None:
    run(checkout, "orderhaven.new_connector", "mymarket")

    failed = failures(checkout, "mymarket")

    assert "ports.sandbox.SandboxMarketplace.sell" in failed["test_amounts_are_read_to_the_cent"]
    assert "ports.marketplace.Marketplace.check" in failed["test_each_wrong_key_is_refused_at_the_check"]


def test_what_was_written_is_named_with_the_next_step(checkout: Path) -> None:
    made = run(checkout, "orderhaven.new_connector", "mymarket")

    assert all((checkout / line.strip()).is_file() for line in made.stdout.splitlines() if line.startswith("    src"))
    assert "python -m pytest src/orderhaven/connectors/mymarket/tests/test_contract.py" in made.stdout


@pytest.mark.parametrize("side", list(Side))
def test_a_new_connector_keeps_every_rule_of_the_project_and_is_a_folder_alone(checkout: Path, side: Side) -> None:
    for name in OF_THE_PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, checkout / name)
    before = files(checkout)

    run(checkout, "orderhaven.new_connector", "acme", "--side", side)
    run(checkout, "tests.rules.tables")
    chosen = "acme or connector or table or picture or sentence or spoken or reason or circle"
    ruled = run(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/rules", "-k", chosen)
    found = [run(checkout, "ruff", *how, "--no-cache", "src") for how in (["check"], ["format", "--check"])]

    assert ruled.returncode == 0, ruled.stdout[-3000:]
    assert [one.stdout for one in found if one.returncode] == []
    added = {path.relative_to(checkout).as_posix() for path in files(checkout).keys() - before.keys()}
    assert {path for path in added if not path.startswith("src/orderhaven/connectors/acme/")} == set()
    assert {path for path, text in before.items() if path.read_bytes() != text} == set()


@pytest.mark.parametrize("name", ["kit", "My Market", "../outside", "", "9lives"])
def test_a_name_that_cannot_be_is_refused_with_a_sentence(checkout: Path, name: str) -> None:
    before = sorted(checkout.rglob("*"))

    with pytest.raises(CannotWrite, match="cannot name a connector"):
        write_connector(name, Side.SHOP, checkout)

    assert sorted(checkout.rglob("*")) == before


def test_what_stands_there_is_never_written_over(checkout: Path) -> None:
    write_connector("mymarket", Side.SHOP, checkout)

    with pytest.raises(CannotWrite, match="exists already"):
        write_connector("mymarket", Side.MARKETPLACE, checkout)


def test_outside_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="in the folder of a checkout"):
        write_connector("mymarket", Side.SHOP, tmp_path)

    assert list(tmp_path.iterdir()) == []
