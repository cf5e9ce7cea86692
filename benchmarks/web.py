"""stuck_p95_ratio: a page while 500 sockets hold on to the web server, against the same page of one that nobody holds on to.

In each state in which a client can stop: after the connection, within the header, the body or a chunk, before the answer is
read. Two servers on one store are asked in turn by five users, so that whatever else the machine does slows both; the worst
of all states counts, 5 s past the longest time limit and again after the sockets have gone.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

MOST_RATIO, MOST_MB = 1.5, 50.0
USERS = 5
_PAGES = 2  # that each user looks at, one after the other
_ROUNDS = 16
_PAST_THE_LIMIT_S = 5.0
_LARGE_FILE = "/static/ninja/swagger-ui-bundle.js"  # no answer that a stranger gets is longer
_HEAD = "HTTP/1.1\r\nHost: localhost\r\n"
STATES: Mapping[str, bytes] = {
    "connected": b"",
    "half a header": b"GET /login HTTP/1.1\r\nHost: loc",
    "half a body": f"POST /login {_HEAD}Content-Length: 1000\r\n\r\nabc".encode(),
    "half a chunk": f"POST /login {_HEAD}Transfer-Encoding: chunked\r\n\r\n400\r\nabc".encode(),
    "answer not read": f"GET {_LARGE_FILE} {_HEAD}\r\n".encode(),
}


@contextmanager
def stuck(port: int, said: bytes, number: int) -> Iterator[None]:
    """So many clients that say this, and nothing after it."""
    with ExitStack() as held:
        for _ in range(number):
            client = held.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(10)
            client.connect(("127.0.0.1", port))
            client.sendall(said)
        yield


@dataclass
class Web:
    """A web server, and how its page was."""

    port: int
    process: psutil.Process
    cookie: str
    took_s: list[float] = field(default_factory=list)
    failed: int = 0

    def look(self) -> None:
        with ThreadPoolExecutor(USERS) as users:
            for user in range(USERS):
                users.submit(self._be_user, user)

    def _be_user(self, _user: int) -> None:
        for _ in range(_PAGES):
            began = time.perf_counter()
            if self._page():
                self.took_s.append(time.perf_counter() - began)
            else:
                self.failed += 1

    def _page(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/benchmark/orders", headers={"Cookie": self.cookie, "Host": "localhost"})
            answer = connection.getresponse()
            return answer.status == 200 and bool(answer.read())
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def memory_mb(self) -> float:
        every = [self.process, *self.process.children(recursive=True)]
        return sum(one.memory_info().rss for one in every) / 1e6

    def p95_s(self) -> float:
        took = sorted(self.took_s)
        return took[int(len(took) * 0.95)] if took else float("inf")

    def forget(self) -> None:
        self.took_s.clear()


@dataclass
class Worst:
    ratio: float = 0.0
    failed: int = 0
    more_mb: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-web", description=__doc__)
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--states", nargs="*", choices=list(STATES), default=list(STATES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orderhaven-bench-") as folder:
        os.environ |= {"ORDERHAVEN_DATA": folder, "ORDERHAVEN_KEY_FILE": f"{folder}/keys", "ORDERHAVEN_LANGUAGE": "en"}
        for name in ("ORDERHAVEN_DATABASE_URL", "ORDERHAVEN_KEYS", "ORDERHAVEN_URL", "ORDERHAVEN_UNSAFE_SYNC"):
            os.environ.pop(name, None)
        cookie = _make_store()
        with _serving(Path(folder), cookie) as held, _serving(Path(folder), cookie) as free:
            worst = _measure(held, free, given.states, given.sockets)
    print(f"\nstuck_p95_ratio {worst.ratio:.3f}")
    print(f"failed_requests {worst.failed}")
    print(f"more_memory_mb {worst.more_mb:.1f}")
    return 1 if worst.ratio > MOST_RATIO or worst.failed or worst.more_mb > MOST_MB else 0


def _measure(held: Web, free: Web, states: list[str], sockets: int) -> Worst:
    from orderhaven.web.server import PATIENCE

    limit_s = max(PATIENCE.arrives, PATIENCE.taken)
    worst = Worst()
    _compared(held, free)  # to warm up
    before_mb = held.memory_mb()
    print(f"{'':18} {'p95 s':>7} {'alone':>7} {'ratio':>7} {'failed':>7} {'MB more':>8}")
    for state in states:
        with stuck(held.port, STATES[state], sockets):
            _note(worst, held, free, before_mb, f"{state}, at once")
            time.sleep(limit_s + _PAST_THE_LIMIT_S)
            _note(worst, held, free, before_mb, f"{state}, later")
        _note(worst, held, free, before_mb, f"{state}, gone")
    return worst


def _note(worst: Worst, held: Web, free: Web, before_mb: float, name: str) -> None:
    ratio = _compared(held, free)
    more_mb = held.memory_mb() - before_mb
    print(
        f"{name:26} {held.p95_s():7.3f} {free.p95_s():7.3f} {ratio:7.2f} {held.failed:7} {more_mb:8.1f}",
        flush=True,
    )
    worst.ratio, worst.more_mb = max(worst.ratio, ratio), max(worst.more_mb, more_mb)
    worst.failed = held.failed + free.failed


def _compared(held: Web, free: Web) -> float:
    for web in (held, free):
        web.forget()
    for number in range(_ROUNDS):
        for web in (held, free)[:: 1 if number % 2 else -1]:
            web.look()
    return held.p95_s() / free.p95_s()


# below: what is looked at


def _make_store() -> str:
    """Orders, and the cookie of somebody who may look at them."""
    from orderhaven.store.upkeep.setup import open_store

    open_store()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connections

    from benchmarks.years import write_years

    person = write_years(400, datetime.now(UTC)).person
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    connections.close_all()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@contextmanager
def _serving(folder: Path, cookie: str) -> Iterator[Web]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "orderhaven.web.serve"],
            env={**os.environ, "ORDERHAVEN_LISTEN": f"127.0.0.1:{port}"}, stdin=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
    try:
        _wait_for(port, process)
        yield Web(port, psutil.Process(process.pid), cookie)
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    latest = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < latest:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the web server did not come up")


if __name__ == "__main__":
    sys.exit(main())
