"""A database of the version before the plain names, with work in flight, opens as what it was and doubles nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.commands import CancelReason
from orderhaven.store.connections.connections import claim
from orderhaven.store.models import (
    Connection,
    Delivery,
    Event,
    Message,
    MessageState,
    Notification,
    Order,
    Problem,
    SyncState,
)
from orderhaven.store.outbox import queue
from orderhaven.store.outbox.payloads import CancelPayload, ConfirmPayload, CorrectPayload, CreatePayload

from .conftest import Books

_BEFORE = ("store", "0021_payloads")
UNDER_WAY = {"sending": "in_flight", "unclear": "unconfirmed", "awaiting": "processing"}
REST = {
    "held": "on_hold",
    "due": "queued",
    "told": "done",
    "parked": "blocked",
    "dropped": "withdrawn",
    "stopped": "stopped",
}


class Older:
    """The tables as that version knew them."""

    def __init__(self, books: Books) -> None:
        self.books = books
        executor = MigrationExecutor(connection)
        executor.migrate([_BEFORE])
        self._apps = executor.loader.project_state([_BEFORE]).apps

    def rows(self, name: str) -> Any:
        return self._apps.get_model("store", name).objects

    def message(self, number: int, state: str, kind: str = "confirm", cause: str = "", **said: Any) -> int:
        books = self.books
        said = said or {"pieces": {"1": 1}, "code": "3SABCD1234567", "carrier": "postnl"}
        order = self.rows("Order").create(
            merchant_id=books.merchant.pk, link_id=books.link.pk, ref=f"A-{number}", status="shipped", placed_at=books.now,
            heard_at=books.now, changed_at=books.now, marketplace_told="being_told", code="3SABCD1234567",
        )  # fmt: skip
        row = self.rows("Message").create(
            order_id=order.pk, connection_id=books.marketplace.pk, side="marketplace", kind=kind, rank=3, state=state,
            made_at=books.now, due_at=books.now, epoch=1, attempt=1,
            payload={"kind": kind, **said}, refused_as=cause,
        )  # fmt: skip
        return int(row.pk)

    def is_upgraded(self) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def older(books: Books) -> Iterator[Older]:
    older = Older(books)
    yield older
    older.is_upgraded()


def test_every_state_of_a_message_has_its_new_name(older: Older) -> None:
    keys = {state: older.message(number, state) for number, state in enumerate({**UNDER_WAY, **REST})}

    older.is_upgraded()

    assert {state: Message.objects.get(pk=key).state for state, key in keys.items()} == {**UNDER_WAY, **REST}


def test_what_was_sent_keeps_what_it_said(older: Older) -> None:
    key = older.message(1, "unclear")

    older.is_upgraded()

    assert Message.objects.get(pk=key).payload == ConfirmPayload("3SABCD1234567", "postnl", quantities={"1": 1})


def test_what_a_create_a_cancellation_and_a_correction_say_is_kept(older: Older) -> None:
    keys = (
        older.message(1, "due", "place", pieces={"1": 2}, total="25.98", products={"1": "7"}),
        older.message(2, "due", "cancel", reason="buyer_asked"),
        older.message(
            3, "due", "correct", confirmation=4, confirmed_as="oh-A-3-confirm-0.0", code="3S1", pieces={"1": 1}
        ),
        older.message(4, "due", "confirm", label="label-9"),
    )

    older.is_upgraded()

    assert [Message.objects.get(pk=key).payload for key in keys] == [
        CreatePayload({"1": 2}, "25.98", {"1": "7"}),
        CancelPayload(CancelReason.BUYER_REQUEST),
        CorrectPayload(4, "", "oh-A-3-confirm-0.0", {"1": 1}, "3S1"),
        ConfirmPayload(label_number="label-9"),
    ]


def test_a_rejection_is_known_again(older: Older) -> None:
    """By what was asked and why: a row that is called `place: ...` would be another cause from now on."""
    key = older.message(1, "stopped", "place", "place: the shop is closed", total="1.00")
    older.rows("Connection").filter(pk=older.books.shop.pk).update(
        alike_cause="place: the shop is closed", alike_count=3
    )

    older.is_upgraded()

    assert Message.objects.get(pk=key).rejection_cause == "create: the shop is closed"
    assert Connection.objects.get(pk=older.books.shop.pk).repeated_cause == "create: the shop is closed"


def test_what_waits_to_be_sent_to_people_and_programs_says_it_in_the_new_words(older: Older) -> None:
    merchant, now = older.books.merchant.pk, older.books.now
    item = {"marketplace": "bol NL", "ref": "A-1", "problem": "later_code", "values": {"code": "3S1"}}
    mail = {"items": [item], "more": 0, "over": []}
    call = {
        "at": "x",
        "connection": {"name": "bol NL", "role": "marketplace"},
        "facts": {"fact": "wait_over", "code": "3S1"},
    }
    made = {"merchant_id": merchant, "made_at": now, "due_at": now}
    older.rows("Delivery").create(channel="mail", kind="problem", facts=mail, **made)
    older.rows("Delivery").create(channel="webhook", kind="order.placed", facts=call, **made)
    older.rows("Notice").create(merchant_id=merchant, kind="problem", about="1", facts=item, at=now)

    older.is_upgraded()

    new = {"marketplace": "bol NL", "ref": "A-1", "problem": "late_tracking", "values": {"tracking_number": "3S1"}}
    [sent, called] = Delivery.objects.order_by("id").values_list("kind", "data", "state")
    assert sent == ("problem", {"items": [new], "more": 0, "over": []}, "queued")
    account, said = {"name": "bol NL", "side": "marketplace"}, {"trigger": "wait_expired", "tracking_number": "3S1"}
    assert called == ("order.created", {"at": "x", "connection": account, "data": said}, "queued")
    assert Notification.objects.values_list("data", flat=True).get() == new


def test_more_rows_than_are_brought_over_at_once(older: Older) -> None:
    order = older.rows("Order").get(pk=older.rows("Message").get(pk=older.message(1, "told")).order_id)
    event = older.rows("Event").model
    older.rows("Event").bulk_create(
        event(order_id=order.pk, at=older.books.now, actor="hub", kind="code", data={"code": str(number)})
        for number in range(1_203)
    )

    older.is_upgraded()

    kept = Event.objects.filter(order_id=order.pk, kind="tracking_added").order_by("id").values_list("data", flat=True)
    assert [data["tracking_number"] for data in kept] == [str(number) for number in range(1_203)]


def test_what_was_in_flight_is_verified_and_not_sent_again(older: Older) -> None:
    key = older.message(1, "sending")
    older.is_upgraded()
    claimed = claim(older.books.marketplace.pk)
    assert claimed is not None

    queue.recover_left_behind(
        claimed[0] if isinstance(claimed, tuple) else claimed, older.books.now + timedelta(hours=1)
    )

    assert Message.objects.get(pk=key).state == MessageState.UNCONFIRMED


def test_an_order_keeps_its_number_and_how_far_each_side_is(older: Older) -> None:
    older.message(1, "due")

    older.is_upgraded()

    row = Order.objects.get(ref="A-1")
    assert (row.tracking_number, row.marketplace_sync) == ("3SABCD1234567", SyncState.PENDING)


def test_events_and_problems_say_the_same_in_the_new_words(older: Older) -> None:
    older.message(1, "parked")
    order = older.rows("Order").get(ref="A-1")
    moved = {"from": "waiting", "to": "shipped", "fact": "completed_with_code"}
    older.rows("Event").create(order_id=order.pk, at=older.books.now, actor="hub", kind="status", data=moved)
    older.rows("Event").create(order_id=order.pk, at=older.books.now, actor="hub", kind="heard")
    older.rows("Problem").create(order_id=order.pk, kind="later_code", values={"code": "3S1"}, at=older.books.now)

    older.is_upgraded()

    renamed = {"from": "waiting", "to": "shipped", "trigger": "completed_tracked"}
    assert Event.objects.get(order_id=order.pk, kind="status").data == renamed
    assert Event.objects.filter(order_id=order.pk, kind="received").count() == 1
    assert Problem.objects.values_list("kind", "values").get() == ("late_tracking", {"tracking_number": "3S1"})


def test_an_upgrade_that_broke_off_between_two_batches_goes_on(older: Older) -> None:
    key = older.message(1, "told")
    older.is_upgraded()
    values = __import__("importlib").import_module("orderhaven.store.migrations.0023_plain_values")

    values.rename_values(__import__("django.apps").apps.apps, None)

    assert Message.objects.get(pk=key).state == MessageState.DONE
