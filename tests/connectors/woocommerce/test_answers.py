"""Whose turn a refusal makes it, and whether its words speak of the key."""

from typing import Any

import msgspec
import pytest

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.woocommerce.responses import error_of_command, not_allowed, raise_read_refused
from orderhaven.core.errors import AccessRejected, AuthRejected, OrderRejected

FIREWALL = b"<html><head><title>Access denied</title></head><body>Blocked by a security rule</body></html>"
# as a real shop answered them
NOT_OF_THE_KEY = [
    (401, "rest_login_required", "Only authenticated users can access the REST API.", "logged in only"),
    (401, "rest_not_logged_in", "You are not currently logged in.", "logged in only"),
    (403, "rest_forbidden", "REST API access is restricted.", "plug-in or a firewall"),
]
OF_THE_KEY = [
    (401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", "does not know the consumer key"),
    (401, "woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources.", "consumer key"),
    (403, "woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource.", "shop manager's key"),
    (401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.", "Consumer secret is invalid"),
    (401, "woocommerce_rest_authentication_error", "The API key provided does not have write permissions.", "a right"),
]


def refused(status: int, code: str, message: str) -> Response:
    body: dict[str, Any] = {"code": code, "message": message, "data": {"status": status}}
    return Response(status, {"content-type": "application/json; charset=UTF-8"}, msgspec.json.encode(body))


@pytest.mark.parametrize(("status", "code", "message", "words"), NOT_OF_THE_KEY)
def test_what_a_plug_in_or_a_rule_refuses_is_not_blamed_on_the_key(
    status: int, code: str, message: str, words: str
) -> None:
    problem = not_allowed(refused(status, code, message))

    assert isinstance(problem, AccessRejected)
    assert words in str(problem)
    assert code in str(problem)
    assert "key" not in str(problem)


@pytest.mark.parametrize(("status", "code", "message", "words"), OF_THE_KEY)
def test_what_the_key_may_not_is_said_of_the_key(status: int, code: str, message: str, words: str) -> None:
    problem = not_allowed(refused(status, code, message))

    assert isinstance(problem, AuthRejected)
    assert words in str(problem)


@pytest.mark.parametrize("status", [401, 403])
def test_a_web_page_that_refuses_a_question_is_a_firewall_s(status: int) -> None:
    with pytest.raises(AccessRejected, match=f"status {status}, from a firewall"):
        raise_read_refused(Response(status, {}, FIREWALL))


def test_a_web_page_that_refuses_a_command_holds_up_that_order_alone() -> None:
    assert isinstance(error_of_command(Response(403, {}, FIREWALL)), OrderRejected)
    assert isinstance(error_of_command(refused(403, "rest_forbidden", "Closed.")), AccessRejected)
