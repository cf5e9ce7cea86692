"""Errors that programs understand: whatever goes wrong, in the asker's language, never a trace."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import IntegrityError, OperationalError, connection
from django.test import Client, RequestFactory
from ninja import NinjaAPI

from orderhaven.api import errors
from orderhaven.api.interface import Interface, make_api
from orderhaven.api.rate_limit import BURST, PER_MINUTE, RateLimiter
from orderhaven.api.services import Services
from orderhaven.store.connections.keys import KeysLost
from orderhaven.testing.clock import START, ManualClock
from tests.api.conftest import Program, serving, token_for
from tests.journeys.conftest import Trade


def test_an_address_of_nothing_is_an_error_too(program: Program) -> None:
    for address in ("/nothing", "/orders/", "/connections/a/b", "/orders/counts/"):
        answer = program.get(address)
        assert (answer.status_code, answer.headers["Content-Type"], answer.json()["title"]) == (
            404, "application/problem+json", "Not found",
        )  # fmt: skip


def test_a_method_that_an_address_does_not_take(program: Program) -> None:
    answer = program.sends("DELETE", "/connections/bol NL")

    assert (answer.status_code, answer.json()["type"]) == (405, "urn:orderhaven:error:method")
    assert answer.headers["Allow"] == "GET, HEAD, PATCH"


def test_head_is_a_get_without_a_body(program: Program) -> None:
    got, head = program.get("/links"), program.sends("HEAD", "/links")

    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(got.content)))


def test_sentences_come_in_the_askers_language(program: Program) -> None:
    asked = {"Accept-Language": "nl"}

    answer = program.sends("GET", "/nothing", headers=asked)

    assert (answer.headers["Content-Language"], answer.json()["title"]) == ("nl", "Niet gevonden")
    assert {"Accept-Language", "Authorization"} <= {one.strip() for one in answer.headers["Vary"].split(",")}


def test_every_kind_of_error_has_a_name_of_its_own(program: Program) -> None:
    for kind, (status, title, _detail) in errors.KINDS.items():
        said = errors.error_response(kind)
        assert (said.status_code, said.headers["Content-Type"]) == (status, "application/problem+json")
        assert title


# ---------------------------------------------------------------- what nobody expected


class Trouble:
    """An address behind which somebody raises something."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.api = NinjaAPI(urls_namespace="trouble")
        errors.say_errors(self.api)

    def answers(self) -> Any:
        request = RequestFactory().get("/")
        try:
            raise self._error
        except type(self._error) as error:
            return self.api.on_exception(request, error)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    seen: list[Any] = []

    def note(sender: Any, request: Any = None, **_: Any) -> None:
        seen.append(request)

    got_request_exception.connect(note)
    yield seen
    got_request_exception.disconnect(note)


def test_an_error_of_ours_is_logged_and_not_shown(logged: list[Any]) -> None:
    answer = Trouble(RuntimeError("the secret is 42")).answers()

    assert (answer.status_code, b"42" in answer.content, len(logged)) == (500, False, 1)


def test_a_full_disk_is_not_an_error_of_ours(logged: list[Any]) -> None:
    answer = Trouble(OperationalError("database or disk is full")).answers()

    assert (answer.status_code, b"Make room" in answer.content, logged) == (503, True, [])


def test_what_postgresql_says_of_itself_stays_in_the_log(
    logged: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "vendor", "postgresql")

    answer = Trouble(OperationalError('password authentication failed for user "hub" at 10.0.0.2')).answers()

    assert (answer.status_code, b"10.0.0.2" in answer.content, logged) == (503, False, [])
    assert "10.0.0.2" in capsys.readouterr().out


def test_what_somebody_else_made_at_the_same_moment_is_no_error_of_ours(logged: list[Any]) -> None:
    meanwhile = Trouble(IntegrityError("UNIQUE constraint failed: store_connection.name")).answers()
    ours = Trouble(IntegrityError("NOT NULL constraint failed: store_connection.name")).answers()

    assert (meanwhile.status_code, ours.status_code, len(logged)) == (409, 500, 1)


def test_a_statement_that_fails_is_an_error_of_ours(logged: list[Any]) -> None:
    assert Trouble(OperationalError("no such column: colour")).answers().status_code == 500
    assert len(logged) == 1


def test_lost_keys_are_said(logged: list[Any]) -> None:
    assert Trouble(KeysLost("Bring the key file back.")).answers().status_code == 503


# ---------------------------------------------------------------- how much a token may ask


