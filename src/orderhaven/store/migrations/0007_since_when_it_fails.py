from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_how_far_a_reread_came"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="failing_since",
            field=models.DateTimeField(null=True),
        ),
    ]
