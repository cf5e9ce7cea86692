"""Years of trade in seconds: orders that went round are copied inside the database, with all that belongs to them."""

from collections.abc import Sequence

from django.db import connection, models, transaction

from orderhaven.store.models import Event, Line, Message, Order, Shipment

_SERIES = "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < %s)"


def copy_orders(times: int) -> int:
    """Every order stands `times` more often in the store; numbers differ, and people's data is not copied (it is erased in
    time). Returns how many orders there are."""
    with transaction.atomic():
        _copy(Order, times, [], ["ref", "shop_ref", "shop_number", "tracking_number"])
        _copy(Line, times, [("order_id", Order)], [])
        _copy(Message, times, [("order_id", Order)], [])
        _copy(Shipment, times, [("order_id", Order), ("message_id", Message)], [])
        _copy(Event, times, [("order_id", Order)], [])
    return Order.objects.count()


def _copy(
    model: type[models.Model], times: int, parents: Sequence[tuple[str, type[models.Model]]], unique: Sequence[str]
) -> None:
    """Keys move by the highest key of their table at the beginning, so copies of parents and children meet again."""
    shift = {"id": _highest(model)} | {column: _highest(parent) for column, parent in parents}
    columns = [field.column for field in model._meta.concrete_fields]
    values = [
        f'"{name}" + n * {shift[name]}'
        if name in shift
        else f"\"{name}\" || '-' || n"
        if name in unique
        else f'"{name}"'
        for name in columns
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'{_SERIES} INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM copy, "{table}"', [times]
        )


_FIRST: dict[str, int] = {}


def _highest(model: type[models.Model]) -> int:
    table = model._meta.db_table
    if table not in _FIRST:
        _FIRST[table] = model._default_manager.order_by("-pk").values_list("pk", flat=True)[0]
    return _FIRST[table]
