"""What older versions took for a tracking number and is none (a telephone number, a name) moves to the buyer's data.

It is erased with that; where the buyer was erased before, it goes. What a marketplace was told stays as it was told. An order
that is still to be confirmed has the Problem that it would have today.
"""

from collections.abc import Callable
from typing import Any

from django.db import migrations, transaction
from django.utils import timezone

from orderhaven.core.carriers import NumbersFound, is_article, numbers_in

_AT_ONCE = 500
_UNSENT = ("held", "due", "parked", "stopped")
_NEEDS_NO_NUMBER = ("cancelled", "manual")


def move_texts(apps: Any, schema_editor: Any) -> None:
    """In batches, each committed by itself. What has moved is not there to be moved again."""

    def of_order(order: Any) -> None:
        found = _found_in(apps, order)
        if not found.numbers:
            _move(apps, order, "; ".join(found.unreadable))

    rows = {name: apps.get_model("store", name).objects for name in ("Order", "Event", "Problem")}
    _each(rows["Order"].exclude(code=""), of_order)
    _each(rows["Event"].filter(kind="code"), _of_event)
    _each(rows["Problem"].filter(kind__in=("unknown_carrier", "later_code")), _of_problem)


def _each(rows: Any, change: Callable[[Any], None]) -> None:
    after = 0
    while some := list(rows.filter(id__gt=after).order_by("id")[:_AT_ONCE]):
        with transaction.atomic():
            for row in some:
                change(row)
        after = some[-1].id


def _of_event(event: Any) -> None:
    if not numbers_in(event.data.get("code", "")).numbers:
        event.kind, event.data = "problem", {"problem": "number_unread"}
        event.save(update_fields=["kind", "data"])


def _of_problem(problem: Any) -> None:
    if not numbers_in(problem.values.get("code", "")).numbers:
        problem.values = {name: value for name, value in problem.values.items() if name != "code"}
        problem.save(update_fields=["values"])


def _found_in(apps: Any, order: Any) -> NumbersFound:
    found = numbers_in(order.code)
    if any(map(is_article, found.numbers)):
        eans = apps.get_model("store", "Line").objects.filter(order_id=order.id).values_list("ean", flat=True)
        return numbers_in(order.code, frozenset(eans))
    return found


def _move(apps: Any, order: Any, text: str) -> None:
    for message in apps.get_model("store", "Message").objects.filter(order_id=order.id, state__in=_UNSENT):
        if message.facts.get("code"):
            message.facts |= {"code": "", "carrier": ""}
            message.save(update_fields=["facts"])
    in_link = numbers_in(order.code_url).numbers
    if text and not in_link:
        people = apps.get_model("store", "Person").objects.filter(order_id=order.id, role="ship_to")
        people.update(unread_number=text)
        order.number_unread = True
        _say(apps, order)
    order.code = in_link[0] if in_link else ""
    order.save(update_fields=["code", "number_unread"])


def _say(apps: Any, order: Any) -> None:
    """Where its carrier was asked for, this is asked instead: what was kept back for that is still sent by Retry."""
    open_ones = apps.get_model("store", "Problem").objects.filter(order_id=order.id, solved_at=None)
    is_over = order.confirmed_at or order.closed_at or order.status in _NEEDS_NO_NUMBER
    if is_over or open_ones.filter(kind="number_unread").exists():
        return
    said = {"kind": "number_unread", "values": {"place": ""}}
    if not open_ones.filter(kind="unknown_carrier").update(**said):
        open_ones.create(order_id=order.id, at=timezone.now(), **said)


class Migration(migrations.Migration):
    atomic = False  # one that is broken off goes on where it was

    dependencies = [
        ("store", "0015_networks_are_allowed"),
    ]

    operations = [
        migrations.RunPython(move_texts, migrations.RunPython.noop),
    ]
