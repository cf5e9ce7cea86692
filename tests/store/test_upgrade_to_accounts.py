"""A database of the version before accounts: every connection is read with its next run, and nothing of it is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.ports.account import NOTHING_CHOSEN, NOTHING_KEPT
from orderhaven.store.models import Connection, Message

from .conftest import Books

_BEFORE = ("store", "0027_fingerprints")


@pytest.fixture
def older(books: Books) -> Iterator[Any]:
    """The tables as that version knew them, with a confirmation and a cancellation under way."""
    executor = MigrationExecutor(connection)
    executor.migrate([_BEFORE])
    model = executor.loader.project_state([_BEFORE]).apps.get_model
    order = model("store", "Order").objects.create(
        merchant_id=books.merchant.pk, connection_id=books.marketplace.pk, link_id=books.link.pk, ref="A-1",
        status="not_shipped", placed_at=books.now, received_at=books.now, changed_at=books.now, reference="r-A-1",
    )  # fmt: skip
    for kind, more in (("confirm", {"tracking_number": "3S1", "carrier": "postnl"}), ("cancel", {"reason": "other"})):
        model("store", "Message").objects.create(
            order_id=order.pk, connection_id=books.marketplace.pk, side="marketplace", kind=kind, rank=1, state="unconfirmed",
            created_at=books.now, due_at=books.now, payload={"kind": kind, "quantities": {"1": 1}, **more},
        )  # fmt: skip
    model("store", "Connection").objects.filter(pk=books.marketplace.pk).update(channels={"nl": "Nederland"}, epoch=7)
    yield model
    upgrade()


def upgrade() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_every_connection_is_read_with_its_next_run(older: Any, books: Books) -> None:
    upgrade()

    for row in Connection.objects.all():
        assert (row.account, row.account_choices, row.account_read_at) == (NOTHING_KEPT, NOTHING_CHOSEN, None)
        assert row.account_due_at is not None
    kept = Connection.objects.get(pk=books.marketplace.pk)
    assert (kept.channels, kept.epoch) == ({"nl": "Nederland"}, 7)


def test_what_was_sent_before_is_known_as_it_was_sent(older: Any, books: Books) -> None:
    upgrade()

    confirmation, cancellation = (one.payload for one in Message.objects.order_by("id"))
    assert (confirmation.tracking_number, confirmation.carrier, confirmation.carrier_code) == ("3S1", "postnl", "")
    assert (cancellation.reason, cancellation.reason_code) == ("other", "")
