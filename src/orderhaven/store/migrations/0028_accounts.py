"""Connections keep what their account has of its own; those that exist are read with their next run."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone


def read_soon(apps: Any, schema: Any) -> None:
    apps.get_model("store", "Connection").objects.update(account_due_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("store", "0027_fingerprints")]
    operations = [
        migrations.AddField("connection", "account", models.JSONField(default=dict)),
        migrations.AddField("connection", "account_choices", models.JSONField(default=dict)),
        migrations.AddField("connection", "account_read_at", models.DateTimeField(null=True)),
        migrations.AddField("connection", "account_due_at", models.DateTimeField(null=True)),
        migrations.RunPython(read_soon, migrations.RunPython.noop),
    ]