def test_a_burst_is_followed_by_a_trickle() -> None:
    clock, allowance = ManualClock(), RateLimiter()

    burst = [allowance.take(1, clock.now()).wait_s for _ in range(BURST + 1)]
    clock.advance(clock.in_real(60 / PER_MINUTE))
    after_a_while = [allowance.take(1, clock.now()).wait_s for _ in range(2)]

    assert burst == [0] * BURST + [1]
    assert after_a_while == [0, 1]


def test_tokens_do_not_share_what_they_may_ask() -> None:
    allowance = RateLimiter(burst=1)

    assert [allowance.take(token, START).wait_s for token in (1, 1, 2)] == [0, 1, 0]


def test_a_clock_that_goes_back_fills_nothing() -> None:
    clock, allowance = ManualClock(), RateLimiter(burst=1)
    later = clock.now() + clock.in_real(60)

    allowance.take(1, later)

    assert allowance.take(1, clock.now()).wait_s == 1
    assert allowance.take(1, later).wait_s == 1


def test_a_clock_that_was_ahead_stops_no_token_for_hours() -> None:
    clock, allowance = ManualClock(), RateLimiter(burst=1)
    allowance.take(1, clock.now() + clock.in_real(24 * 3600))
    allowance.take(1, clock.now())

    clock.advance(clock.in_real(60 / PER_MINUTE))

    assert allowance.take(1, clock.now()).wait_s == 0


def test_a_token_that_asks_too_much_gets_the_time_to_retry(trade: Trade) -> None:
    world = Services(lambda: trade.clock, lambda: trade.hub.transport, trade.hub.specs_by_name, RateLimiter(burst=2))
    with serving(make_api(world)):
        client = Client(SERVER_NAME="localhost")
        program = Program(client, client.get("/api/v1/openapi.json").json(), token_for(trade))

        answers = [program.get("/links") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert (answers[2].headers["RateLimit-Limit"], answers[2].headers["Retry-After"]) == ("2", "1")


# ---------------------------------------------------------------- the description


def test_every_operation_says_what_it_may_answer(program: Program) -> None:
    for address, operations in program.described["paths"].items():
        for method, operation in operations.items():
            answers = set(operation["responses"])
            assert {"401", "403", "429"} <= answers, f"{method} {address}"
            assert operation["security"] == [{"Bearer": []}]
            assert operation["summary"]
            assert operation["description"]
            assert "{" not in address or "404" in answers, f"{method} {address}"


def test_operations_have_names_of_their_own(program: Program) -> None:
    names = [one["operationId"] for operations in program.described["paths"].values() for one in operations.values()]

    assert len(names) == len(set(names))


def test_no_two_things_share_a_name(api: Interface) -> None:
    """In the description one would take the place of the other, unsaid."""
    found: dict[tuple[str, str], set[str]] = {}
    for router in api._get_bound_routers():
        for operation in (one for view in router.path_operations.values() for one in view.operations):
            answers = [model for model in operation.response_models.values() if model is not None]
            for mode, models in (("validation", operation.models), ("serialization", answers)):
                for model in models:
                    for name, schema in model.model_json_schema(mode=mode).get("$defs", {}).items():
                        found.setdefault((mode, name), set()).add(json.dumps(schema, sort_keys=True))
                        if "enum" in schema:
                            found.setdefault(("words", name), set()).add(json.dumps(schema["enum"]))

    assert found
    assert {} == {name: schemas for name, schemas in found.items() if len(schemas) > 1}


def test_every_operation_and_error_stands_on_the_page(program: Program) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text()
    described = {
        (method.upper(), address.removeprefix("/api/v1"))
        for address, operations in program.described["paths"].items()
        for method in operations
    }

    assert described == set(re.findall(r"^\| `(\w+) (/[^`]*)`", page, re.MULTILINE))
    assert set(errors.KINDS) == set(re.findall(r"^\| `urn:orderhaven:error:([\w-]+)`", page, re.MULTILINE))


def test_the_page_for_people_asks_nothing_of_others(program: Program) -> None:
    page = program.client.get("/api/v1/docs")

    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert b"//" not in page.content.replace(b"<!DOCTYPE html>", b"")
    assert b'"validatorUrl": null' in page.content


def test_without_a_page_the_address_leads_to_the_description(program: Program) -> None:
    assert program.client.get("/api/v1/").headers["Location"] == "/api/v1/docs"
    assert program.client.post("/api/v1/docs").status_code == 405


def test_the_hub_serves_it_at_its_address(store: None) -> None:
    client = Client(SERVER_NAME="localhost")

    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "Orderhaven"
    assert client.get("/api/v1/orders").status_code == 401
    for answer in (client.get("/api/v1/nothing"), client.get("/api/v2/orders"), Client().get("/api/v1/orders")):
        assert answer.headers["Content-Type"] == "application/problem+json"
