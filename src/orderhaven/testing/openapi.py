"""Holds what a connector sends, and what its sandbox answers, to the official OpenAPI file (3.0 or 3.1) of the real API.

    spec = OpenApi([Path("retailer.json")])
    tape = Tape(InProcessTransport({HOST: sandbox}))  # the connector's transport
    ...
    spec.check(tape.exchanges)

It needs `jsonschema`, and `pyyaml` for files in YAML.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest

from orderhaven.connectors.kit.http import Request, Response, Transport

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_NUMBERS = {"integer": int, "number": float}


class NotInSpec(AssertionError):
    """The file does not allow this request or this answer. Says which, and where in it."""


class Touched(NamedTuple):
    """An operation of the file that was called, and the status of the answer."""

    method: str
    path: str  # as the file writes it, with {names}
    status: int


@dataclass
class Tape:
    """A transport that keeps what went over it, in order."""

    inner: Transport
    exchanges: list[tuple[Request, Response]] = field(default_factory=list)

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        response = await self.inner(request, timeout_s)
        self.exchanges.append((request, response))
        return response

    async def close(self) -> None:
        return None


def needs(files: Sequence[Path]) -> pytest.MarkDecorator:
    """For a test file: `pytestmark = needs(FILES)`. An official file is another's work, and not always there."""
    missing = [file.name for file in files if not file.exists()]
    return pytest.mark.skipif(bool(missing), reason=f"not beside the repository: {', '.join(missing)}")


