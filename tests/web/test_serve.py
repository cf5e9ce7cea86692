"""The web server beside the hub, as processes: they start together, and neither outlives the other."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
import pytest

from benchmarks.web import STATES, stuck
from orderhaven.web.listen_address import demand_free, parse_address
from orderhaven.web.server import PATIENCE

pytestmark = pytest.mark.processes

_COMES_UP_WITHIN_S = 60.0
_IS_GONE_WITHIN_S = 20.0


@dataclass
class Running:
    """`orderhaven up` with everything below it."""

    hub: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.hub.pid).children(recursive=True)

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def event(self, name: str) -> dict[str, object]:
        return next(one for one in self.events() if one["event"] == name)


@contextmanager
def up(folder: Path, *options: str, port: int = 0, **more: str) -> Iterator[Running]:
    port, log = port or free_port(), folder / "log"
    with log.open("wb") as written:
        hub = subprocess.Popen(
            [sys.executable, "-m", "orderhaven.cli.main", "up", "--listen", f"127.0.0.1:{port}", *options],
            env={**environment(folder), **more}, stderr=written,
        )  # fmt: skip
    running = Running(hub, port, log)
    below: list[psutil.Process] = []
    try:
        until(lambda: "web_started" in log.read_text() or hub.poll() is not None or "--no-web" in options)
        below = running.below() if hub.poll() is None else []
        yield running
    finally:
        hub.kill()
        hub.wait()
        for one in below:
            if one.is_running():
                one.kill()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHAVEN_")}
    return {
        **kept,
        "ORDERHAVEN_DATA": str(folder / "data"),
        "ORDERHAVEN_KEY_FILE": str(folder / "keys"),
        "ORDERHAVEN_UNSAFE_SYNC": "1",
        "ORDERHAVEN_LANGUAGE": "en",
    }


def ask_again(connection: HTTPConnection) -> None:
    connection.request("GET", "/healthz")
    connection.getresponse()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(is_so: Callable[[], bool], within_s: float = _COMES_UP_WITHIN_S) -> None:
    latest = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < latest
        time.sleep(0.05)


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def is_listened_on(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


# ---------------------------------------------------------------- starting


def test_hub_and_web_come_up_together(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        assert running.ask("/healthz") == (200, b"ok\n")
        status, body = running.ask("/readyz")

    assert (status, json.loads(body)["checks"]["hub"]) == (200, "ok")


def test_as_long_as_there_is_nobody_the_log_says_where_to_begin(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        until(lambda: "no_user_yet" in running.log.read_text())
        said = str(running.event("no_user_yet")["say"])

    assert re.fullmatch(
        rf"Open http://127\.0\.0\.1:{running.port}/welcome\?code=[0-9a-f]{{24}} to make your account\.", said
    )


def test_without_web_nothing_listens(tmp_path: Path) -> None:
    with up(tmp_path, "--no-web") as running:
        until(lambda: "hub_started" in running.log.read_text())

        assert running.below() == []
        assert not is_listened_on(running.port)


def test_a_port_in_use_is_said_and_no_hub_runs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        place = f"127.0.0.1:{other.getsockname()[1]}"
        said = subprocess.run(
            [sys.executable, "-m", "orderhaven.cli.main", "up", "--listen", place],
            env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert said.returncode == 1
    who = f"{psutil.Process().name()} (process {os.getpid()})"
    assert said.stderr == f"{who} listens on {place}. Stop it, or choose another port with --listen.\n"


def test_a_port_that_is_about_to_be_free_is_waited_for() -> None:
    other = socket.create_server(("127.0.0.1", 0))
    place = parse_address(f"127.0.0.1:{other.getsockname()[1]}")
    ends = threading.Timer(0.5, other.close)
    ends.start()

    demand_free(place)

    assert ends.finished.is_set()


# ---------------------------------------------------------------- ending


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_all_of_it_stops_when_it_is_asked_to(tmp_path: Path, way: signal.Signals) -> None:
    with up(tmp_path) as running:
        below = running.below()
        assert len(below) == 1

        running.hub.send_signal(way)

        assert running.hub.wait(_IS_GONE_WITHIN_S) == 0
        assert are_gone(below)
    assert running.event("hub_stopped")
    assert "error" not in {one["level"] for one in running.events()}


def test_a_request_in_flight_is_finished_before_the_end(tmp_path: Path) -> None:
    with up(tmp_path) as running, socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(b"POST /hooks/nobodys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n0123456789")
        until(lambda: running.ask("/healthz")[0] == 200)

        running.hub.send_signal(signal.SIGTERM)
        until(lambda: not is_listened_on(running.port))
        client.sendall(b"0123456789")

        client.settimeout(10)
        assert client.recv(100).startswith(b"HTTP/1.1 401")
        assert running.hub.wait(_IS_GONE_WITHIN_S) == 0


def test_a_client_that_says_nothing_holds_nobody_up(tmp_path: Path) -> None:
    with up(tmp_path) as running, socket.create_connection(("127.0.0.1", running.port)):
        running.hub.send_signal(signal.SIGTERM)

        assert running.hub.wait(_IS_GONE_WITHIN_S) == 0


def test_a_thousand_clients_that_stop_halfway_hold_nobody_up_and_are_let_go(tmp_path: Path) -> None:
    with up(tmp_path) as running, ExitStack() as held:
        for said in STATES.values():
            held.enter_context(stuck(running.port, said, 200))
        web = running.below()[0]

        for _past_the_limit in range(round(PATIENCE.arrives) + 5):
            assert [running.ask(path)[0] for path in ("/healthz", "/welcome")] == [200, 200]
            time.sleep(1)

        until(lambda: len(web.net_connections()) < 50)  # the longest limit is over
        running.hub.send_signal(signal.SIGTERM)
        assert running.hub.wait(_IS_GONE_WITHIN_S) == 0


def test_the_web_ends_with_a_hub_that_is_killed(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        below = running.below()
        assert len(below) == 1

        running.hub.kill()

        until(lambda: are_gone(below), _IS_GONE_WITHIN_S)
        assert not is_listened_on(running.port)


def test_after_a_kill_the_next_hub_starts_at_once_on_the_same_port(tmp_path: Path) -> None:
    """Though the web of the one that was killed has a request in flight, and clients that keep their connections."""
    with up(tmp_path) as running, ExitStack() as held:
        for said in (b"", b"POST /hooks/nobodys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n0123456789"):
            client = held.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            client.sendall(said)
        running.ask("/healthz")

        running.hub.kill()
        running.hub.wait()
        with up(tmp_path, port=running.port) as again:
            assert again.ask("/healthz") == (200, b"ok\n")
            assert again.event("web_started")


def test_a_web_server_that_was_killed_comes_back(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        before = running.below()
        before[0].kill()

        until(lambda: running.log.read_text().count('"web_started"') == 2)

        assert are_gone(before)
        assert running.ask("/healthz") == (200, b"ok\n")
        assert running.event("web_ended")["cause"] == "exit -9"
        for one in running.below():
            one.kill()


def test_a_second_server_does_not_share_a_port_unsaid(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        said = subprocess.run(
            [sys.executable, "-m", "orderhaven.web.serve"],
            env={**environment(tmp_path), "ORDERHAVEN_LISTEN": f"127.0.0.1:{running.port}"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert said.returncode == 1
    assert f"listens on 127.0.0.1:{running.port}" in said.stderr


def test_what_was_asked_for_stands_in_no_log(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        running.ask("/healthz?secret=abc")
        running.ask("/nothing-here/jansen?search=jansen")
        running.hub.send_signal(signal.SIGTERM)
        running.hub.wait(_IS_GONE_WITHIN_S)

    assert "jansen" not in running.log.read_text()
    assert "abc" not in running.log.read_text()


def test_requests_over_one_connection_do_not_keep_it_from_ending(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        connection = HTTPConnection("127.0.0.1", running.port, timeout=10)
        connection.request("GET", "/healthz")
        connection.getresponse().read()

        running.hub.send_signal(signal.SIGTERM)

        assert running.hub.wait(_IS_GONE_WITHIN_S) == 0
        with pytest.raises((HTTPException, OSError)):
            ask_again(connection)
        connection.close()
