"""A database of an older version, which kept what goes out with a message as a loose dictionary called `facts`."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.shipment import CancelReason
from orderhaven.store import outbox
from orderhaven.store.models import Kind, Message, MessageState
from orderhaven.store.payloads import (
    AcceptPayload,
    CancelPayload,
    CancelShopPayload,
    ConfirmPayload,
    CorrectPayload,
    Payload,
    PlacePayload,
    RefusePayload,
)
from orderhaven.store.sql.loads import moving_orders

from .conftest import CODE, Books

_BEFORE = ("store", "0019_what_was_looked_up_is_kept")
# what the versions before wrote, before a message began and after, and what that is today
KEPT: list[tuple[Kind, dict[str, Any], Payload]] = [
    (Kind.PLACE, {}, PlacePayload()),
    (Kind.PLACE, {"pieces": {"L1": 2}, "total": "28.93"}, PlacePayload({"L1": 2}, "28.93")),
    (
        Kind.PLACE,
        {"pieces": {"L1": 2}, "total": "28.93", "products": {"L1": "7"}},
        PlacePayload({"L1": 2}, "28.93", {"L1": "7"}),
    ),
    (Kind.CANCEL_SHOP, {}, CancelShopPayload()),
    (Kind.ACCEPT, {"pieces": {"L1": 2}}, AcceptPayload({"L1": 2})),
    (Kind.CONFIRM, {}, ConfirmPayload()),
    (
        Kind.CONFIRM,
        {"code": CODE, "carrier": "postnl", "ships_from": "NL", "label": "", "pieces": {"L1": 2}},
        ConfirmPayload(CODE, "postnl", "NL", pieces={"L1": 2}),
    ),
    (
        Kind.CONFIRM,
        {"code": "", "carrier": "", "label": "label-9", "pieces": {"L1": 2}},
        ConfirmPayload(label="label-9", pieces={"L1": 2}),
    ),
    (Kind.CANCEL, {"reason": "buyer_asked"}, CancelPayload(CancelReason.BUYER_ASKED)),
    (Kind.CANCEL, {"reason": "", "pieces": {"L1": 1}}, CancelPayload(CancelReason.OTHER, {"L1": 1})),
    (Kind.REFUSE, {"pieces": {"L1": 2}}, RefusePayload({"L1": 2})),
    (
        Kind.CORRECT,
        {
            "confirmation": 4, "shipment_ref": "s-1", "confirmed_as": "oh-A-1-confirm-0.0", "pieces": {"L1": 2},
            "code": CODE, "carrier": "", "ships_from": "",
        },
        CorrectPayload(4, "s-1", "oh-A-1-confirm-0.0", {"L1": 2}, CODE),
    ),
]  # fmt: skip


class Older:
    """The outbox as that version knew it."""

    def __init__(self, books: Books) -> None:
        self.books = books
        books.hears("A-1")
        Message.objects.all().delete()
        executor = MigrationExecutor(connection)
        executor.migrate([_BEFORE])
        self.rows = executor.loader.project_state([_BEFORE]).apps.get_model("store", "Message").objects
        self._count = 0

    def has(self, kind: Kind, facts: Any, state: str = "due") -> int:
        self._count += 1
        row = self.rows.create(
            order_id=self.books.order("A-1").pk, connection_id=self.books.marketplace.pk, side="marketplace", kind=kind, rank=3,
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
    keys = {older.has(kind, facts, state): payload for state in MessageState for kind, facts, payload in KEPT}

    older.is_upgraded()

    [order] = moving_orders([older.books.order("A-1").pk])
    assert {message.id: message.payload for message in order.outbox} == keys
    assert dict(Message.objects.values_list("id", "payload")) == keys


def test_what_was_on_its_way_goes_on(older: Older) -> None:
    key = older.has(Kind.CONFIRM, {"code": CODE, "carrier": "", "label": "", "pieces": {"L1": 2}}, "unclear")

    older.is_upgraded()

    [message] = outbox.due(older.books.there, MessageState.UNCLEAR, older.books.now, 50)
    assert (message.pk, message.payload) == (key, ConfirmPayload(CODE, pieces={"L1": 2}))


def test_more_messages_than_are_brought_over_at_once(older: Older) -> None:
    last = max(older.has(Kind.CONFIRM, {"code": str(number)}) for number in range(1_001))

    older.is_upgraded()

    assert Message.objects.get(pk=last).payload == ConfirmPayload("1000")
    assert Message.objects.count() == 1_001


def test_an_upgrade_that_is_broken_off_goes_on_where_it_was(older: Older) -> None:
    first, *_ = [older.has(Kind.CONFIRM, {"code": CODE}) for _ in range(1_000)]
    unreadable = older.has(Kind.CONFIRM, ["nothing of ours"])
    with pytest.raises(AttributeError):
        older.is_upgraded()
    kept = older.rows.get(pk=first).facts
    older.rows.filter(pk=unreadable).delete()

    older.is_upgraded()

    assert kept == {"kind": "confirm", "code": CODE}
    assert Message.objects.count() == 1_000
    assert Message.objects.get(pk=first).payload == ConfirmPayload(CODE)
