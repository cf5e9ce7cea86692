"""Orders say for whose word they wait, and links whether they accept by themselves."""

from typing import Any

from django.db import connection, migrations, models


def _column(table: str, name: str, field: Any, default: str) -> migrations.RunSQL:
    """Without writing the table anew, as the ORM would on SQLite."""
    kind = field.db_type(connection)
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD COLUMN {name} {kind} NOT NULL DEFAULT {default}",
        f"ALTER TABLE {table} DROP COLUMN {name}",
    )


_WAITS_FOR = models.CharField(default="", max_length=20)
_BY_ITSELF = models.BooleanField(default=True)


class Migration(migrations.Migration):
    """One transaction: what breaks it off leaves the database as it was, and the next start begins anew."""

    dependencies = [("store", "0025_channels_of_a_link")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [
                _column("store_order", "waits_for", _WAITS_FOR, "''"),
                migrations.RunSQL(
                    "UPDATE store_order SET waits_for = 'our_yes' WHERE needs_acceptance",
                    "UPDATE store_order SET needs_acceptance = true WHERE waits_for = 'our_yes'",
                ),
                migrations.RunSQL(
                    "ALTER TABLE store_order DROP COLUMN needs_acceptance",
                    "ALTER TABLE store_order ADD COLUMN needs_acceptance bool NOT NULL DEFAULT false",
                ),
                _column("store_link", "accepts_by_itself", _BY_ITSELF, "true"),
            ],
            [
                migrations.AddField("order", "waits_for", _WAITS_FOR),
                migrations.RemoveField("order", "needs_acceptance"),
                migrations.AddField("link", "accepts_by_itself", _BY_ITSELF),
            ],
        ),
    ]
