"""Data that nobody else reads: the folder, the file after a clean stop, and what was erased."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from orderhaven.store.models import Order, OrderContact
from orderhaven.store.orders import marketplace_snapshots
from orderhaven.store.upkeep import privacy
from orderhaven.testing.clock import START

from .conftest import Books

_NAME = "Unmistakable Vandenberghe"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHAVEN_")}
    environment = {
        **kept, "ORDERHAVEN_DATA": str(folder), "ORDERHAVEN_KEY_FILE": str(folder.parent / "keys"),
        "ORDERHAVEN_LANGUAGE": "en",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "orderhaven.cli.main", *command],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def mode_of(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o777])
def test_a_folder_that_others_can_read_is_closed(tmp_path: Path, usual_umask: None, mode: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)
    file = folder / "orderhaven.sqlite3"
    file.touch(0o644)

    assert privacy.make_private(folder)

    assert (mode_of(folder), mode_of(file)) == ("0o700", "0o600")


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def of_a_group(tmp_path: Path, usual_umask: None) -> Path:
    """As Kubernetes mounts a volume with an fsGroup: it belongs to somebody else, and to a group of ours."""
    folder = tmp_path / "data"
    folder.mkdir()
    if os.geteuid() == 0:  # others cannot give a folder away: then the hub's user owns it too
        os.chown(folder, 65534, os.getegid())
    folder.chmod(0o2775)
    return folder


def test_a_folder_of_a_group_of_ours_is_taken_and_its_files_are_closed_to_others(of_a_group: Path) -> None:
    old = of_a_group / "orderhaven.sqlite3"
    old.touch()
    old.chmod(0o664)
    was_private = privacy.is_private(of_a_group)

    assert privacy.make_private(of_a_group)
    new = of_a_group / "orderhaven.before-0002.sqlite3"
    new.touch()

    assert (mode_of(old), mode_of(new)) == ("0o660", "0o660")
    assert (was_private, privacy.is_private(of_a_group)) == (False, True)


def test_a_hub_works_in_a_folder_of_its_group_and_doctor_says_who_can_read_it(of_a_group: Path) -> None:
    made = run(of_a_group, "welcome")
    said = run(of_a_group, "doctor")

    assert made.returncode == 0
    assert {mode_of(one) for one in of_a_group.glob("*.sqlite3*")} <= {"0o640", "0o660"}
    assert f"this user and group {of_a_group.stat().st_gid} can read" in " ".join(said.stdout.split())


def test_a_folder_of_a_group_in_which_everybody_may_write_is_refused(of_a_group: Path) -> None:
    if of_a_group.stat().st_uid == os.geteuid():
        pytest.skip("what is this user's own is closed instead; only root can make a folder of somebody else")
    of_a_group.chmod(0o2777)

    assert not privacy.make_private(of_a_group)


def test_a_folder_of_another_group_is_refused(of_a_group: Path) -> None:
    if of_a_group.stat().st_uid == os.geteuid():
        pytest.skip("what is this user's own is closed instead; only root can make a folder of somebody else")
    os.chown(of_a_group, 65534, 54321)
    of_a_group.chmod(0o2770)

    assert not privacy.make_private(of_a_group)


def test_a_folder_that_is_there_for_all_is_left_as_it_is_and_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o1777)

    said = run(folder, "doctor")

    assert mode_of(folder) == "0o777"
    assert said.returncode == 1
    assert "Others can read" in said.stderr.replace("\n", " ")


@pytest.mark.parametrize("tables", ["", "CREATE TABLE other (id INTEGER)"])
def test_a_file_without_our_tables_is_refused_with_the_way_back(tmp_path: Path, tables: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    file = folder / "orderhaven.sqlite3"
    made = sqlite3.connect(file)
    made.execute("PRAGMA journal_mode=WAL")
    made.executescript(tables)
    made.close()
    before = file.read_bytes()

    said = run(folder, "welcome")

    assert said.returncode == 1
    assert "none of Orderhaven's tables" in said.stderr.replace("\n", " ")
    assert "back-up-and-restore" in said.stderr.replace("\n", " ")
    assert file.read_bytes() == before


def test_a_first_start_that_broke_off_is_taken_up_again(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(0o700)
    (folder / "unfinished").touch()
    sqlite3.connect(folder / "orderhaven.sqlite3").execute("PRAGMA journal_mode=WAL")

    assert run(folder, "welcome").returncode == 0
    assert not (folder / "unfinished").exists()


def test_what_was_erased_stands_in_no_file(books: Books) -> None:
    if connection.vendor != "sqlite":
        pytest.skip(
            "PostgreSQL keeps what was deleted until its own vacuum: docs/how-to/back-up-and-restore.md says so"
        )
    books.places("A-1")
    OrderContact.objects.update(last_name=_NAME)
    Order.objects.update(closed_at=START)
    privacy.take_in_the_journal()
    file = Path(str(connection.settings_dict["NAME"]))
    assert _NAME.encode() in file.read_bytes()

    marketplace_snapshots.erase_contacts(START + timedelta(days=31), timedelta(days=30), timedelta(days=180), 500)

    for one in file.parent.glob(f"{file.name}*"):
        assert _NAME.encode() not in one.read_bytes(), one.name


def test_the_file_alone_is_all_there_is_once_the_journal_is_taken_in(books: Books, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no file of ours")
    books.places("A-1")

    privacy.take_in_the_journal()

    copy = tmp_path / "copy.sqlite3"
    shutil.copyfile(str(connection.settings_dict["NAME"]), copy)
    assert sqlite3.connect(copy).execute("SELECT ref FROM store_order").fetchall() == [("A-1",)]
