"""Where an answer differs from the recorded one."""

from collections.abc import Mapping
from typing import Any

import msgspec

from orderhaven.ports.replay import ReplayedResponse, Stage
from orderhaven.testing.replay.names import Names
from orderhaven.testing.replay.recording import RecordedStep

_HEADERS = ("x-wp-total", "x-wp-totalpages", "retry-after")


class Missing:
    """Stands for a field that is not there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


class Difference(msgspec.Struct, frozen=True):
    path: str
    recorded: Any
    given: Any


class ResponseComparison:
    """Of one step. `differences` is filled by `compare`."""

    def __init__(self, stage: Stage, names: Names, step: RecordedStep) -> None:
        self._stage = stage
        self._names = names
        self._step = step
        self.differences: list[Difference] = []

    def compare(self, answer: ReplayedResponse) -> list[Difference]:
        recorded, given = self._step.answer, read_body(answer.body)
        self._names.learn(recorded.body, given)
        self._check("status", recorded.status, answer.status)
        self._check("is JSON", not isinstance(recorded.body, str), not isinstance(given, str))
        for name in _HEADERS:
            if name in recorded.headers:
                self._check(name, recorded.headers[name], answer.headers.get(name, MISSING), always=True)
        if (recorded.status < 400) != (answer.status < 400):
            self._compare_codes(recorded.body, given)
        elif not isinstance(recorded.body, str) and not isinstance(given, str):
            self._compare_bodies(recorded.body, given)
        for name, path in self._step.captures.items():
            if (value := at_path(given, path)) is not MISSING:
                self._names.values.setdefault(name, value)
        return self.differences

    def _compare_codes(self, recorded: Any, given: Any) -> None:
        """One of them refuses, and the other does not."""
        if isinstance(recorded, dict) and "code" in recorded:
            self._differ("code", recorded["code"], MISSING)
        elif isinstance(given, dict) and "code" in given:
            self._differ("code", MISSING, given["code"])

    def _compare_bodies(self, recorded: Any, given: Any) -> None:
        if self._step.compare is not None:
            for path in self._step.compare:
                self._check(path, at_path(recorded, path), at_path(given, path))
        elif isinstance(recorded, list) != isinstance(given, list):
            self._differ("body is a list", isinstance(recorded, list), isinstance(given, list))
        elif not isinstance(recorded, list):
            self._compare_rows("", recorded, given)
        elif len(recorded) != len(given):
            self._differ("rows", len(recorded), len(given))
        else:
            for at, (row, other) in enumerate(zip(recorded, given, strict=True)):
                self._compare_rows(f"{at}.", row, other)

    def _compare_rows(self, prefix: str, recorded: Any, given: Any) -> None:
        wanted, found = self._stage.compared(recorded), self._stage.compared(given)
        for path, value in wanted.items():
            self._check(prefix + path, value, found.get(path, MISSING))
        for path in found.keys() - wanted.keys():
            if path.startswith("meta "):  # an entry of a table of keys and values: one too many differs as well
                self._differ(prefix + path, MISSING, found[path])

    def _check(self, path: str, recorded: Any, given: Any, *, always: bool = False) -> None:
        required = always or self._step.compare is not None or self._stage.is_compared_always(path)
        if given is MISSING and (recorded is MISSING or not required):
            return
        if recorded is MISSING or given is MISSING or not self._names.agree(recorded, given):
            self._differ(path, recorded, given)

    def _differ(self, path: str, recorded: Any, given: Any) -> None:
        self.differences.append(Difference(path, recorded, given))


def read_body(data: bytes) -> Any:
    """JSON where it is JSON from the first byte; else text."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data.decode(errors="replace")


def at_path(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = _step_into(body, part)
    return body


def _step_into(body: Any, part: str) -> Any:
    if isinstance(body, list) and part.lstrip("-").isdigit() and -len(body) <= int(part) < len(body):
        return body[int(part)]
    return body.get(part, MISSING) if isinstance(body, Mapping) else MISSING
