"""What machines ask: whether it lives, whether it can work, how much there is to do."""

import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.models import Connection, Delivery, Message, MessageState, Order, Problem
from orderhaven.store.upkeep import health
from orderhaven.sync.lock import only_hub_on
from orderhaven.testing.clock import START
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import start_trade

TOKEN = "a token for Prometheus"


@pytest.fixture
def trade(any_store: None) -> Iterator[Any]:
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP)
    yield started
    started.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    return tmp_path


def figures(**headers: str) -> dict[str, float]:
    answer = Client(headers=headers).get("/metrics")
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


# ---------------------------------------------------------------- alive


def test_it_lives_whatever_becomes_of_the_database(store: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = Client(SERVER_NAME="10.0.0.7").get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("path", "host"), [("/healthz", "10.0.0.7:8080"), ("/readyz", "10.0.0.7:8080"), ("/metrics", "127.0.0.1:9999")]
)
def test_a_probe_is_answered_at_any_address_and_changes_nothing(store: None, path: str, host: str) -> None:
    client = Client(headers={"host": host})

    assert client.get(path).status_code in (200, 503)
    assert client.head(path).status_code in (200, 503)
    assert client.post(path).status_code == 405
    assert not client.cookies


# ---------------------------------------------------------------- ready


def test_it_is_ready_beside_a_running_hub(store: None, folder: Path) -> None:
    with only_hub_on(folder / "hub.lock"):
        answer = Client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": dict.fromkeys(("database", "schema", "disk", "hub", "clock"), "ok"),
    }


def test_without_a_hub_it_is_not_ready(store: None, folder: Path) -> None:
    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["hub"]) == (503, "failed")


def test_a_database_that_cannot_be_read_is_said_and_nothing_else_of_it(store: None, folder: Path) -> None:
    file = Path(str(connections.databases["default"]["NAME"]))
    connections.close_all()
    file.write_bytes(b"not a database at all" * 500)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "failed", "schema": "failed", "disk": "ok", "hub": "failed", "clock": "failed",
    }  # fmt: skip
    assert str(file) not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM django_migrations WHERE app = 'store' AND name LIKE '0004%'",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '0999_newer', '2030-01-01')",
    ],
    ids=["behind", "ahead"],
)
def test_a_schema_of_another_version_is_not_ready(store: None, folder: Path, change: str) -> None:
    with sqlite3.connect(str(connections.databases["default"]["NAME"])) as database:
        database.execute(change)
    database.close()

    assert Client().get("/readyz").json()["checks"]["schema"] == "failed"


def test_a_full_disk_is_not_ready(store: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**12, 10**12, 10**6))

    assert Client().get("/readyz").json()["checks"]["disk"] == "failed"


# ---------------------------------------------------------------- figures: for whom


def test_this_machine_may_read_the_figures(store: None) -> None:
    assert figures()["orderhaven_waits"] == 0
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200


@pytest.mark.parametrize("sign", ["x-forwarded-for", "x-real-ip", "forwarded", "via", "x-forwarded-proto"])
def test_who_comes_through_a_proxy_of_this_machine_may_not(store: None, sign: str) -> None:
    answer = Client(headers={sign: "198.51.100.7"}).get("/metrics")

    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_this_machine_calls_it_by_a_name_of_its_own(store: None, host: str) -> None:
    assert Client(headers={"host": host}).get("/metrics").status_code == 200


@pytest.mark.parametrize("host", ["orders.example.com", "evil.example:8080", "[", ""])
def test_a_name_that_leads_here_does_not_make_somebody_of_this_machine(store: None, host: str) -> None:
    assert Client(headers={"host": host}).get("/metrics").status_code == 404


@pytest.mark.parametrize("address", ["198.51.100.7", "", "nonsense"])
def test_who_comes_from_elsewhere_may_not(store: None, address: str) -> None:
    assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 404


