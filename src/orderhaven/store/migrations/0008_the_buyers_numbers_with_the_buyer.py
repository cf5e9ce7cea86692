"""The buyer's own reference and the numbers of their company move to the table that is erased.

Those of a buyer who was erased before go.
"""

from typing import Any

from django.db import migrations, models

_AT_ONCE = 500
_OF_THE_BUYER = ("_vat_number", "_kvk_number")  # how the names of what moves end


def move_numbers(apps: Any, schema_editor: Any) -> None:
    """In batches. What has moved is not there to be moved again."""
    orders = apps.get_model("store", "Order").objects.only("id", "meta", "buyer_reference").order_by("id")
    people = apps.get_model("store", "Person").objects.only("id", "order_id")
    after = 0
    while some := list(orders.filter(id__gt=after)[:_AT_ONCE]):
        after = some[-1].id
        moving = {order.id: order for order in some if order.buyer_reference or _personal(order.meta)}
        payers = list(people.filter(order_id__in=moving, role="bill_to"))
        for payer in payers:
            order = moving[payer.order_id]
            payer.order_reference, payer.meta = order.buyer_reference, _personal(order.meta)
        people.bulk_update(payers, ["order_reference", "meta"])
        for order in moving.values():
            order.meta = [pair for pair in order.meta if pair not in _personal(order.meta)]
        orders.bulk_update(moving.values(), ["meta"])


def _personal(meta: list[list[str]]) -> list[list[str]]:
    return [pair for pair in meta if pair[0].endswith(_OF_THE_BUYER)]


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_since_when_it_fails"),
    ]

    operations = [
        migrations.AddField("person", "order_reference", models.TextField(default="")),
        migrations.AddField("person", "meta", models.JSONField(default=list)),
        migrations.RunPython(move_numbers, migrations.RunPython.noop),
        migrations.RemoveField("order", "buyer_reference"),
    ]
