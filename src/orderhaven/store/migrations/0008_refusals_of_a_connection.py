from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_since_when_it_fails"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="refusals",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="connection",
            name="refused_since",
            field=models.DateTimeField(null=True),
        ),
    ]
