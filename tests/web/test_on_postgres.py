"""What people type, on the other database: it keeps no NUL, and takes a text to be as long as its column at most."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orderhaven.core.access import Role
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.store.models import User

from .conftest import PASSWORD, browser, browser_of, person

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("any_store", ["postgres"], indirect=True)]
ODD = ["a\x00b", "a" * 5_000, "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "é\u202e"]


@pytest.fixture
def anna(any_store: None) -> User:
    return person("anna@example.com", merchants.create_merchant("Wolkenwinkel").pk, Role.ADMINISTRATOR)


@pytest.mark.parametrize("odd", ODD)
def test_what_a_stranger_types_breaks_nothing(anna: User, odd: str) -> None:
    secret = credentials.invite(
        anna.memberships.get().merchant_id, "evi@example.com", Role.VIEWER, datetime.now(UTC), "x"
    )
    tries: list[tuple[str, dict[str, str]]] = [
        ("/login", {"email": odd, "password": odd, "next": odd}),
        ("/login", {"email": f"{odd}@example.com", "password": PASSWORD}),
        ("/invitation/" + odd.replace("\x00", "%00"), {"name": odd, "password": odd}),
        (f"/invitation/{secret}", {"name": odd, "password": odd}),
        ("/language", {"language": odd}),
        ("/theme", {"theme": odd}),
        ("/hooks/" + odd.replace("\x00", "%00"), {}),
        ("/" + odd.replace("\x00", "%00") + "/orders", {}),
    ]

    for path, given in tries:
        for answer in (browser().post(path, given), browser().get(path, given)):
            assert answer.status_code < 500, path


@pytest.mark.parametrize("odd", ODD)
def test_what_a_member_types_breaks_nothing(anna: User, odd: str) -> None:
    client, part = browser_of(anna), odd.replace("\x00", "%00")
    tries: list[tuple[str, dict[str, Any]]] = [
        ("orders", {"q": odd, "marketplace": odd, "shop": odd, "after": odd, "since": odd, "carrier": odd}),
        ("orders.csv", {"q": odd, "marketplace": odd}),
        (f"orders/{part}/{part}", {"act": "retry", "live": odd}),
        ("orders/bulk", {"act": "retry", "order": [odd, f"bol NL/{odd}"]}),
        (f"connections/new/{part}", {"name": odd}),
        ("connections/new/bol", {"name": odd, "client_id": odd, "client_secret": odd}),
        (f"connections/{part}", {}),
        (f"connections/{part}/actions", {"act": "pause"}),
        ("links/new", {"marketplace": odd, "shop": odd}),
        (f"links/{part}", {"wait_hours": odd}),
        (f"links/{part}/actions", {"act": "go"}),
        ("users/actions", {"act": "invite", "email": odd, "role": "viewer"}),
        (
            "users/actions",
            {"act": "invite", "email": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.nl", "role": "viewer"},
        ),
        ("users/actions", {"act": "role", "person": odd, "role": odd}),
        ("api-clients/actions", {"act": "token", "name": odd[:80], "scope": ["read"]}),
        ("api-clients/actions", {"act": "webhook", "url": f"https://example.com/{odd}", "kind": ["order.received"]}),
        ("audit", {"before": odd}),
    ]
    for path, given in tries:
        for answer in (client.post(f"/wolkenwinkel/{path}", given), client.get(f"/wolkenwinkel/{path}", given)):
            text = b"".join(answer.streaming_content) if answer.streaming else b""  # type: ignore[attr-defined]
            assert answer.status_code < 500, (path, text)
    for act in ("self", "password", "notifications", "end_second_factor"):
        given = {
            "act": act,
            "name": odd,
            "language": odd,
            "time_zone": odd,
            "old": odd,
            "new": odd,
            "kind": odd,
            "merchant": odd,
        }
        assert client.post("/me/actions", given).status_code < 500, act
    assert client.post("/me/second-factor", {"code": odd}).status_code < 500
