"""Orders and messages keep the reference with which they were composed, for ever: new ones get one that names the account."""

from typing import Any

from django.db import connection, migrations, models


def _add(model: str, table: str, name: str, field: Any) -> migrations.SeparateDatabaseAndState:
    """The column without writing the table anew, as the ORM would on SQLite."""
    kind = field.db_type(connection)
    return migrations.SeparateDatabaseAndState(
        [
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD COLUMN {name} {kind} NOT NULL DEFAULT ''",
                f"ALTER TABLE {table} DROP COLUMN {name}",
            )
        ],
        [migrations.AddField(model, name, field)],
    )


_REFERENCES = """
UPDATE store_order SET reference = (
    SELECT c.connector FROM store_link l JOIN store_connection c ON c.id = l.marketplace_id WHERE l.id = store_order.link_id
) || '-' || ref
"""
_OF_CREATIONS = """
UPDATE store_message SET reference = (SELECT o.reference FROM store_order o WHERE o.id = store_message.order_id)
    || CASE WHEN generation > 0 THEN '-' || (generation + 1) ELSE '' END
WHERE kind = 'create'
"""
_OF_THE_OTHERS = """
UPDATE store_message SET reference = 'oh-' || (SELECT o.ref FROM store_order o WHERE o.id = store_message.order_id)
    || '-' || kind || '-' || generation || '.' || part
WHERE kind <> 'create'
"""


class Migration(migrations.Migration):
    """One transaction: what breaks it off leaves the database as it was, and the next start begins anew."""

    dependencies = [("store", "0023_plain_values")]
    operations = [
        _add("order", "store_order", "reference", models.CharField(default="", max_length=200)),
        _add("message", "store_message", "reference", models.CharField(default="", max_length=220)),
        _add("message", "store_message", "prepared", models.TextField(default="")),
        *(migrations.RunSQL(one, migrations.RunSQL.noop) for one in (_REFERENCES, _OF_CREATIONS, _OF_THE_OTHERS)),
    ]
