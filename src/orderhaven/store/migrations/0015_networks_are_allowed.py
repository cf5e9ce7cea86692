"""Private networks must be allowed from now on; connections that there are stay where they are."""

from django.db import migrations, models


def keep_networks(apps, editor):
    apps.get_model("store", "Connection").objects.update(keeps_network=True)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0014_estimated_deadlines"),
    ]

    operations = [
        migrations.AddField("connection", "keeps_network", models.BooleanField(default=False)),
        migrations.RunPython(keep_networks, migrations.RunPython.noop),
    ]
