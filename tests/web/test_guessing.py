"""Strangers who try passwords, and what everybody else notices of it: a real server, which really hashes what they try."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import pytest

from tests.web.test_serve import environment, free_port, until

pytestmark = pytest.mark.processes
STRANGERS = 20
ASKED = 20
WHERE = "localhost"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Guessing:
    """Each try is for another account and comes from another place, so that no limit spares the server the hashing."""

    port: int
    numbers: Iterator[int] = field(default_factory=itertools.count)
    ends: threading.Event = field(default_factory=threading.Event)
    answers: list[int] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        strangers = [threading.Thread(target=self._try) for _ in range(STRANGERS)]
        for one in strangers:
            one.start()
        try:
            yield
        finally:
            self.ends.set()
            for one in strangers:
                one.join(60)

    def _try(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie, token = form_of(connection, "/login")
        while not self.ends.is_set():
            number = next(self.numbers)
            given = {"csrfmiddlewaretoken": token, "email": f"{number}@example.com", "password": f"a guess {number}"}
            place = f"203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            began = time.perf_counter()
            send(connection, "/login", given, cookie, place)
            answer = connection.getresponse()
            answer.read()
            self.answers.append(answer.status)
            self.took_s.append(time.perf_counter() - began)


def form_of(connection: HTTPConnection, path: str) -> tuple[str, str]:
    """The cookie and the token that belong to it."""
    connection.request("GET", path, headers=_as_by_https("203.0.0.1"))
    answer = connection.getresponse()
    token = _TOKEN.search(answer.read().decode())
    assert token is not None
    return str(answer.headers["Set-Cookie"]).partition(";")[0], token[1]


def send(connection: HTTPConnection, path: str, given: dict[str, str], cookie: str, place: str = "203.0.0.1") -> None:
    body = urlencode(given)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    ours = {"Cookie": cookie, "Referer": f"https://{WHERE}{path}"}
    connection.request("POST", path, body, {**_as_by_https(place), **kind, **ours})


def _as_by_https(place: str) -> dict[str, str]:
    return {"Host": WHERE, "X-Forwarded-Proto": "https", "X-Forwarded-For": place}


def slowest_of_twenty(port: int, path: str) -> float:
    """p95, in seconds."""
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path, headers=_as_by_https("203.0.0.2"))
        assert connection.getresponse().status == 200
        connection.close()
        took.append(time.perf_counter() - began)
        time.sleep(0.03)  # as monitoring and people ask, not one after the other
    return sorted(took)[int(ASKED * 0.95)]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A web server with one person."""
    found = free_port()
    env = {**environment(tmp_path), "ORDERHAVEN_URL": f"https://{WHERE}", "ORDERHAVEN_LISTEN": f"127.0.0.1:{found}"}
    command = [sys.executable, "-m", "orderhaven.cli.main", "welcome"]
    said = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "orderhaven.web.serve"], env=env, stdin=subprocess.DEVNULL, stderr=log
        )
    try:
        until(lambda: "web_started" in (tmp_path / "log").read_text())
        _make_account(found, re.search(r"code=(\w+)", said)[1])  # type: ignore[index]
        yield found
    finally:
        server.kill()
        server.wait()


def _make_account(port: int, code: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    cookie, token = form_of(connection, "/welcome")
    given = {"email": "anna@example.com", "name": "Anna", "password": "a long one, of words", "trade": "Wolkenwinkel"}
    send(connection, "/welcome", {"csrfmiddlewaretoken": token, "code": code, **given}, cookie)
    assert connection.getresponse().status == 302


def test_who_tries_passwords_waits_for_the_others_who_do_and_nobody_else_does(port: int) -> None:
    guessing = Guessing(port)

    with guessing.under_way():
        until(lambda: len(guessing.answers) >= 5)
        waited_s = {path: slowest_of_twenty(port, path) for path in ("/healthz", "/login")}

    assert set(guessing.answers) == {422}
    assert max(waited_s.values()) < 0.1 * median(guessing.took_s)
