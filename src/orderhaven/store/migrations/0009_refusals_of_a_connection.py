from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0008_the_buyers_numbers_with_the_buyer"),
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