class OpenApi:
    """One API, in one file or several. Its operations are read once, and each schema is compiled once.

    Properties that the file does not describe are refused, unless it says that there may be more.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.operations = sorted(
            (operation for file in files for operation in _operations_in(_loaded(file))),
            key=lambda each: "{" in each.path,  # an exact path before one with a name in it
        )
        self._found: dict[tuple[str, str], Operation] = {}

    def check(self, exchanges: Iterable[tuple[Request, Response]]) -> set[Touched]:
        """Every request, and every answer. Raises NotInSpec; returns what was touched."""
        touched = set()
        for request, response in exchanges:
            self.check_request(request)
            self.check_answer(request, response)
            touched.add(Touched(request.method, self.operation_of(request).path, response.status))
        return touched

    def check_request(self, request: Request) -> None:
        operation = self.operation_of(request)
        given = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        operation.check_query(given)
        operation.check_body(request)

    def check_answer(self, request: Request, response: Response) -> None:
        """Raises NotInSpec also for a status that the file does not name."""
        self.operation_of(request).check_answer(request, response)

    def operation_of(self, request: Request) -> "Operation":
        asked = request.method, request.path
        if asked not in self._found:
            fits = (each for each in self.operations if each.fits(*asked))
            found = next(fits, None)
            if found is None:
                raise NotInSpec(f"{request.method} {request.path} is not in the file")
            self._found[asked] = found
        return self._found[asked]

    def operation(self, method: str, path: str) -> "Operation":
        """By its path as the file writes it."""
        return next(each for each in self.operations if (each.method, each.path) == (method, path))


class Operation:
    def __init__(self, method: str, path: str, described: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
        self.method = method
        self.path = path
        self._pattern = re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))
        self._described = described
        self._spec = spec
        self._validators: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def fits(self, method: str, path: str) -> bool:
        return method == self.method and self._pattern.fullmatch(path) is not None

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Those of the query, by name, each with its `schema`."""
        found = (_closed(each, self._spec) for each in self._described.get("parameters", ()))
        return {each["name"]: each for each in found if each["in"] == "query"}

    def body_schema(self, media: str) -> Mapping[str, Any]:
        return dict(_closed(self._bodies()[media]["schema"], self._spec))

    def check_query(self, given: Sequence[tuple[str, str]]) -> None:
        missing = {name for name, each in self.parameters.items() if each.get("required")} - {name for name, _ in given}
        if missing:
            raise NotInSpec(f"{self} lacks {', '.join(sorted(missing))}")
        for name in dict(given):
            if name not in self.parameters:
                raise NotInSpec(f"{name} is no parameter of {self}")
            values = [value for one, value in given if one == name]
            schema = self.parameters[name]["schema"]
            self._check(f"parameter {name}", _typed(values, schema), schema)

    def check_body(self, request: Request) -> None:
        bodies = self._bodies()
        required = bool(bodies) and self._resolved("requestBody").get("required", True)
        if (request.body and not bodies) or (required and not request.body):
            raise NotInSpec(f"{self} {'takes no body' if request.body else 'wants a body'}")
        if request.body:
            media = _media(request.headers, "content-type")
            if media not in bodies:
                raise NotInSpec(f"{self} takes no {media or 'body without a media type'}")
            if "json" in media:
                self._check(f"body {media}", json.loads(request.body), bodies[media]["schema"])

    def check_answer(self, request: Request, response: Response) -> None:
        answers = self._described["responses"]
        status = str(response.status)
        described = next((answers[key] for key in (status, f"{status[0]}XX", "default") if key in answers), None)
        if described is None:
            raise NotInSpec(f"{self} never answers {status}")
        content = _closed(described, self._spec).get("content", {})
        if not content:
            return
        media = _media(response.headers, "content-type")
        accepted = _media(request.headers, "accept")
        if media not in content or accepted not in ("", "*/*", media):
            raise NotInSpec(
                f"{self} answers {status} in no {media or 'unnamed media type'}, and {accepted} was asked for"
            )
        if "json" in media and "schema" in content[media]:
            self._check(f"answer {status} {media}", json.loads(response.body), content[media]["schema"])

    def _bodies(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self._resolved("requestBody").get("content", {})
        return content

    def _resolved(self, part: str) -> Mapping[str, Any]:
        return dict(_target(self._described.get(part, {}), self._spec))

    def _check(self, what: str, value: Any, schema: Any) -> None:
        if what not in self._validators:
            self._validators[what] = compiled(_closed(schema, self._spec))
        wrong = next(self._validators[what].iter_errors(value), None)
        if wrong is not None:
            raise NotInSpec(f"{self}, {what}, at {wrong.json_path}: {wrong.message}")


def compiled(schema: Mapping[str, Any]) -> Any:
    """A validator. Formats are checked too, as far as they are known."""
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


# ------------------------------------------------------------ what the file does not allow


def wrong_bodies(value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """The same body with one thing in it that the file does not allow, each in turn: for a sandbox that is as strict."""
    match schema["type"]:
        case "object":
            for name, inner in value.items():
                if name in schema.get("required", ()):
                    yield {key: each for key, each in value.items() if key != name}
                    yield {**value, name: None}
                yield from ({**value, name: each} for each in wrong_bodies(inner, schema["properties"][name]))
            yield [value]
        case "array":
            yield from ([each] for each in wrong_bodies(value[0], schema["items"]))
            yield from ([],) if schema.get("minItems") else ()
            yield from ([value[0]] * (schema["maxItems"] + 1),) if "maxItems" in schema else ()
            yield {"0": value[0]}
        case "string":
            yield 7
            yield from ("",) if schema.get("minLength") else ()
            yield from ("x" * (schema["maxLength"] + 1),) if "maxLength" in schema else ()
            yield from ("SOMETHING_NEW",) if "enum" in schema else ()
        case "integer":
            yield "two"
            yield 1.5


def wrong_parameters(operation: Operation) -> Iterator[tuple[str, str]]:
    """Name and value of queries that the file does not allow."""
    for name, each in operation.parameters.items():
        schema = each["schema"]
        if "enum" in schema or "enum" in schema.get("items", {}):
            yield name, "SOMETHING_NEW"
        if schema["type"] == "integer":
            yield name, "one"
            yield from [(name, str(schema["minimum"] - 1))] if "minimum" in schema else []
            yield from [(name, str(schema["maximum"] + 1))] if "maximum" in schema else []


# ------------------------------------------------------------ reading the file


@cache
def _loaded(file: Path) -> Mapping[str, Any]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return dict(json.loads(text))
    import yaml  # such a file may be long: a connector with one in JSON needs no reader of YAML

    return dict(yaml.safe_load(text))


def _operations_in(spec: Mapping[str, Any]) -> Iterator[Operation]:
    prefix = urlsplit(next((each["url"] for each in spec.get("servers", ())), "")).path.rstrip("/")
    for path, item in spec["paths"].items():
        for method in _METHODS & item.keys():
            parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
            yield Operation(method.upper(), prefix + path, {**item[method], "parameters": parameters}, spec)


def _target(node: Any, spec: Mapping[str, Any]) -> Any:
    """What a reference stands for; anything else is itself."""
    if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
        return node
    target: Any = spec
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return _target(target, spec)


def _closed(node: Any, spec: Mapping[str, Any], within: tuple[str, ...] = ()) -> Any:
    """With references put in place, `nullable` said as JSON Schema says it, and objects that take no property but those described.

    What refers to itself is followed once. Parts of an `allOf` stay open: together they are the object.
    """
    if isinstance(node, list):
        return [_closed(each, spec, within) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        ref = node["$ref"]
        return {} if ref in within else _closed(_target(node, spec), spec, (*within, ref))
    whole = {name: _closed(each, spec, within) for name, each in node.items()}
    if "allOf" in whole and isinstance(whole["allOf"], list):
        whole["allOf"] = [{key: each for key, each in part.items() if key != _CLOSES} for part in whole["allOf"]]
    elif isinstance(whole.get("properties"), dict) and whole.get("type") == "object":
        whole.setdefault(_CLOSES, False)
    return {"anyOf": [whole, {"type": "null"}]} if whole.get("nullable") is True else whole


_CLOSES = "additionalProperties"


def _typed(values: Sequence[str], schema: Mapping[str, Any]) -> Any:
    """As the file means the text of a query. What cannot be that stays text, and is refused as such."""
    if schema.get("type") == "array":
        return [_typed([each], schema.get("items", {})) for value in values for each in value.split(",")]
    text = values[-1]
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    try:
        return _NUMBERS.get(str(schema.get("type")), str)(text)
    except ValueError:
        return text


def _media(headers: Mapping[str, str], name: str) -> str:
    found = next((value for key, value in headers.items() if key.lower() == name), "")
    return found.partition(";")[0].strip()
