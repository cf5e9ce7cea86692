"""What goes out with a message says of which kind it is, and holds what its kind has: nothing else, and nothing empty.

`Message.facts` was a loose dictionary; the next step gives it its name of today.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection, migrations, transaction

_AT_ONCE = 1000
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "place": ("pieces", "total", "products"),
    "cancel_shop": (),
    "accept": ("pieces",),
    "confirm": ("code", "carrier", "ships_from", "label", "pieces"),
    "cancel": ("reason", "pieces"),
    "refuse": ("pieces",),
    "correct": ("confirmation", "shipment_ref", "confirmed_as", "pieces", "code", "carrier", "ships_from"),
}


def say_kinds(apps: Any, schema_editor: Any) -> None:
    """In batches, each committed by itself. What says its kind already is not changed again."""
    model = apps.get_model("store", "Message")
    field = model._meta.get_field("facts")
    after = 0
    while some := list(model.objects.filter(id__gt=after).order_by("id").values_list("id", "kind", "facts")[:_AT_ONCE]):
        after = some[-1][0]
        changed = [
            (field.get_db_prep_save(_decode(kind, facts), connection), key)
            for key, kind, facts in some
            if "kind" not in facts
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("UPDATE store_message SET facts = %s WHERE id = %s", changed)


def _decode(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, **{name: facts[name] for name in _FIELDS[kind] if facts.get(name)}}


class Migration(migrations.Migration):
    atomic = False  # one that is broken off goes on where it was

    dependencies = [
        ("store", "0019_what_was_looked_up_is_kept"),
    ]

    operations = [
        migrations.RunPython(say_kinds, migrations.RunPython.noop),
    ]
