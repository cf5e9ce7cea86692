"""Signed calls of a shop: they have it pulled soon, and nothing else, whoever makes them and however often."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orderhaven.actions.account_setup import webhook_address
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused, PermissionDenied
from orderhaven.actions.nudges import take_in
from orderhaven.connectors import specs
from orderhaven.connectors.woocommerce.webhook import signature
from orderhaven.core.access import PERMISSIONS, Role
from orderhaven.core.status import Status
from orderhaven.ports.connector import NudgeVerdict
from orderhaven.store.models import Connection, ConnectionState, Merchant
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from tests.journeys.conftest import start_trade

BODY = b'{"id":727}'
POLL = timedelta(minutes=5)


@pytest.fixture
def shop(store: None) -> Connection:
    """Pulled a minute ago, and due in four."""
    now = datetime.now(UTC)
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    return Connection.objects.create(
        merchant=merchant, connector="woocommerce", side="shop", name="Webshop", fingerprint="x",
        last_pulled_at=now - timedelta(minutes=1), pull_at=now + timedelta(minutes=4),
    )  # fmt: skip


@pytest.fixture
def trade(store: None) -> Iterator[Any]:
    started = start_trade(REFERENCE_MARKETPLACE, specs()["woocommerce"])
    yield started
    started.close()


def context(row: Connection, role: Role = Role.ADMINISTRATOR) -> ActionContext:
    return ActionContext("anna", row.merchant_id, permissions=PERMISSIONS[role])


def address(row: Connection) -> tuple[str, str]:
    """The path, and the secret."""
    url, secret = webhook_address(context(row), row.name)
    return "/" + url.split("/", 3)[3], secret


def calls(path: str, secret: str, body: bytes = BODY, topic: str = "order.updated") -> int:
    answer = Client(SERVER_NAME="localhost", enforce_csrf_checks=True).post(
        path, body, content_type="application/json",
        headers={"x-wc-webhook-signature": signature(body, secret).decode(), "x-wc-webhook-topic": topic},
    )  # fmt: skip
    assert answer.content == b""
    return answer.status_code


def due_in(row: Connection) -> timedelta:
    row.refresh_from_db()
    assert row.pull_at is not None
    return row.pull_at - datetime.now(UTC)


# ---------------------------------------------------------------- the address


def test_the_address_is_made_once_and_each_has_its_own_secret(shop: Connection) -> None:
    other = Connection.objects.create(
        merchant=shop.merchant, connector="woocommerce", side="shop", name="B", fingerprint="y"
    )

    assert address(shop) == address(shop)
    assert address(shop)[0] != address(other)[0]
    assert address(shop)[1] != address(other)[1]


def test_only_an_administrator_sees_the_secret(shop: Connection) -> None:
    with pytest.raises(PermissionDenied):
        webhook_address(context(shop, Role.OPERATOR), shop.name)


def test_a_side_that_does_not_call_has_no_address(shop: Connection) -> None:
    Connection.objects.create(merchant=shop.merchant, connector="bol", side="marketplace", name="bol", fingerprint="z")

    with pytest.raises(ActionRefused, match="does not call Orderhaven"):
        webhook_address(context(shop), "bol")


# ---------------------------------------------------------------- calls


def test_a_signed_call_has_the_shop_pulled_now(shop: Connection) -> None:
    assert calls(*address(shop)) == 200
    assert due_in(shop) <= timedelta(0)


def test_a_call_about_something_else_is_taken_in_and_changes_nothing(shop: Connection) -> None:
    assert calls(*address(shop), topic="product.updated") == 200
    assert due_in(shop) > timedelta(minutes=3)


def test_the_greeting_of_a_new_webhook_is_taken_in_and_changes_nothing(shop: Connection) -> None:
    answer = Client(SERVER_NAME="localhost").post(
        address(shop)[0], "webhook_id=3", content_type="application/x-www-form-urlencoded"
    )

    assert (answer.status_code, answer.content) == (200, b"")
    assert due_in(shop) > timedelta(minutes=3)


def test_strangers_learn_nothing(shop: Connection) -> None:
    path, secret = address(shop)

    assert calls(path, "another secret") == 401
    assert calls("/hooks/" + "x" * 32, secret) == 401
    assert calls("/hooks/" + "x" * 400, secret) == 401
    assert due_in(shop) > timedelta(minutes=3)


def test_a_connection_without_an_address_is_not_found_by_an_empty_key(shop: Connection) -> None:
    assert take_in("", {}, b"webhook_id=3", datetime.now(UTC)) is NudgeVerdict.REJECTED
    assert Client(SERVER_NAME="localhost").post("/hooks/").status_code == 404


def test_a_key_of_a_side_that_does_not_call_is_refused(shop: Connection) -> None:
    path, secret = address(shop)
    Connection.objects.update(connector="bol")
    assert calls(path, secret) == 401

    Connection.objects.update(connector="gone")
    assert calls(path, secret) == 401


@pytest.mark.parametrize("state", [ConnectionState.PAUSED, ConnectionState.ATTENTION])
def test_a_paused_shop_is_answered_and_stays_as_it_is(shop: Connection, state: ConnectionState) -> None:
    path, secret = address(shop)
    Connection.objects.update(state=state)

    assert calls(path, secret) == 200
    assert due_in(shop) > timedelta(minutes=3)


def test_only_a_post_of_a_bearable_size_is_read(shop: Connection) -> None:
    path, secret = address(shop)

    assert calls(path, secret, body=b"x" * (1024 * 1024)) == 200
    assert calls(path, secret, body=b"x" * (1024 * 1024 + 1)) == 413
    assert Client(SERVER_NAME="localhost").get(path).status_code == 405


def test_a_call_needs_no_session_and_makes_none(shop: Connection) -> None:
    path, secret = address(shop)
    client = Client(SERVER_NAME="localhost")
    with CaptureQueriesContext(connection) as queries:
        client.post(path, BODY, content_type="application/json", headers={
            "x-wc-webhook-signature": signature(BODY, secret).decode(), "x-wc-webhook-topic": "order.updated",
        })  # fmt: skip

    assert len(queries) == 2
    assert not client.cookies


# ---------------------------------------------------------------- however often


def test_calls_without_end_cost_a_pull_every_ten_seconds(shop: Connection) -> None:
    path, secret = address(shop)
    Connection.objects.update(last_pulled_at=datetime.now(UTC) - timedelta(seconds=4))

    for _ in range(20):
        assert calls(path, secret) == 200

    assert timedelta(seconds=4) < due_in(shop) <= timedelta(seconds=6)


def test_a_call_never_puts_a_pull_off(shop: Connection) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=2)
    Connection.objects.update(last_pulled_at=datetime.now(UTC), pull_at=soon)

    assert calls(*address(shop)) == 200

    shop.refresh_from_db()
    assert shop.pull_at == soon


def test_a_connection_that_is_not_pulled_at_all_stays_so(shop: Connection) -> None:
    Connection.objects.update(pull_at=None)

    assert calls(*address(shop)) == 200

    shop.refresh_from_db()
    assert shop.pull_at is None


def test_a_shop_that_is_left_in_peace_after_failures_stays_so(shop: Connection) -> None:
    backoff_until = datetime.now(UTC) + timedelta(minutes=9)
    Connection.objects.update(backoff_until=backoff_until, failures=3)

    assert calls(*address(shop)) == 200

    shop.refresh_from_db()
    assert (shop.backoff_until, shop.failures) == (backoff_until, 3)


# ---------------------------------------------------------------- what it is for


def test_a_completed_order_is_pulled_seconds_after_the_shop_called(trade: Any) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.passes(minutes=6)
    row = trade.link.shop
    path, secret = address(row)
    trade.passes(seconds=30)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(seconds=3)
    assert trade.order(ref).status == Status.NOT_SHIPPED

    headers = {"x-wc-webhook-signature": signature(BODY, secret).decode(), "x-wc-webhook-topic": "order.updated"}
    assert take_in(path.rsplit("/", 1)[1], headers, BODY, trade.clock.now()) is NudgeVerdict.ACCEPTED
    trade.passes(seconds=2)

    assert trade.order(ref).status == Status.WAITING
