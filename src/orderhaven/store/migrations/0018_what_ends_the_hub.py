"""How often in a row the hub ended while it was sending a message."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0017_an_hour_before_the_ship_by_time"),
    ]

    operations = [
        migrations.AddField("message", "deaths", models.PositiveIntegerField(default=0)),
    ]
