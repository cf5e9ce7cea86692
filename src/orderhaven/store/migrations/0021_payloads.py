"""`Message.facts` is called `payload`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0020_messages_say_their_kind"),
    ]

    operations = [
        migrations.RenameField("message", "facts", "payload"),
        # a default of the code alone: the table stays as it is
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AlterField("message", "payload", models.JSONField())]
        ),
    ]
