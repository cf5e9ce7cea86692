"""Requests as they reach an application, and clients that stop halfway: the server alone, in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import psutil
import pytest

from orderhaven.web.listen_address import parse_address
from orderhaven.web.server import LANES, Patience, Server, lane_of
from tests.web.test_serve import free_port, until

pytestmark = pytest.mark.processes  # sockets live in real time, and so do limits to how long they may rest
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
HURRIED = Patience(arrives=0.5, taken=0.5, idle=30.0, ends=1.0)
LARGE = 4_000_000


@contextmanager
def serving(app: App, patience: Patience = HURRIED, most: int = 0) -> Iterator[int]:
    port = free_port()
    server = Server(app, parse_address(f"127.0.0.1:{port}"), largest_body=100_000, patience=patience, most=most)
    running = threading.Thread(target=server.run)
    running.start()
    try:
        yield port
    finally:
        server.end()
        running.join(20)
    assert not running.is_alive()


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """What it was given to read, or a long answer."""
    body = b"x" * LARGE if environ["PATH_INFO"] == "/large" else environ["wsgi.input"].read()
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
    start("200 OK", [("Content-Length", str(len(body))), ("X-Forwarded", forwarded)])
    return [body]


def client(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.settimeout(10)
    return made


def asked(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def takes_a_byte(one: socket.socket) -> bool:
    try:
        one.sendall(b"x")
    except OSError:
        return False
    return True


def sockets_of_the_server(port: int) -> int:
    """Beside the one that listens."""
    ours = psutil.Process().net_connections()
    return sum(one.laddr.port == port and one.status != psutil.CONN_LISTEN for one in ours)


@pytest.mark.parametrize(
    "said",
    [b"Content-Length: 7\r\n\r\na=1&b=2", b"Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n"],
    ids=["whole", "in chunks"],
)
def test_a_body_is_passed_on_as_it_came(said: bytes) -> None:
    with serving(echo) as port, client(port) as one:
        one.sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + said)

        answer = b"".join(iter(lambda: one.recv(1000), b""))

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\na=1&b=2")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: loc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nabc",
    ],
    ids=["connected", "header", "body", "chunk"],
)
def test_a_request_that_does_not_arrive_in_time_is_given_up(said: bytes) -> None:
    with serving(echo) as port, client(port) as one:
        one.sendall(said)

        assert one.recv(100) == b""


def test_one_that_sends_a_byte_now_and_then_is_given_up_all_the_same() -> None:
    with serving(echo) as port, client(port) as one:
        one.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")

        until(lambda: not takes_a_byte(one), 10)


def test_an_answer_that_nobody_takes_is_given_up() -> None:
    with serving(echo) as port, socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        one.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: sockets_of_the_server(port) == 1)
        time.sleep(HURRIED.taken + 2.5)  # the server looks every second

        assert sockets_of_the_server(port) == 0


def test_between_two_requests_a_connection_may_rest() -> None:
    with serving(echo) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        for pause_s in (HURRIED.arrives + 2.5, 0):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b""
            time.sleep(pause_s)
        connection.close()


def test_where_there_is_no_more_room_whoever_is_silent_for_longest_goes() -> None:
    with serving(echo, Patience(), most=20) as port, ExitStack() as held:
        silent = [held.enter_context(client(port)) for _ in range(60)]

        assert asked(port, "GET", "/").status == 200
        assert silent[0].recv(100) == b""


def test_a_newcomer_is_answered_whoever_had_its_socket_before() -> None:
    with serving(echo, Patience(), most=20) as port, ExitStack() as held:
        for _ in range(100):
            held.enter_context(client(port))

            assert asked(port, "GET", "/").status == 200


def test_what_is_too_long_reaches_nobody() -> None:
    reached: list[str] = []

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        reached.append(environ["PATH_INFO"])
        return echo(environ, start)

    with serving(app) as port:
        statuses = [asked(port, "GET", "/", X="x" * 40_000).status, asked(port, "POST", "/", b"x" * 100_001).status]

    assert (statuses, reached) == ([431, 413], [])


def test_what_a_proxy_says_is_passed_on() -> None:
    with serving(echo) as port:
        answer = asked(port, "GET", "/", X_Forwarded_For="203.0.113.5")

    assert answer.headers["X-Forwarded"] == "203.0.113.5"


# ---------------------------------------------------------------- lanes


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("GET", "/healthz", "probes"),
        ("HEAD", "/readyz", "probes"),
        ("POST", "/login", "passwords"),
        ("POST", "/welcome", "passwords"),
        ("POST", "/invitation/abc", "passwords"),
        ("POST", "/me/actions", "passwords"),
        ("GET", "/login", "pages"),
        ("POST", "/wolkenwinkel/connections/new/bol", "outside"),
        ("POST", "/wolkenwinkel/connections/bol NL", "outside"),
        ("POST", "/api/v1/connectors/bol/trial", "outside"),
        ("POST", "/api/v1/connections", "outside"),
        ("PATCH", "/api/v1/connections/bol NL", "outside"),
        ("POST", "/wolkenwinkel/orders/bol NL/C1", "outside"),
        ("POST", "/api/v1/orders/bol NL/C1/actions/adopt", "outside"),
        ("POST", "/api/v1/actions", "outside"),
        ("GET", "/wolkenwinkel/orders", "pages"),
        ("POST", "/hooks/abc", "pages"),
        ("GET", "/what\nis this", "pages"),
        ("", "", "pages"),
    ],
)
def test_each_request_has_its_lane(method: str, path: str, lane: str) -> None:
    assert lane_of(method, path).name == lane


def test_what_fills_one_lane_leaves_the_others_free() -> None:
    go_on, at_work, most = threading.Event(), [0], [0]
    turn = threading.Lock()

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            with turn:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            go_on.wait(20)
            with turn:
                at_work[0] -= 1
        return echo(environ, start)

    with serving(app) as port, ExitStack() as held:
        for _stranger in range(20):
            one = held.enter_context(client(port))
            one.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
        until(lambda: at_work[0] > 0)

        assert asked(port, "GET", "/healthz").status == 200
        go_on.set()
        until(lambda: at_work[0] == 0)

    assert most[0] == next(lane.threads for lane in LANES if lane.name == "passwords") == 2
