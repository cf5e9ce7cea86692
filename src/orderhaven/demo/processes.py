"""Processes that the demo starts, and ends by their own id and nobody else's."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path

import msgspec

from orderhaven.demo.sandboxes import Addresses, Wanted
from orderhaven.demo.sides import OutsideView

_ENDS_WITHIN_S = 15.0
_ANSWERS_WITHIN_S = 20.0


class CannotPlay(Exception):
    """The day cannot be played; the text says why and where to look."""


class Child:
    """A Python module as a process of its own. It ends with this one: the end of its standard input tells it to."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C in the terminal is for this process; it ends its children itself
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def first_line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.readline()

    def end(self) -> None:
        """Ask it to end; insist after a while."""
        if not self.has_ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                pipe.close()


class Sandboxes:
    """The process of both sandboxes, and what it says at its control endpoint."""

    def __init__(self, wanted: Wanted, log: Path) -> None:
        self._child = Child(["orderhaven.demo.sandboxes", msgspec.json.encode(wanted).decode()], {}, log)
        self._log = log
        self._addresses: Addresses | None = None

    @property
    def addresses(self) -> Addresses:
        """Waits until they listen. Raises CannotPlay."""
        if self._addresses is None:
            line = self._child.first_line()
            if not line:
                raise CannotPlay(f"The sandboxes did not start: see {self._log}")
            self._addresses = msgspec.json.decode(line, type=Addresses)
        return self._addresses

    def begin(self) -> None:
        self._ask("POST", "/begin")

    def look(self) -> OutsideView:
        return msgspec.json.decode(self._ask("GET", "/state"), type=OutsideView)

    def end(self) -> None:
        self._child.end()

    def _ask(self, method: str, path: str) -> bytes:
        connection = HTTPConnection(self.addresses.control.removeprefix("http://"), timeout=_ANSWERS_WITHIN_S)
        try:
            connection.request(method, path)
            return connection.getresponse().read()
        finally:
            connection.close()
