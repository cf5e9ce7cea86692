"""How the sandbox reads a request and writes an answer, as WordPress's REST server does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_parameters import listed, page_of
from orderhaven.connectors.woocommerce.sandbox_query import Query, query_of, words

JSON = {"content-type": "application/json; charset=UTF-8"}
_JSON_TYPE = re.compile(r"(^|\s|,)application/([\w!#$&^.+-]+\+)?json(\+oembed)?($|\s|;|,)", re.IGNORECASE)

Fields: TypeAlias = dict[str, "Fields"]  # a name -> the names inside of it that are wanted, {} for all


@dataclass(frozen=True)
class SandboxRequest:
    """A request that has reached the REST server."""

    request: Request

    @property
    def method(self) -> str:
        return self.request.method

    @cached_property
    def query(self) -> Query:
        return query_of(self.request)

    @property
    def fields(self) -> str:
        return ",".join(listed(self.query.get("_fields", "")))

    @cached_property
    def body(self) -> dict[str, Any]:
        return body_of(self.request)


@dataclass(frozen=True)
class SandboxResponse:
    """`value` becomes JSON. `is_chosen`: the wanted fields were taken out of it already."""

    value: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_chosen: bool = False


def body_of(request: Request) -> dict[str, Any]:
    """A request's parameters: its JSON, or its form, before those of the query. Text of another kind is not read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent: Any = None
    if kind == "application/json" and request.body:
        try:
            sent = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    elif kind == "application/x-www-form-urlencoded":
        sent = form_of(request.body.decode(errors="replace"))
    return {**query_of(request), **sent} if isinstance(sent, dict) else {**query_of(request)}


def form_of(text: str) -> dict[str, Any]:
    """As PHP reads a form: `billing[email]=...` stands for a table."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        outer, *inner = name.replace("]", "").split("[")
        at, key = found, outer
        for next_key in inner:
            at[key] = at[key] if isinstance(at.get(key), dict) else {}
            at, key = at[key], next_key or str(len(at[key]))
        at[key] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    """A table whose keys count from 0 is a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return [*inner.values()] if [*inner] == [str(at) for at in range(len(inner))] else inner


def wants_json(request: Request) -> bool:
    """wp_is_json_request: whether an error of WordPress itself is told as JSON instead of a web page."""
    return any(_JSON_TYPE.search(request.headers.get(name, "")) for name in ("accept", "content-type"))


def chosen(value: Any, fields: str) -> Any:
    """rest_filter_response_fields: of a row or of each row of a list. PHP writes an empty table as a list."""
    tree = _tree(fields)
    if not tree:
        return value
    if isinstance(value, list):
        return [_part(row, tree) or [] for row in value]
    return _part(value, tree) or []


def _part(row: Any, tree: Fields) -> Any:
    if not isinstance(row, dict):
        return row
    part: dict[str, Any] = {}
    for name, value in row.items():
        if name not in tree:
            continue
        if not tree[name]:
            part[name] = value
        elif isinstance(value, dict):
            part[name] = _part(value, tree[name])
    return part


@lru_cache(maxsize=256)
def _tree(fields: str) -> Fields:
    tree: Fields = {}
    for word in words(fields):
        inner = tree
        for name in word.split("."):
            inner = inner.setdefault(name, {})
    return tree


def page(rows: list[Any], total: int, query: Query, *, is_chosen: bool = False) -> SandboxResponse:
    _, per_page = page_of(query)
    headers = {"x-wp-total": str(total), "x-wp-totalpages": str(-(-total // per_page))}
    return SandboxResponse(rows, 200, headers, is_chosen)


def written(asked: SandboxRequest, answer: SandboxResponse) -> Response:
    """The answer as it goes out, with what every request may ask for: some fields, an envelope, no body."""
    value = answer.value if answer.is_chosen else chosen(answer.value, asked.fields)
    status, headers = answer.status, {**JSON, **answer.headers}
    if "_envelope" in asked.query:
        value, status = {"body": value, "status": status, "headers": dict(answer.headers)}, 200
    return Response(status, headers, msgspec.json.encode(value))


def refusal(error: ApiError) -> Response:
    return Response(error.status, JSON, msgspec.json.encode(error.body))
