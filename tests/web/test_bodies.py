"""A request is taken up once all of it is here: how that looks to the server in front and to Django behind."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event, get_ident
from typing import Any

import pytest

from orderhaven.web.bodies import Start, WholeBodies


class Behind:
    """What stands behind, and what it was given to read."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        self.read.append(environ["wsgi.input"].read())
        start("200 OK", [])
        return [b"done"]


class Endless:
    """A body of which the rest does not come until the request is over."""

    def __init__(self) -> None:
        self.is_over = Event()

    def read(self, length: int) -> bytes:
        self.is_over.wait(30)
        return b"0"


def ask(bodies: WholeBodies, body: Any, length: object) -> str:
    said: list[str] = []
    list(bodies({"wsgi.input": body, "CONTENT_LENGTH": str(length)}, lambda status, _headers: said.append(status)))
    return said[0]


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def endless() -> Iterable[Endless]:
    body = Endless()
    yield body
    body.is_over.set()


def test_a_body_that_is_here_is_passed_on_as_it_came(behind: Behind) -> None:
    assert ask(WholeBodies(behind), BytesIO(b"a=1&b=2"), 7) == "200 OK"
    assert behind.read == [b"a=1&b=2"]


@pytest.mark.parametrize("length", ["", "0", "-1", "x", "٣"])
def test_a_request_without_a_body_waits_for_none(behind: Behind, endless: Endless, length: str) -> None:
    endless.is_over.set()

    assert ask(WholeBodies(behind), BytesIO(b""), length) == "200 OK"


def test_a_body_that_does_not_come_in_time_is_not_worked_on(behind: Behind, endless: Endless) -> None:
    assert ask(WholeBodies(behind, within_s=0.01), endless, 10) == "408 Request Timeout"
    assert behind.read == []


def test_a_body_that_breaks_off_is_not_worked_on(behind: Behind) -> None:
    assert ask(WholeBodies(behind), BytesIO(b"act=can"), 30) == "408 Request Timeout"
    assert behind.read == []


def test_of_a_body_that_is_too_big_nothing_is_read(behind: Behind, endless: Endless) -> None:
    assert ask(WholeBodies(behind, within_s=0.01), endless, 10**9) == "200 OK"
    assert behind.read == [b""]


def test_where_too_many_arrive_the_next_is_turned_away_and_who_sends_nothing_is_not(
    behind: Behind, endless: Endless
) -> None:
    bodies = WholeBodies(behind, within_s=0.01, arriving=1)
    ask(bodies, endless, 10)

    assert ask(bodies, BytesIO(b"a=1"), 3) == "408 Request Timeout"
    assert ask(bodies, BytesIO(b""), 0) == "200 OK"


def test_few_are_worked_on_at_once_however_many_come(behind: Behind) -> None:
    workers: set[int] = set()

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        workers.add(get_ident())
        return behind(environ, start)

    bodies = WholeBodies(app, at_once=2)
    with ThreadPoolExecutor(8) as clients:
        said = list(clients.map(lambda _: ask(bodies, BytesIO(b"a=1"), 3), range(40)))

    assert (set(said), len(behind.read), len(workers) <= 2) == ({"200 OK"}, 40, True)


def test_a_form_that_is_too_big_is_refused_whatever_its_kind(store: None) -> None:
    from django.core.wsgi import get_wsgi_application

    def posted(kind: str) -> str:
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": "/login", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "HTTP_HOST": "localhost", "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(10**9), "wsgi.input": BytesIO(b"a=1"),
            "wsgi.url_scheme": "http", "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        said: list[str] = []
        WholeBodies(get_wsgi_application())(environ, lambda status, _headers: said.append(status))
        return said[0][:3]

    assert posted("application/x-www-form-urlencoded") in ("400", "403", "413")
    assert posted("multipart/form-data; boundary=x") in ("400", "403", "413")
