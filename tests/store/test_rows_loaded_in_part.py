"""A row that was loaded with some of its columns gives those, and never asks the database for another by itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.store.models import Line, Message, MessageKind, MessageState, Order, Shipment
from orderhaven.store.sql.loaded import NotLoaded
from orderhaven.store.sql.rows import attach_orders, by_keys, messages_to_send, new_row, orders_with_messages

from .conftest import Books


def message_to_send(books: Books) -> Message:
    books.pulls("A-1")
    [message] = messages_to_send([books.message("A-1", MessageKind.CREATE).pk])
    attach_orders([message], goods=False)
    return message


def test_a_column_that_was_left_out_is_an_error_and_no_query(books: Books) -> None:
    row = message_to_send(books).order

    with CaptureQueriesContext(connection) as asked, pytest.raises(NotLoaded, match=r"Order\.total was not loaded"):
        _ = row.total

    assert len(asked) == 0


@pytest.mark.parametrize("model", [Order, Line, Message])
def test_every_column_beyond_those_asked_for_is_an_error(books: Books, model: type[Order | Line | Message]) -> None:
    books.pulls("A-1")
    [row] = by_keys(model, "id", [model.objects.values_list("pk", flat=True)[0]], ("id",))
    others = [field.attname for field in model._meta.concrete_fields if not field.primary_key]

    with CaptureQueriesContext(connection) as asked:
        for name in others:
            with pytest.raises(NotLoaded, match=name):
                getattr(row, name)

    assert len(asked) == 0


def test_a_row_that_it_belongs_to_and_that_nobody_loaded_is_an_error_and_no_query(books: Books) -> None:
    row = message_to_send(books).order

    with CaptureQueriesContext(connection) as asked:
        for read in (
            lambda: row.prefetched_lines[0].order,
            lambda: row.link.merchant,
            lambda: new_row(Shipment, order_id=row.id).order,
        ):
            with pytest.raises(NotLoaded):
                read()

    assert len(asked) == 0


def test_the_buyer_is_no_query_away_where_only_the_order_was_loaded(books: Books) -> None:
    row = message_to_send(books).order

    with pytest.raises(NotLoaded, match="prefetched_contacts"):
        _ = row.prefetched_contacts


def test_a_row_that_the_orm_loads_with_some_columns_is_no_way_around_it(books: Books) -> None:
    books.pulls("A-1")

    with pytest.raises(NotLoaded, match=r"Order\.total"):
        _ = Order.objects.only("ref").get().total


def test_what_was_loaded_is_read_without_a_query(books: Books) -> None:
    books.pulls("A-1")

    [row] = orders_with_messages([books.order("A-1").pk])

    with CaptureQueriesContext(connection) as asked:
        assert (row.ref, row.link.shop.side, row.prefetched_lines[0].ordered) == ("A-1", "shop", 2)
        assert [message.state for message in row.outbox] == [MessageState.QUEUED]
    assert len(asked) == 0


def test_a_row_that_was_loaded_in_part_can_be_brought_up_to_date(books: Books) -> None:
    row = message_to_send(books).order
    Order.objects.update(tracking_number="3SABC1")

    row.refresh_from_db(fields=["tracking_number"])

    assert row.tracking_number == "3SABC1"
