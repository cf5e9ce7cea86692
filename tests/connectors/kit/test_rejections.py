"""Why another side does not let us in: in its own words, with advice about keys only where it speaks of keys."""

import json

import pytest

from orderhaven.connectors.kit.decoding import not_allowed
from orderhaven.connectors.kit.http import Response
from orderhaven.core.errors import AccessRejected, AuthRejected

INACTIVE = {
    "title": "Forbidden",
    "status": 403,
    "detail": "Account is not active, access denied.",
    "host": "Instance-1",
}


def answer(body: object, status: int = 403) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (INACTIVE, "Account is not active, access denied"),
        ({"title": "Expired JWT", "detail": "JWT expired at 09:00."}, "JWT expired at 09:00"),
        ({"title": "Expired JWT"}, "Expired JWT"),
        ({"message": "<b>Your plan</b> has\nno API."}, "Your plan has no API"),
        ({"detail": {"code": 7}, "message": "Blocked for your country"}, "Blocked for your country"),
        ({"errors": [{"message": "You are not allowed to do that"}]}, "You are not allowed to do that"),
        ({"errors": ["odd", {"title": "Suspended"}]}, "Suspended"),
        (b"<html><title>403 Forbidden</title>", "status 403, from a firewall or a security plugin in front of it"),
    ],
)
def test_the_reason_in_the_answer_is_said(body: object, reason: str) -> None:
    problem = not_allowed("bol", answer(body))

    assert isinstance(problem, AccessRejected)
    assert problem.values["reason"] == reason
    assert "key" not in str(problem)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "invalid_client", "error_description": "Bad client credentials"}, "Bad client credentials"),
        ({"error": "unauthorized_client"}, "unauthorized_client"),
        ({"message": "Invalid API key"}, "Invalid API key"),
        ({"title": "Unauthorized", "status": 401}, "status 401"),
        (b"", "status 401"),
        (b"[1]", "status 401"),
    ],
)
def test_a_key_is_to_blame_where_the_answer_speaks_of_keys_or_of_nothing(body: object, reason: str) -> None:
    problem = not_allowed("bol", answer(body, status=401))

    assert isinstance(problem, AuthRejected)
    assert problem.values["reason"] == reason


def test_a_refused_key_can_be_said_in_words_of_our_own() -> None:
    refused = not_allowed(
        "bol", answer({"error": "invalid_client"}), "the login does not take this client ID and secret"
    )
    inactive = not_allowed("bol", answer(INACTIVE), "the login does not take this client ID and secret")

    assert refused.values["reason"] == "the login does not take this client ID and secret"
    assert inactive.values["reason"] == "Account is not active, access denied"
