"""What waits for the disk, and what does not."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from orderhaven.store.connections import connections
from orderhaven.store.sql import execute as sql
from tests.store.conftest import new_books

NORMAL, FULL = 1, 2


@pytest.fixture(autouse=True)
def _power_may_fail(store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SQLITE_SYNCHRONOUS", "FULL")
    connection.cursor().execute("PRAGMA synchronous=FULL")


def synchronous() -> int:
    [(level,)] = sql.rows("PRAGMA synchronous")
    return int(level)


def levels_at_updates(work: Any) -> list[int]:
    """How much the disk is waited for at each UPDATE that `work` makes."""
    seen: list[int] = []

    def note(execute: Any, text: str, params: Any, many: bool, context: Any) -> Any:
        if text.startswith("UPDATE"):
            [(level,)] = context["connection"].connection.execute("PRAGMA synchronous").fetchall()
            seen.append(level)
        return execute(text, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return seen


def test_a_write_that_can_be_lost_does_not_wait_and_the_next_one_does() -> None:
    with sql.relaxed_durability():
        within = synchronous()

    assert (within, synchronous()) == (NORMAL, FULL)


def test_the_next_write_waits_also_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), sql.relaxed_durability():
        _ = 1 / 0

    assert synchronous() == FULL


def test_inside_a_transaction_every_write_waits() -> None:
    with transaction.atomic(), sql.relaxed_durability():
        assert synchronous() == FULL


def test_claiming_a_connection_does_not_wait_for_the_disk() -> None:
    shop = new_books().shop

    levels = levels_at_updates(lambda: connections.claim(shop.pk))

    assert levels == [NORMAL]


def test_what_is_pulled_waits_for_the_disk() -> None:
    books = new_books()
    books.pulls("A-1")

    levels = levels_at_updates(lambda: books.sees(books.summary("A-1", cancelled=1)))

    assert levels
    assert set(levels) == {FULL}
