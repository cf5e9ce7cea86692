"""What the description of the API (OpenAPI) says beside what follows from the views: errors, headers, an introduction."""

from collections.abc import Mapping
from typing import Any

from orderhaven.api.errors import MEDIA_TYPE, ErrorOut
from orderhaven.api.rate_limit import BURST, PER_MINUTE

TITLE = "Orderhaven"
INTRODUCTION = f"""
Everything that people do with orders, connections and links, for programs. An administrator makes a token in the web interface,
under *Programs*; it belongs to one merchant and says what it may do:

| scope | what a token may do with it |
|---|---|
| `read` | read everything but buyers' names and addresses |
| `write` | do something about an order, pause and poll a connection; read buyers' names and addresses |
| `configure` | make and change connections and links; read what people did |

Times are ISO 8601 in UTC, amounts are text with a currency. Sentences for people come in the language of `Accept-Language`
(`en` or `nl`). Lists come in pages: give `after` back until it is empty. A page may hold fewer than `limit`.
Every error is `application/problem+json`. A token may make {PER_MINUTE} requests a minute, and {BURST} at once.
""".strip()
TAGS = (
    ("orders", "Find orders, read one, and do something about them."),
    ("feeds", "What happened, what was shipped, what needs a person."),
    ("connections", "Accounts with marketplaces and shops."),
    ("links", "Which marketplace's orders go to which shop, and how."),
)

_EVERYWHERE = (400, 401, 403, 422, 429, 500, 503)
_WHEN: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "There is no token, or it is not good (any more).",
    403: "The token may not do this.",
    404: "There is no such thing, or it is not yours.",
    409: "It cannot be done now; the sentence says why and what to do.",
    412: "It has changed since you read it.",
    413: "The body is too big.",
    422: "The request is not as it is described here.",
    429: "The token asks too much.",
    500: "An error in Orderhaven. It is in the log.",
    503: "The database or the keys cannot be used.",
}
_ALLOWANCE = {
    "RateLimit-Limit": "How many requests this token may make at once.",
    "RateLimit-Remaining": "How many of those are left.",
    "RateLimit-Reset": "In how many seconds all of them are there again.",
}


def refuses(*statuses: int, body: bool = False) -> dict[str, Any]:
    """Beside what every operation may answer. `body`: it takes one."""
    all_of_them = sorted({*_EVERYWHERE, *statuses, *((413,) if body else ())})
    return {"responses": {status: _refusal(status) for status in all_of_them}}


def tagged(extra: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an operation whose answer has an entity tag and may be 304."""
    tag = {"ETag": {"description": "Changes when what is shown changes.", "schema": {"type": "string"}}}
    asks = _header("If-None-Match", "The ETag of what you have: 304 when it is still that.")
    answers = {200: {"headers": tag}, 304: {"description": "It is what you have."}}
    return {"parameters": [asks], "responses": {**extra["responses"], **answers}}


def conditional(extra: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an operation that can be asked to happen only to what was read."""
    asks = _header("If-Match", "The ETag of what you read: 412 when it has changed since, and nothing is done.")
    return {"parameters": [asks], "responses": {**extra["responses"], 412: _refusal(412)}}


def complete(schema: dict[str, Any]) -> None:
    """Add what stands beside the operations, and take out what says nothing."""
    parts = schema["components"]
    parts["schemas"]["Error"] = _error_schema(parts["schemas"])
    parts["responses"] = {f"Error{status}": _error(status) for status in _WHEN}
    parts["headers"] = {name: {"description": text, "schema": {"type": "integer"}} for name, text in _ALLOWANCE.items()}
    schema["paths"] = dict(sorted(schema["paths"].items()))
    schema["tags"] = [{"name": name, "description": text} for name, text in TAGS]
    for operation in (one for operations in schema["paths"].values() for one in operations.values()):
        for parameter in operation["parameters"]:
            _without_null(parameter["schema"])
        for answer in operation["responses"].values():
            if "$ref" not in answer:
                answer["headers"] = {**answer.get("headers", {}), **_ALLOWANCE_HEADERS}


def _refusal(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/Error{status}"}


def _error(status: int) -> dict[str, Any]:
    headers: dict[str, Any] = {} if status == 401 else dict(_ALLOWANCE_HEADERS)
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}, "required": True}
    if status == 429:
        seconds = {"type": "integer", "minimum": 1}
        headers["Retry-After"] = {"description": "In seconds.", "schema": seconds, "required": True}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": _WHEN[status], "content": content, "headers": headers}


def _header(name: str, text: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": False, "description": text, "schema": {"type": "string"}}


def _error_schema(schemas: dict[str, Any]) -> dict[str, Any]:
    schema = ErrorOut.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs"))
    return schema


def _without_null(schema: dict[str, Any]) -> None:
    """A parameter that is left out is not null."""
    if schema.get("default", "") is None:
        del schema["default"]


_ALLOWANCE_HEADERS = {name: {"$ref": f"#/components/headers/{name}"} for name in _ALLOWANCE}
