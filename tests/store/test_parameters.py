"""What is given to a statement of our own is written as the ORM writes it, on each database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from orderhaven.store.models import Hold, Order
from orderhaven.store.sql import execute as sql

from .conftest import Books

MOMENT = datetime(2026, 11, 5, 10, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "given", "kept"),
    [
        ("ship_by", MOMENT, MOMENT),
        ("ship_by", MOMENT.astimezone(timezone(timedelta(hours=2))), MOMENT),
        ("ship_by", MOMENT.replace(microsecond=0), MOMENT.replace(microsecond=0)),
        ("ship_by", None, None),
        ("is_test", True, True),
        ("hold", Hold.OLDER, "older"),
    ],
)
def test_a_parameter_is_kept_as_the_orm_reads_it(books: Books, column: str, given: object, kept: object) -> None:
    books.pulls("A-1")

    sql.change(f"UPDATE store_order SET {column} = %s WHERE ref = %s", [given, "A-1"])

    assert getattr(books.order("A-1"), column) == kept
    assert Order.objects.filter(**({column: kept} if kept is not None else {f"{column}__isnull": True})).count() == 1


def test_sqlite_takes_no_time_without_a_zone(store: None) -> None:
    with pytest.raises(ValueError, match="time zone"):
        sql.rows("SELECT %s", [MOMENT.replace(tzinfo=None)])
