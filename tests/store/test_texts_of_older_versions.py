"""A database of an older version, which took any text in the shop's number field for a tracking number."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.problems import ProblemKind
from orderhaven.store.models import Event, Line, Message, Order, OrderContact, Problem, Shipment
from orderhaven.store.orders import marketplace_snapshots

from .conftest import CODE, Books

_BEFORE = ("store", "0012_the_product_of_a_line")
_BROKEN_OFF = "0015_networks_are_allowed"  # the last one that is whole when the move breaks off
PHONE = "bel Jan 06-12345678"


class Older:
    """The tables as that version knew them."""

    def __init__(self, books: Books) -> None:
        self.books = books
        executor = MigrationExecutor(connection)
        executor.migrate([_BEFORE])
        self._apps = executor.loader.project_state([_BEFORE]).apps

    def rows(self, name: str, at: str = "") -> Any:
        """`at`: as the tables are after that migration."""
        apps = MigrationExecutor(connection).loader.project_state([("store", at)]).apps if at else self._apps
        return apps.get_model("store", name).objects

    def read(self, ref: str, text: str, **columns: Any) -> Any:
        """The shop's field held this when the order was read."""
        row = self.rows("Order").get(ref=ref)
        self.rows("Order").filter(ref=ref).update(code=text, **columns)
        self.rows("Event").create(order_id=row.id, at=self.books.now, actor="hub", kind="code", data={"code": text})
        return row

    def confirmed(self, ref: str, text: str) -> None:
        row = self.read(ref, text, confirmed_at=self.books.now, closed_at=self.books.now, status="shipped")
        message = self.message(row, "told", text)
        shipped = {"order_id": row.id, "message_id": message.id, "code": text, "carrier": "postnl"}
        self.rows("Shipment").create(**shipped, confirmed_at=self.books.now)

    def message(self, row: Any, state: str, text: str) -> Any:
        return self.rows("Message").create(
            order_id=row.id, connection_id=self.books.marketplace.pk, side="marketplace", kind="confirm", rank=3, state=state,
            made_at=self.books.now, due_at=self.books.now, facts={"code": text, "carrier": "postnl", "label": "", "pieces": {}},
        )  # fmt: skip

    def is_upgraded(self) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def older(books: Books) -> Iterator[Older]:
    for ref in ("A-1", "A-2"):
        books.places(ref)
    older = Older(books)
    yield older
    older.is_upgraded()


def everything_but_people() -> str:
    tables = (Order, Line, Event, Message, Problem, Shipment)
    return str([row for table in tables for row in table.objects.values()])


def test_a_text_moves_to_the_buyers_data_and_is_a_problem(older: Older) -> None:
    older.read("A-1", PHONE)
    older.read("A-2", CODE)

    older.is_upgraded()

    moved, fine = older.books.order("A-1"), older.books.order("A-2")
    assert (moved.tracking_number, moved.tracking_unreadable, older.books.problems("A-1")) == (
        "",
        True,
        [ProblemKind.TRACKING_UNREADABLE],
    )
    assert (fine.tracking_number, fine.tracking_unreadable, older.books.problems("A-2")) == (CODE, False, [])
    assert OrderContact.objects.get(order=moved, role="ship_to").unreadable_tracking == PHONE
    assert Event.objects.get(order=fine, kind="tracking_added").data == {"tracking_number": CODE}
    assert "06-12345678" not in everything_but_people()


def test_it_is_erased_with_the_buyer(older: Older) -> None:
    older.read("A-1", PHONE, closed_at=older.books.now)
    older.is_upgraded()

    marketplace_snapshots.erase_contacts(
        older.books.now + timedelta(days=31), timedelta(days=30), timedelta(days=180), 500
    )

    assert "06-12345678" not in everything_but_people()
    assert list(OrderContact.objects.values_list("order__ref", flat=True).distinct()) == ["A-2"]


def test_of_a_buyer_who_was_erased_before_nothing_is_left(older: Older) -> None:
    older.read("A-1", PHONE, closed_at=older.books.now)
    older.rows("Person").filter(order__ref="A-1").delete()

    older.is_upgraded()

    assert (older.books.order("A-1").tracking_number, older.books.problems("A-1")) == ("", [])
    assert "06-12345678" not in everything_but_people()


def test_what_a_marketplace_was_sent_stays(older: Older) -> None:
    older.confirmed("A-1", PHONE)

    older.is_upgraded()

    assert Shipment.objects.get().tracking_number == PHONE
    assert Message.objects.get(kind="confirm").payload.tracking_number == PHONE
    assert (older.books.order("A-1").tracking_number, older.books.problems("A-1")) == ("", [])


def test_a_confirmation_that_was_kept_back_for_its_carrier_asks_for_the_number_instead(older: Older) -> None:
    row = older.read("A-1", PHONE, status="shipped")
    message = older.message(row, "parked", PHONE)
    values = {"code": PHONE, "candidates": "PostNL"}
    older.rows("Problem").create(
        order_id=row.id, message_id=message.id, kind="unknown_carrier", values=values, at=older.books.now
    )

    older.is_upgraded()

    problem = Problem.objects.get(order__ref="A-1", resolved_at=None)
    assert (problem.kind, problem.message_id) == (ProblemKind.TRACKING_UNREADABLE, message.id)
    assert "06-12345678" not in everything_but_people()


def test_what_says_that_there_is_no_number_is_no_problem(older: Older) -> None:
    older.read("A-1", "geen")

    older.is_upgraded()

    assert (older.books.order("A-1").tracking_number, older.books.problems("A-1")) == ("", [])
    assert OrderContact.objects.exclude(unreadable_tracking="").count() == 0


def test_a_product_that_was_scanned_for_its_number_is_none(older: Older) -> None:
    ean = older.rows("Line").filter(order__ref="A-1").first().ean
    older.read("A-1", ean)

    older.is_upgraded()

    assert (older.books.order("A-1").tracking_number, older.books.problems("A-1")) == (
        "",
        [ProblemKind.TRACKING_UNREADABLE],
    )


def test_a_move_that_is_broken_off_goes_on_where_it_was(older: Older) -> None:
    row = older.read("A-1", PHONE)
    unreadable = older.rows("Event").create(order_id=row.id, at=older.books.now, actor="hub", kind="code", data=[])
    with pytest.raises(AttributeError):
        older.is_upgraded()
    kept = (
        older.rows("Order").get(ref="A-1").code,
        older.rows("Person", at=_BROKEN_OFF)
        .values_list("unread_number", flat=True)
        .get(order__ref="A-1", role="ship_to"),
    )
    older.rows("Event").filter(pk=unreadable.pk).delete()

    older.is_upgraded()

    assert kept == ("", PHONE)
    assert older.books.problems("A-1") == [ProblemKind.TRACKING_UNREADABLE]
    assert "06-12345678" not in everything_but_people()
