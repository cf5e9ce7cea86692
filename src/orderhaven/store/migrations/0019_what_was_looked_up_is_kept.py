import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0018_what_ends_the_hub"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductLookup",
            fields=[
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="store.link",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("products", models.JSONField(default=list)),
            ],
        ),
    ]
