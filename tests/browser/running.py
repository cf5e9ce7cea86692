"""A hub with its web interface, and both sides of a trade: processes of their own, ended by their own id."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest

from orderhaven.demo.hub_side import environment
from orderhaven.demo.processes import Child
from orderhaven.demo.sandboxes import Addresses
from orderhaven.ports.connector import ScaledClock

pytestmark = pytest.mark.processes

FACTOR = 60.0  # a minute of the trade in a second
WEB_ALONE = ("orderhaven.web.serve",)
_UP = ("orderhaven.cli.main", "up")
_COMES_UP_WITHIN_S = 60.0
_HAPPENS_WITHIN_S = 30.0


class BothSides:
    """The process of both sides, and what a buyer or a merchant does there."""

    def __init__(self, clock: ScaledClock, log: Path) -> None:
        self._child = Child(["tests.browser.outside", str(clock)], {}, log)
        line = self._child.first_line()
        assert line, f"the two sides did not start: {log.read_text()}"
        self.addresses = msgspec.json.decode(line, type=Addresses)

    def sell(self, lines: dict[str, int], **person: str) -> str:
        """A buyer orders; the order's number."""
        return str(self._do("sell", lines=lines, address=person))

    def complete(self, ref: str, code: str = "", carrier: str = "") -> None:
        """The merchant sends it, once it is in the shop."""
        self.wait_until_placed(ref)
        self._do("complete", ref=ref, tracking_number=code, carrier=carrier)

    def ask_to_cancel(self, ref: str) -> None:
        self._do("ask_to_cancel", ref=ref)

    def cancel(self, ref: str) -> None:
        self._do("cancel", ref=ref)

    def wait_until_placed(self, ref: str) -> None:
        until(lambda: bool(self._do("in_shop", ref=ref)), f"order {ref} is in the shop")

    def end(self) -> None:
        self._child.end()

    def _do(self, deed: str, **given: object) -> object:
        connection = HTTPConnection(self.addresses.control.removeprefix("http://"), timeout=20)
        try:
            connection.request("POST", f"/{deed}", json.dumps(given))
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body.decode()
            return json.loads(body)
        finally:
            connection.close()


class Hub:
    """`orderhaven up` on a folder and a free port, and where people find it."""

    def __init__(self, folder: Path, clock: ScaledClock, command: Sequence[str] = _UP) -> None:
        self._folder = folder
        self._command = command
        self._environment = {
            **environment(folder, clock),
            "ORDERHAVEN_LISTEN": f"127.0.0.1:{_free_port()}",
            "ORDERHAVEN_URL": "",
            "ORDERHAVEN_LANGUAGE": "en",
            "ORDERHAVEN_TIME_ZONE": "Europe/Amsterdam",
        }
        self.address = f"http://{self._environment['ORDERHAVEN_LISTEN']}"
        self._child: Child | None = None

    def arrange(self, at: Addresses) -> None:
        """Connections, link and people, before it starts."""
        given = [sys.executable, "-m", "tests.browser.arrange", msgspec.json.encode(at).decode()]
        subprocess.run(given, env={**os.environ, **self._environment}, check=True)

    def start(self) -> None:
        self._child = Child(self._command, self._environment, self._log)
        until(self._answers, f"the hub answers at {self.address}; see {self._log}", _COMES_UP_WITHIN_S)

    def welcome_address(self) -> str:
        """As its log shows it to whoever started it."""
        until(lambda: bool(self._welcomes()), f"the log says where to make the first account; see {self._log}")
        [sentence] = self._welcomes()
        return next(word for word in sentence.split() if word.startswith(self.address))

    def _welcomes(self) -> list[str]:
        """It is said once the page answers, which is a moment before the log has it."""
        said = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [one["say"] for one in said if one["event"] == "no_user_yet"]

    def end(self) -> None:
        if self._child is not None:
            self._child.end()

    @property
    def _log(self) -> Path:
        return self._folder / "hub.log"

    def _answers(self) -> bool:
        assert self._child is not None
        log = self._log.read_text()
        assert not self._child.has_ended, log
        assert "web_cannot_start" not in log, log
        try:
            connection = HTTPConnection(self.address.removeprefix("http://"), timeout=5)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


@contextmanager
def running(folder: Path, *, in_use: bool) -> Iterator[tuple[Hub, BothSides]]:
    """Both sides and the hub: empty, or with connections, link and a person of each role."""
    clock = ScaledClock(datetime.now(UTC), FACTOR)
    context = BothSides(clock, folder / "outside.log")
    hub = Hub(folder, clock)
    try:
        if in_use:
            hub.arrange(context.addresses)
        hub.start()
        yield hub, context
    finally:
        hub.end()
        context.end()


def until(is_so: Callable[[], bool], what: str, within_s: float = _HAPPENS_WITHIN_S) -> None:
    latest = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < latest, f"in vain was waited until {what}"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
