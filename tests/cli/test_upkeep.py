"""Running and looking after the hub: what a person sees when something is wrong."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.utils import OperationalError

from orderhaven.cli.main import run, sentence_of
from orderhaven.store import migrations
from orderhaven.store.connections.keys import load_keys
from orderhaven.store.models import Connection, ConnectionState, Event
from tests.cli.conftest import Cli, Said, environment


@contextmanager
def hub(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A running hub; its first lines were read."""
    started = subprocess.Popen(
        [sys.executable, "-m", "orderhaven.cli.main", "up", "--no-web"],
        env=environment(folder), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stderr is not None
    try:
        assert any('"hub_started"' in line for line in started.stderr)
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.processes
@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_stops_when_it_is_asked_to(tmp_path: Path, way: signal.Signals) -> None:
    with hub(tmp_path) as running:
        running.send_signal(way)
        _, log = running.communicate(timeout=30)

    assert running.returncode == 0
    assert '"hub_stopped"' in log


@pytest.mark.processes
def test_a_second_hub_on_the_same_folder_says_who_has_it(tmp_path: Path, process: Callable[..., Said]) -> None:
    with hub(tmp_path) as running:
        said = process("up", "--no-web")

    assert said.code == 1
    assert f"process {running.pid}" in said.err
    assert "ORDERHAVEN_DATA" in said.err
    assert "Traceback" not in said.err


@pytest.mark.processes
def test_doctor_knows_whether_a_hub_runs(tmp_path: Path, process: Callable[..., Said]) -> None:
    with hub(tmp_path):
        assert "Running on" in process("doctor").out
    assert "Nothing is connected yet" in process("doctor").out


@pytest.mark.processes
def test_help_makes_no_data_folder(tmp_path: Path, process: Callable[..., Said]) -> None:
    assert process("--help").code == 0
    assert process("orders", "--help").code == 0
    assert not (tmp_path / "data").exists()


@pytest.mark.processes
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, process: Callable[..., Said]) -> None:
    (tmp_path / "data").write_text("a file stands where the folder should be")

    said = process("orders")

    assert said.code == 1
    assert "Traceback" not in said.err
    assert str(tmp_path / "data") in said.err


@pytest.mark.processes
def test_a_file_that_is_no_database_is_said(tmp_path: Path, process: Callable[..., Said]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "orderhaven.sqlite3").write_bytes(b"not a database at all" * 500)

    said = process("orders")

    assert said.code == 1
    assert "is no database of Orderhaven" in said.err


@pytest.mark.processes
def test_a_file_that_lost_its_contents_is_not_taken_for_a_new_one(tmp_path: Path, process: Callable[..., Said]) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "orderhaven.sqlite3"
    file.touch()

    said = process("up", "--no-web")

    assert said.code == 1
    assert f"The database {file} is empty: its contents are gone." in said.err
    assert "back-up-and-restore.md" in said.err
    assert file.stat().st_size == 0


@pytest.mark.processes
@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_no_hub_starts_on_a_damaged_file(tmp_path: Path, process: Callable[..., Said], damage: str) -> None:
    assert process("orders").code == 0
    file = tmp_path / "data" / "orderhaven.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA journal_mode=DELETE")
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[:half] if damage == "cut off" else whole[:half] + b"\xaa" * half)
    damaged = file.read_bytes()

    said = process("up", "--no-web")

    assert said.code == 1
    assert "Traceback" not in said.err
    assert "damaged" in said.err
    assert "backup" in said.err
    assert file.read_bytes() == damaged


@pytest.mark.processes
@pytest.mark.parametrize("command", ["up --no-web", "orders"])
def test_a_downgrade_is_refused_before_it_writes_anything(
    tmp_path: Path, process: Callable[..., Said], command: str
) -> None:
    assert process("orders").code == 0
    file = tmp_path / "data" / "orderhaven.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '0999_newer', '2030-01-01')"
        )
    before = list(database.iterdump())

    said = process(*command.split())

    assert said.code == 1
    assert "a newer Orderhaven (it has 0999_newer)" in said.err
    assert "upgrade.md" in said.err
    assert list(database.iterdump()) == before
    database.close()


