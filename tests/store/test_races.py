"""Two runs and a user on the same orders: on PostgreSQL nothing but locks keeps them apart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from orderhaven.store.connections import connections
from orderhaven.store.connections.connections import Fenced, fence
from orderhaven.store.models import Connection, MessageKind, MessageState, Order
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.outbox import queue
from orderhaven.store.outbox.payloads import CreatePayload
from orderhaven.store.outbox.queue import ComposedMessage

from .conftest import Books

# SQLite has one writer: there a whole transaction keeps the others out
on_postgres = pytest.mark.parametrize(
    "any_store", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


def elsewhere(work: Callable[[], object]) -> object:
    """What `work` gives on a database connection of its own, which waits for nobody's lock."""

    def run() -> object:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            return work()
        except OperationalError as error:
            return "has to wait" if "lock timeout" in str(error) else error
        except Fenced:
            return "is fenced off"
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def change_it(ref: str) -> str:
    with transaction.atomic():
        orders_to_change(Order.objects.filter(ref=ref).values_list("id", flat=True))
    return "did it"


@on_postgres
def test_who_changes_an_order_keeps_others_from_changing_it(books: Books) -> None:
    books.pulls("A-1")

    with transaction.atomic():
        orders_to_change(Order.objects.filter(ref="A-1").values_list("id", flat=True))
        other = elsewhere(lambda: change_it("A-1"))

    assert other == "has to wait"


@on_postgres
def test_a_message_is_not_begun_while_someone_withdraws_it(books: Books) -> None:
    books.pulls("A-1")
    message = books.message("A-1", MessageKind.CREATE)
    soon = books.now + timedelta(seconds=30)

    with transaction.atomic():
        orders_to_change(Order.objects.filter(ref="A-1").values_list("id", flat=True))
        other = elsewhere(lambda: queue.begin(books.here, [ComposedMessage(message, CreatePayload())], soon, books.now))

    assert other == "has to wait"


@on_postgres
def test_a_withdrawn_message_is_not_begun(books: Books) -> None:
    books.pulls("A-1")
    message = books.message("A-1", MessageKind.CREATE)
    soon = books.now + timedelta(seconds=30)

    books.change("A-1", lambda uow, row: uow.withdraw_unsent(row, [MessageKind.CREATE]))
    other = elsewhere(lambda: queue.begin(books.here, [ComposedMessage(message, CreatePayload())], soon, books.now))

    assert other == set()
    assert books.states("A-1") == [("create", "withdrawn")]


@on_postgres
def test_a_sync_run_of_one_side_holds_no_lock_on_the_other(books: Books) -> None:
    """Two runs that nudge each other from within their transactions would wait for each other."""
    books.pulls("A-1")
    Connection.objects.update(push_at=None)

    with transaction.atomic():
        fence(books.there)
        [row] = orders_to_change(Order.objects.filter(ref="A-1").values_list("id", flat=True))
        uow = UnitOfWork(books.now)
        uow.withdraw_unsent(row, [MessageKind.CREATE])
        uow.enqueue(row, MessageKind.CREATE)
        uow.write()
        other = elsewhere(lambda: Connection.objects.filter(pk=books.shop.pk).update(last_error="seen"))

    assert other == 1


@on_postgres
def test_a_connection_is_not_claimed_while_its_sync_run_writes(books: Books) -> None:
    with transaction.atomic():
        fence(books.here)
        other = elsewhere(lambda: connections.claim(books.shop.pk))

    assert other == "has to wait"


def test_what_was_put_nudges_its_connection(books: Books) -> None:
    Connection.objects.update(push_at=None)

    books.pulls("A-1")

    assert Connection.objects.get(pk=books.shop.pk).push_at == books.now
    assert Connection.objects.get(pk=books.marketplace.pk).push_at is None
    assert books.message("A-1", MessageKind.CREATE).state == MessageState.QUEUED
