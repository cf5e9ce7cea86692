"""Whether the real server takes what the connector sends: each of its requests must be like one that was recorded and taken.

Like means: the same method and path; names in the query and fields at the top of the body that stood together in one
recorded request; and in every field, however deep, a shape that was taken in this field. "" is another shape than a
text, a number another than its digits.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from orderhaven.ports.replay import ComparisonRules, SentRequest
from orderhaven.testing.replay.recording import Scenario

_ID = re.compile(r"\{[^{}]*\}|(?<=/)\d+(?=/|$)")
_SHAPES = (
    ("empty text", re.compile(r"")),
    ("digits", re.compile(r"-?\d+")),
    ("amount", re.compile(r"-?\d+\.\d+")),
    ("moment", re.compile(r"\d{4}-\d\d-\d\dT.*")),
    ("mail address", re.compile(r"[^@\s]+@[^@\s]+")),
)


class RequestRoute(msgspec.Struct, frozen=True):
    method: str
    path: str  # with * for each id

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Form(msgspec.Struct, frozen=True):
    """A request without its values."""

    route: RequestRoute
    query: frozenset[str]
    body: frozenset[tuple[str, str]]  # field, shape

    @property
    def top(self) -> frozenset[str]:
        return frozenset(field for field, _ in self.body if "." not in field and "[" not in field)


class AcceptedForms(msgspec.Struct):
    """What the real server took."""

    likeness: ComparisonRules
    forms: dict[RequestRoute, list[Form]] = {}

    def why_not(self, sent: Form) -> str:
        """Why it is like none of these; "" when it is like one."""
        known = self.forms.get(sent.route, [])
        if not known:
            return f"{sent.route}: no such request was recorded and taken"
        asked = [form for form in known if sent.query - self.likeness.beside_any <= form.query]
        if not asked:
            return f"{sent.route}: none was taken with these in its query: {', '.join(sorted(sent.query))}"
        if not any(sent.top <= form.top for form in asked):
            lacking = min((sent.top - form.top for form in asked), key=len)
            return (
                f"{sent.route}: none was taken with all of its fields; the closest lacks {', '.join(sorted(lacking))}"
            )
        strange = sent.body - {part for form in known for part in form.body}
        named = ", ".join(f"{name} ({shape})" for name, shape in sorted(strange))
        return f"{sent.route}: never taken: {named}" if strange else ""


def what_was_taken(scenarios: Sequence[Scenario], likeness: ComparisonRules) -> AcceptedForms:
    """From every request that was answered with 2xx."""
    taken = AcceptedForms(likeness)
    for step in (step for scenario in scenarios for step in scenario.steps):
        if 200 <= step.answer.status < 300:
            request = step.request
            form = _form(request.method, request.path, request.query, request.body, likeness)
            taken.forms.setdefault(form.route, []).append(form)
    return taken


def forms_of(sent: Iterable[SentRequest], likeness: ComparisonRules) -> set[Form]:
    bodies = ((one, json.loads(one.body) if one.body else msgspec.UNSET) for one in sent)
    return {_form(one.method, one.path, one.query, body, likeness) for one, body in bodies}


def _form(method: str, path: str, query: Iterable[str], body: Any, likeness: ComparisonRules) -> Form:
    decode = () if body is msgspec.UNSET else _decode("", body)
    fields = frozenset((likeness.name_of(field), shape) for field, shape in decode)
    return Form(RequestRoute(method, _ID.sub("*", path)), frozenset(query), fields)


def _decode(field: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each field of a body with the shape of its value."""
    if isinstance(value, dict):
        yield field, "object"
        for name, inner in value.items():
            yield from _decode(f"{field}.{name}" if field else name, inner)
    elif isinstance(value, list):
        yield field, "list" if value else "empty list"
        for inner in value:
            yield from _decode(f"{field}[]", inner)
    elif isinstance(value, str):
        yield field, _shape_of_text(value)
    else:
        yield field, "null" if value is None else type(value).__name__


def _shape_of_text(text: str) -> str:
    if _ID.fullmatch(text):
        return "int"  # a recorded id
    return next((name for name, pattern in _SHAPES if pattern.fullmatch(text)), "text")
