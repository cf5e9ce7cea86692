"""Recordings are played against a sandbox, and what differs is named: here against a server that keeps notes."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderhaven.ports.connector import Clock
from orderhaven.ports.replay import (
    ComparisonRules,
    NotSimulated,
    RecordedRequest,
    ReplayedResponse,
    SentRequest,
    Variant,
)
from orderhaven.testing.replay.playing import ReplayedStep, ReplayVerdict, play
from orderhaven.testing.replay.recording import Scenario, scenarios_in
from orderhaven.testing.replay.requests import forms_of, what_was_taken


class Notes:
    """POST /notes makes one, GET /notes/ID shows it, DELETE is not played."""

    ways: Sequence[Variant] = (Variant(),)
    likeness = ComparisonRules()
    articles: Sequence[Any] = ()
    sent: Sequence[SentRequest] = ()
    sandbox = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notes: list[dict[str, Any]] = []
        self._is_open = True

    def prepare(self, settings: Mapping[str, Any], products: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        if settings.get("cloud"):
            raise NotSimulated("there is no cloud here")
        return {"user:me": 7}

    def change(self, change: Mapping[str, Any]) -> None:
        if change.get("site") == "on fire":
            raise NotSimulated("it cannot burn")
        self._is_open = change.get("site") != "closed"

    async def answer(self, request: RecordedRequest) -> ReplayedResponse:
        if not self._is_open:
            return ReplayedResponse(503, {}, b"closed")
        if request.method == "DELETE":
            raise NotSimulated("notes stay")
        if request.method == "GET":
            return _json(200, self._notes[int(request.path.rpartition("/")[2]) - 41])
        made = {**request.body, "id": len(self._notes) + 41, "at": f"{self._clock.now():%Y-%m-%dT%H:%M:%S}"}
        self._notes.append(made)
        return _json(201, made)

    def compared(self, row: Any) -> Mapping[str, Any]:
        return {name: value for name, value in row.items() if name != "colour"}

    def is_compared_always(self, path: str) -> bool:
        return path == "text"

    def open(self, **settings: str) -> Any:
        raise AssertionError("nothing is opened here")


def _json(status: int, body: Any) -> ReplayedResponse:
    return ReplayedResponse(status, {}, json.dumps(body).encode())


def played(*steps: dict[str, Any], **more: Any) -> Sequence[ReplayedStep]:
    scenario = msgspec.convert({"name": "notes", "steps": list(steps), **more}, Scenario)
    return asyncio.run(play(scenario, Notes))


def made(body: Any, text: str = "milk", status: int = 201, **more: Any) -> dict[str, Any]:
    request = {"method": "POST", "path": "/notes", "body": {"text": text}}
    return {"request": request, "answer": {"status": status, "body": body}, **more}


def read(path: str, body: Any) -> dict[str, Any]:
    return {"request": {"method": "GET", "path": path}, "answer": {"status": 200, "body": body}}


def paths(one: ReplayedStep) -> list[str]:
    return [difference.path for difference in one.differences]


def test_an_answer_as_recorded_is_the_same_but_for_ids_and_moments() -> None:
    one, other = played(
        made({"id": "{note1}", "text": "milk", "at": "{now}"}),
        read("/notes/{note1}", {"id": "{note1}", "text": "milk", "at": "{step 1}"}),
    )

    assert (one.outcome, other.outcome) == (ReplayVerdict.SAME, ReplayVerdict.SAME)


@pytest.mark.parametrize(
    ("body", "differs"),
    [
        ({"text": "bread"}, ["text"]),
        ({"text": "milk", "at": "{step 0}"}, ["at"]),
        ({"id": 40, "text": "milk"}, ["id"]),
        ({"text": "milk", "colour": "red"}, []),
        ({"text": "milk", "size": 3}, []),
    ],
)
def test_every_other_field_that_is_compared_must_be_the_same(body: Any, differs: list[str]) -> None:
    (one,) = played(made(body))

    assert paths(one) == differs


def test_a_field_that_is_always_compared_may_not_be_left_out() -> None:
    (step,) = [made({"text": "milk"})]
    step["request"]["body"] = {"colour": "red"}

    (one,) = played(step)

    assert paths(one) == ["text"]


def test_the_same_name_is_the_same_value_throughout() -> None:
    one, other = played(made({"id": "{note1}"}), made({"id": "{note1}"}))

    assert (paths(one), paths(other)) == ([], ["id"])


def test_another_status_and_what_is_no_data_are_reported() -> None:
    one, other = played(made("a page", status=400), made({}, before={"site": "closed"}))

    assert paths(one) == ["status", "is JSON"]
    assert paths(other) == ["status", "is JSON"]


def test_what_is_not_played_takes_along_the_steps_that_need_it() -> None:
    deleted = {
        "request": {"method": "DELETE", "path": "/notes/41"},
        "answer": {"status": 200, "body": {"id": "{bin1}"}},
    }
    first, removed, needs_it, last = played(
        made({"id": "{note1}"}), deleted, read("/bins/{bin1}", {}), read("/notes/{note1}", {"text": "milk"})
    )

    assert [one.outcome for one in (first, removed, needs_it, last)] == [
        ReplayVerdict.SAME,
        ReplayVerdict.NOT_PLAYED,
        ReplayVerdict.NOT_PLAYED,
        ReplayVerdict.SAME,
    ]
    assert (removed.reason, "step 2" in needs_it.reason) == ("notes stay", True)


def test_a_state_or_a_setting_that_there_is_not_is_not_played() -> None:
    burning, decoded_leniently = played(
        made({}, before={"site": "on fire"}), made({"text": "milk"}, before={"site": ""})
    )
    (in_the_cloud,) = played(made({}), shop={"cloud": True})

    assert (burning.outcome, decoded_leniently.outcome, in_the_cloud.outcome) == (
        ReplayVerdict.NOT_PLAYED,
        ReplayVerdict.SAME,
        ReplayVerdict.NOT_PLAYED,
    )


def test_a_sandbox_that_breaks_down_differs() -> None:
    (one,) = played(read("/notes/99", {}))

    assert paths(one) == ["answer"]
    assert "IndexError" in one.differences[0].given


def test_a_folder_is_read_file_by_file_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, "steps": [made({})]}))

    assert [scenario.name for scenario in scenarios_in(tmp_path)] == ["a", "b"]


TAKEN = what_was_taken(
    [
        msgspec.convert(
            {
                "name": "taken",
                "steps": [
                    {
                        "request": {
                            "method": "POST",
                            "path": "/notes/{note1}",
                            "query": {"as": "x"},
                            "body": {"text": "milk"},
                        },
                        "answer": {"status": 201, "body": {}},
                    },
                    {
                        "request": {"method": "POST", "path": "/notes/{note1}", "body": {"text": ""}},
                        "answer": {"status": 400, "body": {}},
                    },
                ],
            },
            Scenario,
        )
    ],
    ComparisonRules(beside_any=frozenset({"page"})),
)


@pytest.mark.parametrize(
    ("sent", "why_not"),
    [
        (SentRequest("POST", "/notes/5", ("as", "page"), b'{"text": "bread"}'), ""),
        (SentRequest("PUT", "/notes/5", (), b'{"text": "bread"}'), "no such request"),
        (SentRequest("POST", "/notes/5/lines", (), b""), "no such request"),
        (SentRequest("POST", "/notes/5", ("by",), b'{"text": "bread"}'), "in its query"),
        (SentRequest("POST", "/notes/5", ("as",), b'{"text": "bread", "colour": "red"}'), "lacks colour"),
        (SentRequest("POST", "/notes/5", ("as",), b'{"text": ""}'), "text (empty text)"),
        (SentRequest("POST", "/notes/5", ("as",), b'{"text": 5}'), "text (int)"),
    ],
)
def test_a_request_of_the_connector_must_be_like_one_that_the_server_took(sent: SentRequest, why_not: str) -> None:
    (form,) = forms_of([sent], TAKEN.likeness)

    assert why_not in TAKEN.why_not(form)
    assert bool(why_not) == bool(TAKEN.why_not(form))
