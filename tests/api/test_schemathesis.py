"""Whatever a program sends, the API answers what its description says, and never breaks."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi import checks

from orderhaven.api.interface import make_api
from orderhaven.api.rate_limit import RateLimiter
from orderhaven.api.services import Services
from orderhaven.ports.sandbox import CatalogueItem
from tests.api.conftest import serving, sold, token_for
from tests.journeys.conftest import POSTNL_CODE, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")
_EXAMPLES = 15
_ANSWERS_AS_DESCRIBED = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def shipped(trade: Trade) -> str:
    """A small trade: something stands in every list."""
    sold(trade, (CUP, 1))
    ref = sold(trade)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    return ref


@pytest.fixture
def token(trade: Trade, shipped: str) -> Iterator[str]:
    """Of a program that may ask as much as it likes, of the API in front of this trade."""
    world = Services(
        lambda: trade.clock, lambda: trade.hub.transport, trade.hub.specs_by_name, RateLimiter(burst=10**9)
    )
    with serving(make_api(world)):
        yield token_for(trade)


def served() -> Any:
    """The description as a program gets it."""
    generation = GenerationConfig(max_examples=_EXAMPLES, deterministic=True, database="none")
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    with serving(make_api(Services())):
        return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler(), config=config)


schema = served()


@schema.parametrize()
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_request_is_answered_as_described(case: Any, token: str, shipped: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    response = case.call(headers=headers)
    # a cursor that is written as one, and that no page gave, cannot be told by its looks
    is_cursor = response.status_code == 422 and response.json()["type"] == "urn:orderhaven:error:cursor"
    excluded = [checks.positive_data_acceptance] if is_cursor else []
    case.validate_response(response, headers=headers, excluded_checks=excluded)
    if case.path_parameters:
        _of_things_that_are_there(case, shipped).call_and_validate(headers=headers, checks=_ANSWERS_AS_DESCRIBED)


def _of_things_that_are_there(case: Any, ref: str) -> Any:
    """The same request about an order, a link, a connection that this merchant has."""
    names = {"marketplace": "bol NL", "name": "bol NL", "ref": ref, "connector": "reference_marketplace"}
    case.path_parameters = {key: names.get(key, value) for key, value in case.path_parameters.items()}
    return case
