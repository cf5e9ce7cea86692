"""A database of an older version, which took any text in the shop's number field for a tracking number."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.problems import ProblemKind
from orderhaven.store import orders
from orderhaven.store.models import Event, Line, Message, Order, Person, Problem, Shipment

from .conftest import CODE, Books

_BEFORE = ("store", "0012_the_product_of_a_line")
PHONE = "bel Jan 06-12345678"


class Older:
    """The tables as that version knew them."""

    def __init__(self, books: Books) -> None:
        self.books = books
        executor = MigrationExecutor(connection)
        executor.migrate([_BEFORE])
        self._apps = executor.loader.project_state([_BEFORE]).apps

    def rows(self, name: str) -> Any:
        return self._apps.get_model("store", name).objects

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
    assert (moved.code, moved.number_unread, older.books.problems("A-1")) == ("", True, [ProblemKind.NUMBER_UNREAD])
    assert (fine.code, fine.number_unread, older.books.problems("A-2")) == (CODE, False, [])
    assert Person.objects.get(order=moved, role="ship_to").unread_number == PHONE
    assert Event.objects.get(order=fine, kind="code").data == {"code": CODE}
    assert "06-12345678" not in everything_but_people()


def test_it_is_erased_with_the_buyer(older: Older) -> None:
    older.read("A-1", PHONE, closed_at=older.books.now)
    older.is_upgraded()

    orders.erase_people(older.books.now + timedelta(days=31), timedelta(days=30), timedelta(days=180), 500)

    assert "06-12345678" not in everything_but_people()
    assert list(Person.objects.values_list("order__ref", flat=True).distinct()) == ["A-2"]


def test_of_a_buyer_who_was_erased_before_nothing_is_left(older: Older) -> None:
    older.read("A-1", PHONE, closed_at=older.books.now)
    older.rows("Person").filter(order__ref="A-1").delete()

    older.is_upgraded()

    assert (older.books.order("A-1").code, older.books.problems("A-1")) == ("", [])
    assert "06-12345678" not in everything_but_people()


def test_what_a_marketplace_was_told_stays(older: Older) -> None:
    older.confirmed("A-1", PHONE)

    older.is_upgraded()

    assert Shipment.objects.get().code == PHONE
    assert Message.objects.get(kind="confirm").payload.code == PHONE
    assert (older.books.order("A-1").code, older.books.problems("A-1")) == ("", [])


def test_a_confirmation_that_was_kept_back_for_its_carrier_asks_for_the_number_instead(older: Older) -> None:
    row = older.read("A-1", PHONE, status="shipped")
    message = older.message(row, "parked", PHONE)
    values = {"code": PHONE, "candidates": "PostNL"}
    older.rows("Problem").create(
        order_id=row.id, message_id=message.id, kind="unknown_carrier", values=values, at=older.books.now
    )

    older.is_upgraded()

    problem = Problem.objects.get(order__ref="A-1", solved_at=None)
    assert (problem.kind, problem.message_id) == (ProblemKind.NUMBER_UNREAD, message.id)
    assert "06-12345678" not in everything_but_people()


def test_what_says_that_there_is_no_number_is_no_problem(older: Older) -> None:
    older.read("A-1", "geen")

    older.is_upgraded()

    assert (older.books.order("A-1").code, older.books.problems("A-1")) == ("", [])
    assert Person.objects.exclude(unread_number="").count() == 0


def test_a_product_that_was_scanned_for_its_number_is_none(older: Older) -> None:
    ean = older.rows("Line").filter(order__ref="A-1").first().ean
    older.read("A-1", ean)

    older.is_upgraded()

    assert (older.books.order("A-1").code, older.books.problems("A-1")) == ("", [ProblemKind.NUMBER_UNREAD])


def test_a_move_that_is_broken_off_goes_on_where_it_was(older: Older) -> None:
    row = older.read("A-1", PHONE)
    unreadable = older.rows("Event").create(order_id=row.id, at=older.books.now, actor="hub", kind="code", data=[])
    with pytest.raises(AttributeError):
        older.is_upgraded()
    kept = (older.books.order("A-1").code, Person.objects.get(order__ref="A-1", role="ship_to").unread_number)
    Event.objects.filter(pk=unreadable.pk).delete()

    older.is_upgraded()

    assert kept == ("", PHONE)
    assert older.books.problems("A-1") == [ProblemKind.NUMBER_UNREAD]
    assert "06-12345678" not in everything_but_people()
