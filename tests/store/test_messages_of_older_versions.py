"""A database of an older version, which kept what goes out with a message as a loose dictionary called `facts`."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.commands import CancelReason
from orderhaven.store.models import Message, MessageState
from orderhaven.store.outbox import queue
from orderhaven.store.outbox.payloads import (
    AcceptPayload,
    CancelPayload,
    CancelShopPayload,
    ConfirmPayload,
    CorrectPayload,
    CreatePayload,
    Payload,
    RefusePayload,
)
from orderhaven.store.sql.rows import orders_with_messages

from .conftest import CODE, Books

_BEFORE = ("store", "0019_what_was_looked_up_is_kept")
# what the versions before wrote, before a message began and after, and what that is today
KEPT: list[tuple[str, dict[str, Any], Payload]] = [
    ("place", {}, CreatePayload()),
    ("place", {"pieces": {"L1": 2}, "total": "28.93"}, CreatePayload({"L1": 2}, "28.93")),
    (
        "place",
        {"pieces": {"L1": 2}, "total": "28.93", "products": {"L1": "7"}},
        CreatePayload({"L1": 2}, "28.93", {"L1": "7"}),
    ),
    ("cancel_shop", {}, CancelShopPayload()),
    ("accept", {"pieces": {"L1": 2}}, AcceptPayload({"L1": 2})),
    ("confirm", {}, ConfirmPayload()),
    (
        "confirm",
        {"code": CODE, "carrier": "postnl", "ships_from": "NL", "label": "", "pieces": {"L1": 2}},
        ConfirmPayload(CODE, "postnl", "NL", quantities={"L1": 2}),
    ),
    (
        "confirm",
        {"code": "", "carrier": "", "label": "label-9", "pieces": {"L1": 2}},
        ConfirmPayload(label_number="label-9", quantities={"L1": 2}),
    ),
    ("cancel", {"reason": "buyer_asked"}, CancelPayload(CancelReason.BUYER_REQUEST)),
    ("cancel", {"reason": "", "pieces": {"L1": 1}}, CancelPayload(CancelReason.OTHER, {"L1": 1})),
    ("refuse", {"pieces": {"L1": 2}}, RefusePayload({"L1": 2})),
    (
        "correct",
        {
            "confirmation": 4, "shipment_ref": "s-1", "confirmed_as": "oh-A-1-confirm-0.0", "pieces": {"L1": 2},
            "code": CODE, "carrier": "", "ships_from": "",
        },
        CorrectPayload(4, "s-1", "oh-A-1-confirm-0.0", {"L1": 2}, CODE),
    ),
]  # fmt: skip
STATES = ("held", "due", "sending", "unclear", "awaiting", "told", "parked", "stopped", "dropped")


class Older:
    """The outbox as that version knew it."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.order = books.pulls("A-1").pk
        Message.objects.all().delete()
        executor = MigrationExecutor(connection)
        executor.migrate([_BEFORE])
        self.rows = executor.loader.project_state([_BEFORE]).apps.get_model("store", "Message").objects
        self._count = 0

    def has(self, kind: str, facts: Any, state: str = "due") -> int:
        self._count += 1
        row = self.rows.create(
            order_id=self.order, connection_id=self.books.marketplace.pk, side="marketplace", kind=kind, rank=3,
            generation=self._count, state=state, made_at=self.books.now, due_at=self.books.now, facts=facts,
        )  # fmt: skip
        key: int = row.pk
        return key

    def is_upgraded(self) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def older(books: Books) -> Iterator[Older]:
    older = Older(books)
    yield older
    older.is_upgraded()


def test_every_message_is_read_as_it_was_kept(older: Older) -> None:
    keys = {older.has(kind, facts, state): payload for state in STATES for kind, facts, payload in KEPT}

    older.is_upgraded()

    [order] = orders_with_messages([older.order])
    assert {message.id: message.payload for message in order.outbox} == keys
    assert dict(Message.objects.values_list("id", "payload")) == keys


def test_what_was_on_its_way_goes_on(older: Older) -> None:
    key = older.has("confirm", {"code": CODE, "carrier": "", "label": "", "pieces": {"L1": 2}}, "unclear")

    older.is_upgraded()

    [message] = queue.due(older.books.there, MessageState.UNCONFIRMED, older.books.now, 50)
    assert (message.pk, message.payload) == (key, ConfirmPayload(CODE, quantities={"L1": 2}))


def test_more_messages_than_are_brought_over_at_once(older: Older) -> None:
    last = max(older.has("confirm", {"code": str(number)}) for number in range(1_001))

    older.is_upgraded()

    assert Message.objects.get(pk=last).payload == ConfirmPayload("1000")
    assert Message.objects.count() == 1_001


def test_an_upgrade_that_is_broken_off_goes_on_where_it_was(older: Older) -> None:
    first, *_ = [older.has("confirm", {"code": CODE}) for _ in range(1_000)]
    unreadable = older.has("confirm", ["nothing of ours"])
    with pytest.raises(AttributeError):
        older.is_upgraded()
    kept = older.rows.get(pk=first).facts
    older.rows.filter(pk=unreadable).delete()

    older.is_upgraded()

    assert kept == {"kind": "confirm", "code": CODE}
    assert Message.objects.count() == 1_000
    assert Message.objects.get(pk=first).payload == ConfirmPayload(CODE)
