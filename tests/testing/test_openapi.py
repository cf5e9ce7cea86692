"""Any OpenAPI file holds requests and answers: what it does not allow is named, with the place in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.testing.openapi import NotInSpec, OpenApi, Touched

JSON = "application/json"
PARCEL = {
    "type": "object",
    "required": ["weight"],
    "properties": {
        "weight": {"type": "integer"},
        "note": {"type": "string", "nullable": True},
        "inner": {"$ref": "#/components/schemas/Parcel"},
    },
}
NAMED = {"$ref": "#/components/schemas/Named"}
STATES = {"type": "array", "items": {"enum": ["new", "left"]}}
FILE = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://api.example.test/v2/"}],
    "components": {
        "schemas": {"Parcel": PARCEL, "Named": {"allOf": [PARCEL, {"type": "object", "properties": {"id": {"type": "integer"}}}]}}
    },
    "paths": {
        "/parcels/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "one", "content": {JSON: {"schema": NAMED}}}}},
        },
        "/parcels": {
            "get": {
                "parameters": [
                    {"name": "state", "in": "query", "required": True, "schema": STATES},
                    {"name": "page", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {"2XX": {"description": "all"}},
            },
            "post": {
                "requestBody": {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Parcel"}}}},
                "responses": {"204": {"description": "made"}},
            },
        },
    },
}  # fmt: skip


@pytest.fixture
def official(tmp_path: Path) -> OpenApi:
    file = tmp_path / "api.json"
    file.write_text(json.dumps(FILE))
    return OpenApi([file])


def asked(method: str, path: str, body: Any = None) -> Request:
    content = b"" if body is None else json.dumps(body).encode()
    return Request(method, f"https://api.example.test{path}", {"Content-Type": JSON, "Accept": JSON}, content)


def answered(status: int, body: Any = None, headers: Mapping[str, str] = {"content-type": JSON}) -> Response:
    return Response(status, headers, b"" if body is None else json.dumps(body).encode())


def test_what_the_file_allows_is_said_to_be_touched(official: OpenApi) -> None:
    exchanges = [
        (asked("POST", "/v2/parcels", {"weight": 3, "note": None, "inner": {"weight": 1}}), answered(204)),
        (asked("GET", "/v2/parcels?state=new&state=left&page=2"), answered(206)),
        (asked("GET", "/v2/parcels/7"), answered(200, {"weight": 3, "id": 7})),
    ]

    assert official.check(exchanges) == {
        Touched("POST", "/v2/parcels", 204),
        Touched("GET", "/v2/parcels", 206),
        Touched("GET", "/v2/parcels/{id}", 200),
    }


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (asked("GET", "/parcels?state=new"), "is not in the file"),
        (asked("PUT", "/v2/parcels"), "is not in the file"),
        (asked("GET", "/v2/parcels"), "lacks state"),
        (asked("GET", "/v2/parcels?state=new&state=lost"), "parameter state, at .*'lost'"),
        (asked("GET", "/v2/parcels?state=new&page=two"), "parameter page, at .*'two'"),
        (asked("GET", "/v2/parcels?state=new&colour=red"), "colour is no parameter"),
        (asked("GET", "/v2/parcels/7", {}), "takes no body"),
        (asked("POST", "/v2/parcels"), "wants a body"),
        (asked("POST", "/v2/parcels", {}), "'weight' is a required property"),
        (asked("POST", "/v2/parcels", {"weight": 3, "colour": "red"}), "'colour' was unexpected"),
        (Request("POST", "https://api.example.test/v2/parcels", {"content-type": "text/xml"}, b"<a/>"), "takes no text/xml"),
    ],
)  # fmt: skip
def test_a_request_that_the_file_does_not_allow_is_named(official: OpenApi, request_: Request, why: str) -> None:
    with pytest.raises(NotInSpec, match=why):
        official.check_request(request_)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (answered(500, {}), "never answers 500"),
        (answered(200, {"id": 7}), "'weight' is a required property"),
        (answered(200, {"weight": "heavy"}), r"at .*weight: 'heavy' is not of type 'integer'"),
        (answered(200, {"weight": 1}, {"content-type": "text/html"}), "in no text/html"),
    ],
)
def test_an_answer_that_the_file_does_not_describe_is_named(official: OpenApi, response: Response, why: str) -> None:
    with pytest.raises(NotInSpec, match=why):
        official.check_answer(asked("GET", "/v2/parcels/7"), response)
