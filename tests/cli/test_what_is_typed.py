"""What people type, and what they get to read: numbers as they know them, times of their day, and nothing of the program's own."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from django.db import connections

from orderhaven.core.status import Status
from orderhaven.store.models import Order
from tests.cli.conftest import Cli, Said, environment

_ITS_OWN = re.compile(r"Error\b.*Error|[a-z]Error\b|Exception|Input should|Value error|Traceback|order \.|'None'")


def placed(trade: Any) -> str:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    return str(ref)


# ---------------------------------------------------------------- an order by the number that is at hand


def test_an_order_is_meant_by_its_number_in_small_letters_or_by_the_shops(trade: Any, cli: Cli) -> None:
    ref = placed(trade)
    Order.objects.filter(ref=ref).update(ref="C00ABC", shop_number="WEB-77")

    said = [
        cli("order", word) for word in ("C00ABC", "c00abc", "web-77", trade.order("C00ABC").shop_ref, "bol NL/c00abc")
    ]

    assert {one.code for one in said} == {0}
    assert {one.out.splitlines()[0] for one in said} == {"Order C00ABC from bol NL: Not shipped, in the shop"}
    assert "Order C00ABC is yours now." in cli("handle", "web-77").out


def test_a_number_of_two_orders_says_which_there_are(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    one, other = trade.sells(), trade.sells()
    trade.passes(minutes=6)
    Order.objects.filter(ref=one).update(ref="77")
    Order.objects.filter(ref=other).update(shop_number="77")

    said = cli("handle", "77")

    assert said.code == 1
    assert f"Say which one: bol NL/77 or bol NL/{other}." in " ".join(said.err.split())
    assert cli("handle", "bol NL/77").code == 0
    assert (trade.order("77").status, trade.order(other).status) == (Status.MANUAL, Status.NOT_SHIPPED)


def test_a_number_that_differs_in_capitals_alone_is_another_ones(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    one, other = trade.sells(), trade.sells()
    trade.passes(minutes=6)
    Order.objects.filter(ref=one).update(ref="AB1")
    Order.objects.filter(ref=other).update(ref="ab1")

    assert cli("order", "ab1").out.startswith("Order ab1 ")
    assert cli("order", "Ab1").code == 1


# ---------------------------------------------------------------- words and times


@pytest.mark.parametrize("words", ["2d ago", "2d", "2 days ago", "2d geleden", "2026-02-28", "2026-02-28T10:00"])
def test_since_takes_what_the_help_offers(trade: Any, cli: Cli, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = placed(trade)
    monkeypatch.setenv("ORDERHAVEN_CLOCK", f"{trade.clock.now().isoformat()},1,{time.time()}")

    said = cli("orders", "--since", words)

    assert (said.code, ref in said.out) == (0, True)


def test_so_long_ago_counts_from_the_hubs_own_clock(trade: Any, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = placed(trade)
    soon, late = (
        f"{trade.clock.now().replace(day=day).isoformat()},1,{time.time()}" for day in (trade.clock.now().day, 20)
    )

    monkeypatch.setenv("ORDERHAVEN_CLOCK", soon)
    assert ref in cli("orders", "--since", "1d ago").out
    monkeypatch.setenv("ORDERHAVEN_CLOCK", late)
    assert ref not in cli("orders", "--since", "1d ago").out


def test_times_are_those_of_the_hubs_zone_and_json_has_utc(
    trade: Any, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = placed(trade)
    placed_at = trade.order(ref).placed_at
    monkeypatch.setenv("ORDERHAVEN_TIME_ZONE", "Asia/Tokyo")

    said = cli("order", ref)

    assert f"Placed 2026-03-02 {(placed_at.hour + 9) % 24:02}:{placed_at.minute:02}" in " ".join(said.out.split())
    assert json.loads(cli("order", ref, "--json").out)["order"]["head"]["placed_at"] == placed_at.isoformat()


def test_a_time_zone_that_there_is_none_of_is_said(trade: Any, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_TIME_ZONE", "Europe/Nowhere")

    said = cli("order", placed(trade))

    assert said.code == 1
    assert "ORDERHAVEN_TIME_ZONE is 'Europe/Nowhere'" in said.err


# ---------------------------------------------------------------- nothing of the program's own


@pytest.mark.parametrize(
    "words",
    [
        ("carrier", ""),
        ("carrier", "  "),
        ("order", ""),
        ("handle", " "),
        ("retry", ""),
        ("correct", ""),
        ("demo", "--speed", "-1"),
        ("demo", "--speed", "nan"),
        ("demo", "--speed", "1e9"),
        ("demo", "--speed", "fast"),
        ("demo", "--orders", "0"),
        ("orders", "--limit", "many"),
        ("orders", "--limit", "0"),
        ("orders", "--limit", "9999"),
        ("orders", "--since", "999999999d ago"),
        ("orders", "--since", ""),
        ("token", "till", "--scope", "everything"),
        ("invite", "a@example.com", "--role", "owner"),
        ("cancel", "4711", "--reason", "boredom"),
        ("up", "now"),
        ("up", "--log", "loud"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_refused_in_our_own_words(cli: Cli, words: tuple[str, ...]) -> None:
    said = cli(*words)

    assert said.code in (1, 2)
    assert said.out == ""
    assert not _ITS_OWN.search(said.err), said.err


@pytest.mark.parametrize("command", [("connect", "bol", "--from-file"), ("adopt", "--from-file")], ids=" ".join)
def test_a_file_that_is_no_text_is_said(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "settings").write_bytes(b"\xff\xfe\x00rubbish")

    said = cli(*command, str(tmp_path / "settings"))

    assert said.code == 1
    assert "is not text in UTF-8" in " ".join(said.err.split())


@pytest.mark.parametrize("folder", ["cli", "actions", "sync"])
def test_no_reason_that_a_person_reads_is_the_name_of_a_class(folder: str) -> None:
    code = Path(__file__).parents[2] / "src" / "orderhaven" / folder
    names = re.compile(r"\{type\(\w+\)\.__name__|\(type\(\w+\)\.__name__\)")

    said = [path.name for path in code.rglob("*.py") if names.search(path.read_text())]

    assert said == []


@pytest.mark.processes
def test_a_command_says_what_was_asked_and_no_line_of_a_log(
    trade: Any, tmp_path: Path, process: Callable[..., Said]
) -> None:
    ref = placed(trade)
    connections.close_all()

    said = process("handle", ref, ORDERHAVEN_DATA=str(tmp_path), ORDERHAVEN_KEY_FILE=os.environ["ORDERHAVEN_KEY_FILE"])

    assert said.out == f"Order {ref} is yours now. To let Orderhaven go on with it: orderhaven give-back {ref}\n"
    assert said.err == ""


# ---------------------------------------------------------------- the log of a hub


@pytest.mark.processes
@pytest.mark.parametrize(("options", "is_json"), [((), False), (("--log", "json"), True)], ids=["words", "json"])
def test_on_a_terminal_the_log_is_words_unless_json_is_asked_for(
    tmp_path: Path, options: tuple[str, ...], is_json: bool
) -> None:
    screen, terminal = pty.openpty()
    started = subprocess.Popen(
        [sys.executable, "-m", "orderhaven.cli.main", "up", "--no-web", *options],
        env={**environment(tmp_path), "NO_COLOR": "1"}, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    try:
        line = first_line(screen, "hub_started")
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=30)
        os.close(screen)

    assert line.startswith("{") is is_json
    assert is_json or re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[info", line)


def first_line(screen: int, word: str) -> str:
    """That holds this word."""
    read, until = "", time.monotonic() + 60
    while time.monotonic() < until and select.select([screen], [], [], 60)[0]:
        read += os.read(screen, 4096).decode()
        found = [line for line in read.splitlines(keepends=True) if word in line and line.endswith("\n")]
        if found:
            return found[0].strip()
    raise AssertionError(read)


@pytest.mark.processes
def test_the_address_of_the_first_account_is_said_once_it_answers(tmp_path: Path) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{found.getsockname()[1]}"
    started = subprocess.Popen(
        [sys.executable, "-m", "orderhaven.cli.main", "up", "--listen", place],
        env=environment(tmp_path), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stderr is not None
    try:
        said = next(json.loads(line)["say"] for line in started.stderr if '"no_user_yet"' in line)
        address = re.search(r"http://\S+", said)
        assert address is not None
        with urlopen(address[0], timeout=20) as answer:
            assert answer.status == 200
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=60)