@pytest.mark.processes
def test_an_upgrade_that_was_broken_off_is_taken_up_again(tmp_path: Path, process: Callable[..., Said]) -> None:
    """A change of the schema is one transaction: a death before its end leaves the schema as it was before it."""
    assert process("orders").code == 0
    older(tmp_path, "zero")

    assert process("orders").code == 0
    assert "As this version wants it." in process("doctor").out


def older(folder: Path, migration: str) -> Path:
    """A store as an older version left it."""
    undo = (
        "from orderhaven.store.upkeep.setup import configure; configure();"
        "from django.core.management import call_command as call;"
        f"call('migrate', 'store', '{migration}', verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", undo], env=environment(folder), check=True)
    return folder / "data" / "orderhaven.sqlite3"


def dump_of(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


@pytest.mark.processes
def test_an_upgrade_copies_the_database_first_whatever_one_that_was_killed_left(
    tmp_path: Path, process: Callable[..., Said]
) -> None:
    assert process("orders").code == 0
    assert list((tmp_path / "data").glob("*before*")) == []
    before = dump_of(older(tmp_path, "0005"))
    (migration,) = Path(migrations.__file__).parent.glob("0006_*.py")
    for left in (".newest", ".newest.unfinished"):
        (tmp_path / "data" / f"orderhaven.before-{migration.stem}{left}").write_bytes(b"SQLite format 3")

    assert process("orders").code == 0

    (copy,) = (tmp_path / "data").glob("orderhaven.before-0006*")
    assert dump_of(copy) == before
    assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.processes
def test_an_upgrade_says_how_far_it_is(tmp_path: Path, process: Callable[..., Said]) -> None:
    new = process("orders")
    older(tmp_path, "0020")

    upgraded = process("orders")

    assert "database_upgrade" not in new.err
    steps = [json.loads(line) for line in upgraded.err.splitlines() if "database_upgrade" in line]
    assert [(each["step"], each["of"]) for each in steps] == [
        (number, len(steps)) for number in range(1, 1 + len(steps))
    ]
    assert len(steps) >= 3


@pytest.mark.processes
def test_an_upgrade_that_breaks_off_keeps_the_database_from_before_and_no_hub_starts(
    tmp_path: Path, process: Callable[..., Said]
) -> None:
    assert process("orders").code == 0
    file = older(tmp_path, "0005")
    with closing(sqlite3.connect(file)) as database:
        database.execute('CREATE TABLE "new__store_person" (id)')  # what a later step wants to make
    before = dump_of(file)

    said = process("up", "--no-web")
    (copy,) = (tmp_path / "data").glob("orderhaven.before-0006*.sqlite3")
    kept = dump_of(copy)
    again = process("orders")
    with closing(sqlite3.connect(file)) as database:
        database.execute('DROP TABLE "new__store_person"')
    mended = process("orders")

    assert (said.code, again.code, mended.code) == (1, 1, 0)
    assert 'could not be brought up to date (table "new__store_person" already exists)' in said.err
    assert str(copy) in said.err
    assert "Traceback" not in said.err + again.err
    assert (kept, dump_of(copy)) == (before, before)


def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(trade: Any, cli: Cli) -> None:
    fill_disk()

    said = cli("pause", "bol NL")

    assert said.code == 1
    assert said.err.startswith("The disk is full, so nothing could be written")
    assert "Traceback" not in said.err
    assert Connection.objects.get(name="bol NL").state == ConnectionState.ACTIVE

    connection.cursor().execute("PRAGMA max_page_count = 1000000")
    assert cli("pause", "bol NL").code == 0


def fill_disk() -> None:
    """SQLite gets no page more, as on a full disk, and those it has are filled."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA page_count")
    cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    for size in (2000, 20, 0):
        with pytest.raises(OperationalError, match="full"):
            write_without_end(size)


def write_without_end(size: int) -> None:
    while True:
        Event.objects.create(at="2026-03-02T09:00Z", actor="x", kind="fill", data={"x": "x" * size})


def test_a_locked_database_is_said(trade: Any, cli: Cli, tmp_path: Path) -> None:
    connection.cursor().execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "orderhaven.sqlite3")
    other.execute("BEGIN EXCLUSIVE")

    said = cli("pause", "bol NL")
    other.close()

    assert said.code == 1
    assert "keeps the database" in said.err


def test_lost_keys_are_said_where_they_are_needed(trade: Any, cli: Cli, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("ORDERHAVEN_KEY_FILE", str(tmp_path / "new keys"))

    said = cli("keys", "rotate")

    assert said.code == 1
    assert "Bring that file back from your backup" in said.err
    assert "Bring that file back" in " ".join(cli("doctor").out.split())


def test_what_nobody_expected_leaves_its_trace_in_a_file(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))

    def breaks() -> None:
        raise LookupError("never thought of")

    code = run(breaks)

    said = capsys.readouterr().err
    assert code == 1
    assert "Traceback" not in said
    assert str(tmp_path / "errors.log") in said.replace("\n", "")
    assert "never thought of" in (tmp_path / "errors.log").read_text()
    assert stat.S_IMODE((tmp_path / "errors.log").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/data/x"), "The disk is full (/data/x)"),
        (PermissionError(13, "Permission denied", "/data/x"), "owner and rights"),
        (FileNotFoundError(2, "No such file or directory", "pairs.csv"), "pairs.csv"),
    ],
)
def test_what_the_system_refuses_is_said(error: OSError, words: str) -> None:
    assert words in sentence_of(error)


def test_keys_are_rotated_and_the_old_one_is_forgotten(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_KEY_FILE", str(tmp_path / "keys"))
    before = load_keys()

    said = cli("keys", "rotate")

    assert said.code == 0
    assert len(load_keys()) == 1
    assert load_keys() != before


def test_keys_from_the_environment_are_not_rotated_here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_KEYS", load_keys()[0].decode())

    said = cli("keys", "rotate")

    assert said.code == 1
    assert "ORDERHAVEN_KEYS" in said.err


# ---------------------------------------------------------------- backup


def test_a_backup_is_a_whole_database_that_only_its_owner_reads(trade: Any, cli: Cli, tmp_path: Path) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)

    said = cli("backup", str(tmp_path / "copy.sqlite3"))

    copy = sqlite3.connect(tmp_path / "copy.sqlite3")
    assert said.code == 0
    assert copy.execute("SELECT ref FROM store_order").fetchall() == [(ref,)]
    assert stat.S_IMODE((tmp_path / "copy.sqlite3").stat().st_mode) == 0o600
    assert os.environ["ORDERHAVEN_KEY_FILE"] in said.out.replace("\n", "")
    assert not list(tmp_path.glob("copy*-wal"))
    copy.close()


def test_a_backup_is_taken_while_somebody_writes(trade: Any, cli: Cli, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "orderhaven.sqlite3")
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE store_connection SET account_name = 'half done'")
    connections.close_all()

    from orderhaven.actions.upkeep import backup

    backup(tmp_path / "copy.sqlite3")
    other.close()

    copy = sqlite3.connect(tmp_path / "copy.sqlite3")
    assert copy.execute("SELECT count(*) FROM store_connection WHERE account_name = 'half done'").fetchone() == (0,)
    copy.close()


def test_a_backup_overwrites_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite3").write_text("precious")

    said = cli("backup", str(tmp_path / "copy.sqlite3"))

    assert said.code == 1
    assert "never overwrites" in said.err
    assert (tmp_path / "copy.sqlite3").read_text() == "precious"


def test_a_backup_that_failed_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    said = cli("backup", str(tmp_path / "nowhere" / "copy.sqlite3"))

    assert said.code == 1
    assert "There is no folder" in said.err
    assert not list(tmp_path.glob("*.unfinished"))


def test_postgresql_is_copied_with_its_own_tool_and_no_password_is_shown(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHAVEN_DATABASE_URL", "postgresql://hub:hush@db.example.com:5433/orders")

    said = cli("backup", str(tmp_path / "copy.dump"))

    assert said.code == 1
    assert "pg_dump --format=custom" in said.err
    assert "postgresql://hub@db.example.com:5433/orders" in said.err
    assert "hush" not in said.err


@pytest.mark.parametrize("days", ["", "0", "181", "thirty", "1.5"])
def test_a_number_of_days_that_is_none_is_said(days: str) -> None:
    from orderhaven.actions.errors import ActionRefused
    from orderhaven.cli.upkeep import contacts_kept_for

    with pytest.raises(ActionRefused, match="whole number of days from 1 to 180"):
        contacts_kept_for(days)
