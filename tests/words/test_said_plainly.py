"""Sentences hold no word of a program: no class, no number that nobody counts, no option of a command, no empty name."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import msgspec
import pytest

import orderhaven
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.actions.probing import sentence_of
from orderhaven.connectors.kit.decoding import in_words, kind_of
from orderhaven.core.errors import AccessRejected, AuthRejected, ClockOff, WrongAddress
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import name_connection
from orderhaven.core.sentences import sentence
from orderhaven.testing.clock import ManualClock

SOURCE = Path(orderhaven.__file__).parent
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


@pytest.mark.parametrize(
    ("seconds", "apart"),
    [("22863210", "265 days"), ("-7300", "2 hours"), ("600", "10 minutes"), ("61", "61 seconds"), ("1", "1 second")],
)
def test_how_far_clocks_are_apart_is_said_as_people_say_it(seconds: str, apart: str) -> None:
    said = sentence(ProblemKind.CLOCK_OFF, {"side": "Webshop", "seconds": seconds})

    assert f"of Webshop are {apart} apart" in said


@pytest.mark.parametrize(
    "error",
    [
        AuthRejected("bol", "wrong"),
        AccessRejected("bol", "blocked"),
        WrongAddress("https://shop.example", "status 404"),
        ClockOff("bol", 900),
    ],
)
def test_before_there_is_a_connection_nobody_is_asked_to_resume_it(error: Any) -> None:
    assert "resume" not in sentence_of(error, "bol")
    assert "resume" in str(error)


def test_an_order_without_a_number_is_asked_for() -> None:
    context = ActionContext("anna", 1, ManualClock())

    for nothing in ("", "  ", "bol NL/", "bol NL/ "):
        with pytest.raises(ActionRefused, match="Say which order it is"):
            context.order(nothing)


def test_a_reason_names_the_connection_where_that_is_known() -> None:
    assert name_connection("The shop cannot be reached: no such host", "Webshop") == (
        "Webshop cannot be reached: no such host"
    )
    assert name_connection("bol did not answer in time", "bol NL") == "bol did not answer in time"


class Colour(StrEnum):
    RED = "red"


class Row(msgspec.Struct):
    number: int
    name: str | None = None
    at: datetime | None = None
    colour: Colour = Colour.RED
    size: Annotated[int, msgspec.Meta(ge=1)] = 1
    code: Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")] = ""
    choice: Literal["a", "b"] = "a"
    sum: Decimal = Decimal(0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"number": "x"}', "number is text instead of a number"),
        (b'{"number": 1, "name": []}', "name is a list instead of text or nothing"),
        (b'{"name": "x"}', "number is missing"),
        (b"[]", "it is a list instead of an object"),
        (b'{"number": 1, "colour": "Quastenberg"}', "colour cannot be read"),
        (b'{"number": 1, "choice": "Quastenberg"}', "choice cannot be read"),
        (b'{"number": 1, "at": "Quastenberg"}', "at should be a moment"),
        (b'{"number": 1, "sum": "Quastenberg"}', "sum should be a number"),
        (b'{"number": 1, "code": "Quastenberg"}', "code cannot be read"),
        (b'{"number": 1, "size": 0}', "size should be a number >= 1"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said_in_words(body: bytes, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Row)

    assert in_words(str(caught.value)) == said


def test_no_kind_of_value_is_called_by_its_name_in_python() -> None:
    values = ("x", 1, 1.5, True, None, [], {}, SimpleNamespace())

    assert {kind_of(value) for value in values}.isdisjoint({"str", "int", "float", "bool", "NoneType", "list", "dict"})


def test_no_sentence_of_an_action_asks_users_to_type_an_option() -> None:
    """What an action says is read on a page as well."""
    found = {
        f"{path.name}: {flag}"
        for path in (SOURCE / "actions").glob("*.py")
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith("#")
        for flag in _FLAG.findall(line)
    }

    assert found <= {"problem_actions.py: --again"}  # a name, not a sentence


@pytest.mark.parametrize("folder", ["sync", "store", "actions", "connectors", "web", "words", "notifications"])
def test_the_class_of_an_error_is_for_the_log_alone(folder: str) -> None:
    found = [
        f"{path.name}: {line.strip()}"
        for path in (SOURCE / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if "type(error).__name__" in line or "type(answer).__name__" in line
    ]

    assert found == []
