"""Scenarios as they stand in their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from orderhaven.ports.replay import RecordedRequest


class RecordedAnswer(msgspec.Struct, frozen=True):
    status: int
    body: Any = ""  # text where the answer was not JSON
    headers: dict[str, Any] = {}


class RecordedStep(msgspec.Struct, frozen=True):
    request: RecordedRequest
    answer: RecordedAnswer
    name: str = ""
    before: dict[str, Any] | None = None  # a change of the site before the request
    wait: float = 0  # seconds before the request
    captures: dict[str, str] = {}  # name -> place in the answer
    compare: list[str] | None = None  # places in the answer, where the usual ones do not fit


class Scenario(msgspec.Struct, frozen=True):
    name: str
    steps: list[RecordedStep]
    shop: dict[str, Any] = {}
    products: list[dict[str, Any]] = []


def scenarios_in(folder: Path) -> Sequence[Scenario]:
    """Raises msgspec.ValidationError for a file of another shape."""
    return [msgspec.json.decode(file.read_bytes(), type=Scenario) for file in sorted(folder.glob("*.json"))]
