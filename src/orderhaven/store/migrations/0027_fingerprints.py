"""Orders keep by what their list shows that they changed."""

from django.db import migrations, models

_FINGERPRINT = models.CharField(default="", max_length=100)


class Migration(migrations.Migration):
    dependencies = [("store", "0026_waits")]
    operations = [
        migrations.SeparateDatabaseAndState(
            # without writing the table anew, as the ORM would on SQLite
            [
                migrations.RunSQL(
                    "ALTER TABLE store_order ADD COLUMN fingerprint varchar(100) NOT NULL DEFAULT ''",
                    "ALTER TABLE store_order DROP COLUMN fingerprint",
                )
            ],
            [migrations.AddField("order", "fingerprint", _FINGERPRINT)],
        ),
    ]