def test_who_knows_the_token_may_from_anywhere(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_METRICS_TOKEN", TOKEN)

    def asks(authorization: str) -> int:
        return Client(REMOTE_ADDR="198.51.100.7", headers={"authorization": authorization}).get("/metrics").status_code

    assert asks(f"Bearer {TOKEN}") == 200
    assert asks("Bearer something else") == 404
    assert asks("Bearer é") == 404
    assert asks("") == 404


def test_without_a_token_an_empty_one_opens_nothing(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_METRICS_TOKEN", "")

    answer = Client(REMOTE_ADDR="198.51.100.7", headers={"authorization": "Bearer "}).get("/metrics")

    assert answer.status_code == 404


# ---------------------------------------------------------------- figures: which


def test_the_figures_are_what_there_is_to_do(trade: Any) -> None:
    trade.passes(seconds=10)
    for _ in range(3):
        trade.sells()
    trade.passes(minutes=6)
    first, second, _third = Order.objects.order_by("id")
    trade.shop.complete(first.shop_ref)
    trade.passes(minutes=6)
    Problem.objects.create(order=second, kind=ProblemKind.UNEXPECTED_RESPONSE, at=trade.clock.now())
    Order.objects.filter(pk=second.pk).update(ship_by=trade.clock.now() - timedelta(hours=1))

    found = health.figures(trade.clock.now())

    assert found.open_orders == {Status.WAITING: 1, Status.NOT_SHIPPED: 2}
    assert found.late_orders == 1
    assert found.problems == {ProblemKind.UNEXPECTED_RESPONSE: 1}
    assert (found.messages, found.oldest_due) == ({}, None)
    assert found.waits == 1
    assert [(one.side, one.state, one.is_failing) for one in found.connections] == [
        ("marketplace", "active", False), ("shop", "active", False),
    ]  # fmt: skip
    assert all(one.last_pulled_at is not None and one.last_pulled_at <= trade.clock.now() for one in found.connections)


def test_what_waits_to_be_sent_is_counted_with_its_age(trade: Any) -> None:
    trade.passes(seconds=10)
    trade.goes_down(trade.shop)
    trade.sells()
    trade.passes(minutes=11)
    due_at = Message.objects.get().due_at
    Message.objects.update(state=MessageState.QUEUED, due_at=due_at)
    merchant_id = trade.link.merchant_id
    for state in ("queued", "done"):
        Delivery.objects.create(
            merchant_id=merchant_id, channel="mail", kind="problem", state=state, created_at=due_at, due_at=due_at
        )

    found = health.figures(due_at + timedelta(minutes=4))

    assert found.messages == {MessageState.QUEUED: 1}
    assert found.oldest_due == due_at
    assert (found.deliveries, found.oldest_delivery) == (1, due_at)


def test_figures_have_a_line_for_what_counts_nothing_and_no_name(trade: Any) -> None:
    trade.passes(seconds=10)
    Connection.objects.filter(side="shop").update(state="attention", failing_since=trade.clock.now())
    shop = Connection.objects.get(side="shop")

    said = figures()

    assert said['orderhaven_orders_open{status="waiting"}'] == 0
    assert said['orderhaven_messages{state="blocked"}'] == 0
    assert said['orderhaven_problems_open{kind="unknown_product"}'] == 0
    assert said['orderhaven_connections{side="shop",state="attention"}'] == 1
    label = f'{{connection="{shop.pk}",connector="{shop.connector}"}}'
    assert said[f"orderhaven_connection_failing{label}"] == 1
    assert said[f"orderhaven_connection_last_pull_seconds{label}"] > 0
    assert said["process_resident_memory_bytes"] > 0
    assert not [line for line in said if shop.name in line]


def test_every_figure_stands_in_the_reference(trade: Any) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "monitoring.md").read_text("utf-8")

    ours = {line.partition("{")[0] for line in figures() if line.startswith("orderhaven_")}

    assert ours
    assert [] == [name for name in sorted(ours) if f"| `{name}` |" not in page]


def test_the_figures_take_the_same_few_queries_however_large_the_trade(trade: Any) -> None:
    with CaptureQueriesContext(connection) as small:
        figures()
    trade.passes(seconds=10)
    for _ in range(5):
        trade.sells()
    trade.passes(minutes=6)
    with CaptureQueriesContext(connection) as large:
        figures()

    assert len(small) == len(large) == 7


_OF_WHAT_IS_OPEN = ("order_open", "order_open_tabs", "order_waits", "one_open_problem_per_kind")


def test_no_figure_walks_through_what_is_over(store: None) -> None:
    """Every walk is one over an index of what is open, or over the connections, which are few."""
    with CaptureQueriesContext(connection) as asked:
        health.figures(START)

    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            walks = [row[3] for row in cursor.fetchall() if row[3].startswith("SCAN")]

        long = [walk for walk in walks if walk.split()[1] != "store_connection"]
        assert [] == [walk for walk in long if walk.split()[-1] not in _OF_WHAT_IS_OPEN]
