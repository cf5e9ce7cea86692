from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0011_refusals_alike"),
    ]

    operations = [
        migrations.AddField(
            model_name="line",
            name="product_ref",
            field=models.CharField(default="", max_length=100),
        ),
    ]
