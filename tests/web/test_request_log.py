"""What the web process writes into its log, and what it never writes."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path
from structlog.testing import capture_logs

from orderhaven.web.request_log import quiet_django


def works(request: HttpRequest, name: str) -> HttpResponse:
    structlog.get_logger().info("at_work")
    return HttpResponse()


def breaks(request: HttpRequest, name: str) -> HttpResponse:
    address = "Jansen, Dorpsstraat 1"
    raise LookupError(f"never thought of {len(address)}")


urlpatterns = [path("works/<str:name>", works), path("breaks/<str:name>", breaks)]


@pytest.fixture(autouse=True)
def pages(store: None) -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def log() -> Iterator[list[structlog.typing.EventDict]]:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as written:
        yield written


def client(**headers: str) -> Client:
    return Client(SERVER_NAME="localhost", raise_request_exception=False, headers=headers)


def test_what_changed_something_is_one_line_without_what_was_in_it(log: list[structlog.typing.EventDict]) -> None:
    client().post("/works/jansen?search=jansen", {"name": "Jansen"})

    [line] = [one for one in log if one["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "works/<str:name>", 200)
    assert "jansen" not in str(log).lower()


def test_a_page_that_was_looked_at_is_no_line(log: list[structlog.typing.EventDict]) -> None:
    client().get("/works/jansen")
    client().get("/nothing/jansen")

    assert [one["event"] for one in log] == ["at_work"]


def test_what_nobody_expected_is_written_with_its_trace(log: list[structlog.typing.EventDict]) -> None:
    answer = client().get("/breaks/jansen?search=jansen")

    assert answer.status_code == 500
    assert [(one["event"], one["log_level"], one["route"]) for one in log] == [
        ("request_failed", "error", "breaks/<str:name>"), ("request", "error", "breaks/<str:name>"),
    ]  # fmt: skip
    assert log[0]["exc_info"] is True
    assert "jansen" not in str(log).lower()


def test_every_line_of_a_request_has_its_number_and_so_has_the_answer(log: list[structlog.typing.EventDict]) -> None:
    first, second = (client().post("/works/a").headers["X-Request-ID"] for _ in range(2))

    assert first != second
    assert [one["request_id"] for one in log] == [first, first, second, second]


@pytest.mark.parametrize(
    ("given", "is_kept"), [("7f3a-b2c9.1", True), ("short", False), ("a b c d e f g", False), ("x" * 101, False)]
)
def test_the_number_that_a_proxy_gave_is_kept_if_it_is_one(given: str, is_kept: bool) -> None:
    answer = client(**{"x-request-id": given}).get("/works/a")

    assert (answer.headers["X-Request-ID"] == given) is is_kept


def test_djangos_own_lines_about_requests_are_not_written(caplog: pytest.LogCaptureFixture) -> None:
    names = ("django.request", "django.security.DisallowedHost", "django.security.csrf")
    kept = {name: logging.getLogger(name).level for name in names}
    quiet_django()

    client().get("/nothing/jansen")
    client().get("/breaks/jansen")
    Client(headers={"host": "jansen.example.com"}).get("/works/a")

    for name, level in kept.items():
        logging.getLogger(name).setLevel(level)
    assert "jansen" not in caplog.text
