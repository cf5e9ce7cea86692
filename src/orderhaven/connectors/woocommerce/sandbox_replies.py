"""How the sandbox reads a request's body and writes an answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_lists import ApiError, page_of
from orderhaven.connectors.woocommerce.sandbox_orders import Body

JSON = {"content-type": "application/json; charset=UTF-8"}


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
    return {**request.query, **sent} if isinstance(sent, dict) else {**request.query}


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


def chosen(row: Body, fields: str) -> Body:
    names = {field.partition(".")[0] for field in fields.split(",")}
    return {name: value for name, value in row.items() if name in names} if fields else row


def page(rows: list[Any], total: int, query: Mapping[str, str]) -> Response:
    _, per_page = page_of(query)
    headers = {**JSON, "x-wp-total": str(total), "x-wp-totalpages": str(-(-total // per_page))}
    return Response(200, headers, msgspec.json.encode(rows))


def reply(value: Any, status: int = 200) -> Response:
    return Response(status, JSON, msgspec.json.encode(value))


def refusal(status: int, code: str, message: str) -> Response:
    return reply({"code": code, "message": message, "data": {"status": status}}, status)


def no_route() -> ApiError:
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")
