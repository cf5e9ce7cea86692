from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0012_the_product_of_a_line"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="number_unread",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="person",
            name="unread_number",
            field=models.TextField(default=""),
        ),
    ]
