"""From nothing to a link in dry run, typed into processes of their own against sandboxes on loopback."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.server import SandboxServer
from orderhaven.ports.connector import RealClock, Side
from tests.cli.conftest import Said

pytestmark = pytest.mark.processes
Process = Callable[..., Said]


@dataclass
class SandboxSide:
    connector: str
    settings: dict[str, str]
    sandbox: Any

    def lines(self, **more: str) -> str:
        return "".join(f"{key}={value}\n" for key, value in {**self.settings, **more}.items())


@pytest.fixture
def sides() -> Iterator[dict[Side, SandboxSide]]:
    """One real connector of each role, its sandbox on a socket."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    found: dict[Side, SandboxSide] = {}
    servers = []
    for spec in specs().values():
        if spec.sandbox and spec.side not in found:
            sandbox = make_sandbox(spec, RealClock())
            servers.append(SandboxServer(sandbox))
            url = wait_for(servers[-1].start())
            found[spec.side] = SandboxSide(spec.name, dict(sandbox.settings(url)), sandbox)
    yield found
    for server in servers:
        wait_for(server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def saved(folder: Path) -> list[tuple[str]]:
    store = sqlite3.connect(folder / "data" / "orderhaven.sqlite3")
    rows = store.execute("SELECT name FROM store_connection").fetchall()
    store.close()
    return rows


def test_two_accounts_are_connected_linked_and_run_dry(sides: dict[Side, SandboxSide], process: Process) -> None:
    for role, side in sides.items():
        said = process("connect", side.connector, "--name", role, "--from-file", "-", stdin=side.lines())
        assert (said.code, said.err) == (0, "")

    wish = ("--dry-run", "--wait", "90m", "--uses", "postnl", "--uses", "DPD", "--ships-from", "nl")
    wish += ("--transit-days", "2", "--working-days", "1,6", "--cut-off", "12:30", "--free-day", "2026-12-25")
    linked = process("link", "marketplace", "shop", *wish)
    rows = json.loads(process("connections", "--json").out)
    doctor = process("doctor")

    assert (linked.code, linked.err) == (0, "")
    assert "dry run: nothing is sent" in linked.out
    assert "1 h 30 min" in linked.out
    assert "it is one of yours: postnl, dpd." in linked.out
    assert "Parcels start in NL." in linked.out
    assert "it is estimated: 2 days on the way, leaving Monday, Saturday by 12:30." in " ".join(linked.out.split())
    assert "Nothing leaves on 2026-12-25." in linked.out
    assert [(row["name"], row["shop"], row["dry_run"]) for row in rows] == [
        ("marketplace", "shop", True), ("shop", "", False),
    ]  # fmt: skip
    assert doctor.out.count("Answers as") == 2
    assert "Not running here" in " ".join(doctor.out.split())


@pytest.mark.parametrize("role", list(Side))
def test_a_wrong_secret_is_said_and_saved_nowhere(
    sides: dict[Side, SandboxSide], process: Process, tmp_path: Path, role: Side
) -> None:
    side = sides[role]
    secret = next(one.key for one in specs()[side.connector].settings if one.secret)

    said = process("connect", side.connector, "--from-file", "-", stdin=side.lines(**{secret: "wrong_secret_of_mine"}))

    assert said.code == 1
    assert "rejects the key or secret" in said.err
    assert "wrong_secret_of_mine" not in said.out + said.err
    assert saved(tmp_path) == []


@pytest.mark.parametrize("address", ["ftp://x", "webshop", "http://127.0.0.1:1"])
def test_a_wrong_address_is_said_and_saved_nowhere(
    sides: dict[Side, SandboxSide], process: Process, tmp_path: Path, address: str
) -> None:
    side = sides[Side.SHOP]

    said = process("connect", side.connector, "--from-file", "-", stdin=side.lines(url=address))

    assert said.code == 1
    assert said.err.count("\n") <= 2
    assert "Traceback" not in said.err
    assert saved(tmp_path) == []


def test_secrets_come_from_the_environment_too(sides: dict[Side, SandboxSide], process: Process) -> None:
    side = sides[Side.MARKETPLACE]
    given = {f"ORDERHAVEN_SET_{key.upper()}": value for key, value in side.settings.items()}

    assert process("connect", side.connector, **given).code == 0
    again = process("connect", side.connector, "--name", "second", **given)

    assert again.code == 1
    assert f"already connected as '{side.connector}'" in again.err
