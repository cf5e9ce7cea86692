"""A database of the version before channels: every order names its marketplace afterwards, and a link takes all channels."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.store.connections.links import Scope, scope_of
from orderhaven.store.models import Link, Message, Order, OrderRouting
from orderhaven.store.sql.rows import links_by_channel

from .conftest import Books

_BEFORE = ("store", "0024_references")


@pytest.fixture
def older(books: Books) -> Iterator[Any]:
    """The tables as that version knew them, with two orders of which one is being created."""
    executor = MigrationExecutor(connection)
    executor.migrate([_BEFORE])
    model = executor.loader.project_state([_BEFORE]).apps.get_model
    for number, state in ((1, "in_flight"), (2, "done")):
        order = model("store", "Order").objects.create(
            merchant_id=books.merchant.pk, link_id=books.link.pk, ref=f"A-{number}", status="not_shipped", placed_at=books.now,
            received_at=books.now, changed_at=books.now, read_at=None if number == 2 else books.now, reference=f"r-A-{number}",
        )  # fmt: skip
        model("store", "Message").objects.create(
            order_id=order.pk, connection_id=books.shop.pk, side="shop", kind="create", rank=6, state=state,
            created_at=books.now, due_at=books.now, payload={"kind": "create"}, reference=f"r-A-{number}",
        )  # fmt: skip
    yield model
    upgrade()


def upgrade() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_every_order_names_its_marketplace(older: Any, books: Books) -> None:
    upgrade()

    rows = Order.objects.order_by("ref").values_list("ref", "connection_id", "link_id", "channel", "reference")
    assert list(rows) == [(ref, books.marketplace.pk, books.link.pk, "", f"r-{ref}") for ref in ("A-1", "A-2")]


def test_what_is_under_way_stays_as_it_is(older: Any, books: Books) -> None:
    before = list(older("store", "Message").objects.order_by("id").values_list("id", "state", "reference", "order_id"))

    upgrade()

    assert list(Message.objects.order_by("id").values_list("id", "state", "reference", "order_id")) == before


def test_a_link_has_the_name_of_its_marketplace_and_takes_all_channels(older: Any, books: Books) -> None:
    upgrade()

    link = Link.objects.get()
    assert (link.name, scope_of(link)) == ("bol NL", Scope())
    assert OrderRouting.objects.get().key == f"{books.marketplace.pk}:all"
    assert links_by_channel(books.marketplace.pk) == {None: link}


def test_nothing_is_lost_where_there_is_no_order_yet(books: Books) -> None:
    MigrationExecutor(connection).migrate([_BEFORE])

    upgrade()

    assert Link.objects.get().name == "bol NL"
