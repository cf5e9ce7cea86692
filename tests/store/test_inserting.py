"""Rows that are inserted by the dozen stand there once each, in the order given, whatever their number."""

import pytest

from orderhaven.store.models import Event, Line
from orderhaven.store.sql import execute as sql
from orderhaven.store.sql.rows import new_row

from .conftest import Books


@pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 23])
def test_every_value_row_is_written_in_order(books: Books, count: int) -> None:
    order = books.pulls("A-1")
    Event.objects.all().delete()
    rows: list[tuple[object, ...]] = [
        (order.id, order.received_at, "hub", f"kind-{number}", {"number": number}) for number in range(count)
    ]

    sql.insert_values(Event, ("order", "at", "actor", "kind", "data"), rows)

    written = Event.objects.order_by("id").values_list("order_id", "at", "actor", "kind", "data")
    assert list(written) == rows


@pytest.mark.parametrize("count", [1, 10, 23])
def test_rows_that_are_there_already_are_passed_over_one_by_one(books: Books, count: int) -> None:
    order = books.pulls("A-1")
    there = Line.objects.count()
    lines = [new_row(Line, order_id=order.id, position=number, ref=f"L{number}", ordered=1) for number in range(count)]

    sql.insert(lines, ignore_repeats=True)
    sql.insert([*lines, new_row(Line, order_id=order.id, position=count, ref="more", ordered=1)], ignore_repeats=True)

    assert Line.objects.count() == there + count + 1
