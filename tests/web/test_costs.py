"""What a page costs: as many queries, and about as much work, however many orders there are; and not much weight."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.pages import addresses
from benchmarks.years import write_years
from orderhaven.core.access import Permission
from orderhaven.store.access import credentials
from orderhaven.store.models import Connection, Event, Line, Message, Order, Problem, User
from orderhaven.store.outbox.payloads import CreatePayload
from tests.stores import point_store_at

from .conftest import browser_of

FEW, MANY = 1_000, 20_000
HEAVIEST = 150_000  # bytes, without images
LOOK_AHEAD = re.compile(" OFFSET [1-9]")
INSTRUCTIONS = 1_000  # of SQLite, between two looks at its work
# a page may look ahead along three indexes, five thousand rows each: less than going once through all orders
LOOKING_AHEAD = 120


@dataclass(frozen=True)
class Archive:
    """A store with so many orders; the last month is the same in all."""

    orders: int
    file: Path
    addresses: dict[str, str]

    def open(self) -> Client:
        point_store_at({**connections.databases["default"], "NAME": str(self.file)})
        return browser_of(User.objects.get())


@dataclass(frozen=True)
class Cost:
    queries: int  # beside those that look how long a way is
    work: int
    bytes: int


@pytest.fixture(scope="module")
def archives(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Archive]]:
    kept = connections.databases["default"]
    now = datetime.now(UTC)
    folder = tmp_path_factory.mktemp("archives")
    made = []
    for orders in (FEW, MANY):
        archive = Archive(orders, folder / f"{orders}.sqlite3", addresses(orders, now))
        shutil.copyfile(sqlite_template, archive.file)
        point_store_at({**kept, "ENGINE": "orderhaven.store.sql.sqlite", "NAME": str(archive.file)})
        write_years(orders, now)
        made.append(archive)
    yield made
    point_store_at(kept)


def test_pages_cost_the_same_with_many_orders_as_with_few(archives: list[Archive]) -> None:
    few, many = map(costs_of, archives)

    assert {name: one.queries for name, one in many.items()} == {name: one.queries for name, one in few.items()}
    assert [(name, one, few[name]) for name, one in many.items() if one.work > few[name].work + LOOKING_AHEAD] == []
    assert [(name, one) for name, one in (*few.items(), *many.items()) if one.bytes > HEAVIEST] == []


def costs_of(archive: Archive) -> dict[str, Cost]:
    client = archive.open()
    client.get(archive.addresses["api-clients"])  # a session that is seen for the first time is written
    return {name: cost_of(client, address) for name, address in archive.addresses.items()}


def cost_of(client: Client, address: str) -> Cost:
    work = 0

    def note() -> int:
        nonlocal work
        work += 1
        return 0

    connection.connection.set_progress_handler(note, INSTRUCTIONS)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    connection.connection.set_progress_handler(None, 0)
    assert answer.status_code == 200, address
    asks = [one["sql"] for one in asked.captured_queries if not LOOK_AHEAD.search(one["sql"])]
    assert len(asked) < len(asks) + 20
    return Cost(len(asks), work, len(answer.content))


LONG = "Bol Nederland & België: speelgoed, boeken en cadeaus voor iedereen"
KINDS = ("unknown_product", "unexpected_response", "delayed", "unexpected_update", "outcome_unknown")


@pytest.fixture
def full(store: None) -> Client:
    """Whatever can be long is: names, numbers, sentences, and what happened to an order."""
    now = datetime.now(UTC)
    accounts = write_years(60, now)
    for one in Connection.objects.all():
        Connection.objects.filter(pk=one.pk).update(name=f"{LONG} {one.pk}", account_name=LONG * 2)
    for order in Order.objects.all():
        long = f"{order.pk:040d}"
        Order.objects.filter(pk=order.pk).update(
            ref=long, shop_number=long, tracking_number=long, shop_status=LONG[:60]
        )
        Problem.objects.filter(order=order).delete()
        Problem.objects.bulk_create(
            Problem(
                order=order,
                kind=kind,
                values={"sku": long, "title": LONG, "trigger": LONG},
                evidence="x" * 2_000,
                at=now,
            )
            for kind in KINDS
        )
    Line.objects.bulk_create(
        Line(
            order_id=1, position=number, ref=f"line {number}", title=LONG * 2, sku=LONG, ean="8712345678906", ordered=1
        )
        for number in range(10, 60)
    )
    facts = {"code": LONG, "carrier": "postnl", "sentence": LONG}
    Event.objects.bulk_create(Event(order_id=1, at=now, actor=LONG, kind="confirmed", data=facts) for _ in range(600))
    Message.objects.filter(order_id=1).update(
        payload=CreatePayload(products={f"{LONG} {number}": LONG for number in range(20)})
    )
    tokens = (f"{LONG[:60]} {number}" for number in range(60))
    for name in tokens:
        credentials.create_token(accounts.merchant, name, list(Permission), now, LONG)
    return browser_of(accounts.person)


@pytest.mark.parametrize(
    "page", ["orders", "orders?tab=problems", "overview", "connections", "links", "users", "audit", "api-clients"]
)
def test_no_page_is_heavy(full: Client, page: str) -> None:
    assert 4_000 < weight(full, f"/benchmark/{page}") < HEAVIEST


def test_an_order_to_which_much_happened_is_not_heavy(full: Client) -> None:
    order = Order.objects.select_related("connection").get(pk=1)

    assert 30_000 < weight(full, f"/benchmark/orders/{order.connection.name}/{order.ref}") < HEAVIEST


def test_a_page_with_all_it_needs_is_not_heavy_either(archives: list[Archive]) -> None:
    client = archives[0].open()
    page = client.get("/benchmark/orders")
    needed = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.content.decode())

    assert len(needed) > 3
    assert sum(len(one) for one in [page.content, *(content_of(client.get(address)) for address in needed)]) < HEAVIEST


def weight(client: Client, address: str) -> int:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return len(answer.content)


def content_of(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)
