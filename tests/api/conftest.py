"""A trade, the API in front of it, and a program that holds every answer to the API's own description."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import include, path
from jsonschema import Draft202012Validator

from orderhaven.api.interface import Interface, make_api, routes
from orderhaven.api.rate_limit import RateLimiter
from orderhaven.api.services import Services
from orderhaven.core.access import Permission, Role
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import Trade, start_trade

SCOPES = {
    Role.VIEWER: [Permission.READ],
    Role.OPERATOR: [Permission.READ, Permission.WRITE],
    Role.ADMINISTRATOR: list(Permission),
}
EVERYTHING = "/api/v1"


@dataclass
class Program:
    """A program with a token. Nothing it is answered may be missing from the description."""

    client: Client
    described: dict[str, Any]
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, address: str, **asked: Any) -> Any:
        return self.sends("GET", address, query=asked)

    def post(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.sends("POST", address, body, headers=headers)

    def patch(self, address: str, body: Any = None, **headers: str) -> Any:
        return self.sends("PATCH", address, body, headers=headers)

    def sends(self, method: str, address: str, body: Any = None, *, query: Any = None, headers: Any = None) -> Any:
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.client.generic(
            method, EVERYTHING + address, content, "application/json", query_params=query,
            headers={**given, **self.headers, **named},
        )  # fmt: skip
        self._demand_described(method, response)
        return response

    def with_token(self, token: str) -> "Program":
        return replace(self, token=token)

    def _demand_described(self, method: str, response: Any) -> None:
        route = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", response.resolver_match.route) if response.resolver_match else ""
        operation = self.described["paths"].get(f"/{route}", {}).get(method.lower())
        if operation is None:
            return  # 404 and 405 of addresses and methods that are not described
        answers = operation["responses"]
        assert str(response.status_code) in answers, f"{method} {route} answered {response.status_code} undescribed"
        answer = answers[str(response.status_code)]
        if "$ref" in answer:
            answer = self.described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        if "content" not in answer:
            assert response.content == b""
            return
        [(media_type, described)] = answer["content"].items()
        assert response.headers["Content-Type"].partition(";")[0] == media_type
        Draft202012Validator({**described["schema"], "components": self.described["components"]}).validate(
            response.json()
        )


@pytest.fixture
def trade(request: pytest.FixtureRequest, store: None) -> Iterator[Trade]:
    marker = request.node.get_closest_marker("link")
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP, **(marker.kwargs if marker else {}))
    yield started
    started.close()


@pytest.fixture
def api(trade: Trade) -> Interface:
    return make_api(
        Services(lambda: trade.clock, lambda: trade.hub.transport, trade.hub.specs_by_name, RateLimiter(burst=1000))
    )


@pytest.fixture
def client(api: Interface) -> Iterator[Client]:
    with serving(api):
        yield Client(SERVER_NAME="localhost")


def serving(api: Interface) -> Any:
    """The API at its address, and nothing beside it."""

    class Addresses:
        urlpatterns = (path("api/v1/", include(routes(api))),)

    return override_settings(ROOT_URLCONF=Addresses)


def token_for(trade: Trade, role: Role = Role.ADMINISTRATOR, merchant_id: int | None = None) -> str:
    merchant_id = merchant_id or trade.link.merchant_id
    return credentials.create_token(merchant_id, f"erp {role}", SCOPES[role], trade.clock.now(), "anna")


@pytest.fixture
def program(client: Client, trade: Trade) -> Program:
    """Of the merchant, and it may do everything."""
    return Program(client, client.get("/api/v1/openapi.json").json(), token_for(trade))


@pytest.fixture
def viewer(program: Program, trade: Trade) -> Program:
    return program.with_token(token_for(trade, Role.VIEWER))


@pytest.fixture
def stranger(program: Program, trade: Trade) -> Program:
    """Of another merchant, who may do everything there."""
    other = merchants.create_merchant("Andere winkel")
    return program.with_token(token_for(trade, Role.ADMINISTRATOR, other.pk))


def sold(trade: Trade, *lines: Any, **basket: Any) -> str:
    """An order that stands in the shop."""
    trade.passes(seconds=10)
    ref = trade.sells(*lines, **basket)
    trade.passes(minutes=6)
    return ref
