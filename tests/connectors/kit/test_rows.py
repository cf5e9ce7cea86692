"""Lists read row by row, and rows read as they are meant where nothing is decided by how they are written."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.kit.decoding import Discard, Word
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.rows import Rows, RowsOf
from orderhaven.connectors.kit.session import NotData, decode
from orderhaven.core.errors import UnexpectedResponse


class Note(msgspec.Struct):
    key: str
    value: Any = None


class Row(msgspec.Struct, rename="camel"):
    order_id: str
    status: Word
    quantity: int
    price: Decimal = Decimal(0)
    language: Discard[str] = None
    notes: list[Note] = []
    remarks: Discard[list[Note]] = None


ROWS = RowsOf(Row, "orderId", within="orders")
GOOD = {"orderId": "A1", "status": "OPEN", "quantity": 2}


def answer(whole: Any) -> Response:
    return Response(200, {}, json.dumps(whole).encode())


def read(*rows: Any) -> Rows[Row]:
    return ROWS.read(answer({"orders": list(rows)}), "Side")


def only(**fields: Any) -> Row:
    (row,) = read(GOOD | fields).good
    return row


@pytest.mark.parametrize("field", ["status", "quantity"])
@pytest.mark.parametrize("value", [None, "missing", ["?"], True])
def test_one_malformed_row_is_known_by_its_id_and_the_others_come_in(field: str, value: Any) -> None:
    malformed = {name: each for name, each in (GOOD | {field: value}).items() if each != "missing"}

    rows = read(GOOD | {"orderId": "A0"}, malformed, GOOD | {"orderId": "A2"})

    assert [row.order_id for row in rows.good] == ["A0", "A2"]
    assert [each.ref for each in rows.malformed] == ["A1"]
    assert len(rows) == 3


def test_a_row_without_an_id_shows_its_fields_and_no_value() -> None:
    rows = read(GOOD, {"status": "Quastenberg", "quantity": 1, "Vlinderpad 3": "x"})

    assert [each.ref for each in rows.malformed] == [""]
    assert rows.malformed[0].cause == "a row without orderId: status (text), quantity (a number)"


@pytest.mark.parametrize("row", [None, 7, "text", []])
def test_what_is_no_row_at_all_holds_up_no_other(row: Any) -> None:
    rows = read(row, GOOD)

    assert [each.order_id for each in rows.good] == ["A1"]
    assert [each.ref for each in rows.malformed] == [""]


@pytest.mark.parametrize("ref", ["Quastenberg", "06 1234 5678", "jan@buyer.example", "1" * 200])
def test_what_no_order_is_called_is_no_name_of_a_row(ref: str) -> None:
    (row,) = read(GOOD | {"orderId": ref, "quantity": None}).malformed

    assert row.ref == ""
    assert ref not in row.cause


def test_what_is_strange_is_said_by_its_place_and_never_by_its_value() -> None:
    rows = read(GOOD | {"quantity": "Quastenberg"})

    assert "quantity" in rows.malformed[0].cause
    assert "Quastenberg" not in rows.malformed[0].cause


def test_an_answer_without_the_list_has_no_rows_and_one_that_is_no_list_is_an_unexpected_response() -> None:
    assert len(ROWS.read(answer({}), "Side")) == 0
    with pytest.raises(UnexpectedResponse):
        ROWS.read(answer({"orders": "none"}), "Side")
    with pytest.raises(NotData):
        ROWS.read(Response(200, {}, b"<html>"), "Side")


def test_a_list_may_be_the_whole_answer() -> None:
    rows = RowsOf(Row, "orderId").read(answer([GOOD, {"orderId": 7}]), "Side")

    assert [row.order_id for row in rows.good] == ["A1"]
    assert [each.ref for each in rows.malformed] == ["7"]


def test_numbers_and_texts_stand_for_each_other_where_only_the_number_counts() -> None:
    row = only(orderId=4711, quantity="2", price="12.99", language=3.0)

    assert (row.order_id, row.quantity, row.price, row.language) == ("4711", 2, Decimal("12.99"), "3")


def test_a_number_is_no_word() -> None:
    assert [each.ref for each in read(GOOD | {"status": 5}).malformed] == ["A1"]


@pytest.mark.parametrize("value", [{"nl": 1}, ["nl"], True])
def test_what_is_said_aside_and_cannot_be_read_is_left_out(value: Any) -> None:
    assert only(language=value).language is None


def test_a_list_that_is_written_as_an_object_is_its_values_and_empty_entries_are_none() -> None:
    row = only(notes={"1": {"key": "a"}, "4": {"key": "b"}})

    assert [note.key for note in row.notes] == ["a", "b"]
    assert [note.key for note in only(notes=[[], {"key": "a"}, None, ""]).notes] == ["a"]
    assert [each.ref for each in read(GOOD | {"notes": None}).malformed] == ["A1"]


def test_of_a_list_that_is_said_aside_the_readable_entries_are_kept() -> None:
    row = only(remarks=[{"key": "a"}, {"value": 1}, {"key": "b"}])

    assert [note.key for note in row.remarks or ()] == ["a", "b"]


def test_a_single_answer_is_read_as_it_is_meant_too() -> None:
    assert decode(answer(GOOD | {"orderId": 5, "language": {}}), Row, "Side") == Row("5", "OPEN", 2)


def test_what_is_nested_without_end_is_an_unexpected_response() -> None:
    deep = b'{"orderId":"A1","status":"OPEN","quantity":1,"notes":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

    with pytest.raises(UnexpectedResponse):
        ROWS.read(Response(200, {}, b'{"orders":[' + deep + b"]}"), "Side")
