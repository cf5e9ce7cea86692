"""Tries of passwords are counted by ourselves, and recovery codes are kept as what cannot be read back."""

import hashlib
import hmac
from base64 import b32encode

from django.conf import settings
from django.db import migrations, models


def hash_codes(apps, editor):
    codes = apps.get_model("otp_static", "StaticToken")
    for row in codes.objects.all():
        found = hmac.new(settings.SECRET_KEY.encode(), f"recovery {row.token}".encode(), hashlib.sha256).digest()
        codes.objects.filter(pk=row.pk).update(token=b32encode(found).decode().lower()[:16])


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_refusals_of_a_connection"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("full_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(hash_codes, migrations.RunPython.noop),
        # of the package that counted them before
        migrations.RunSQL("DROP TABLE IF EXISTS axes_accessattemptexpiration", migrations.RunSQL.noop),
        migrations.RunSQL("DROP TABLE IF EXISTS axes_accessattempt", migrations.RunSQL.noop),
        migrations.RunSQL("DROP TABLE IF EXISTS axes_accesslog", migrations.RunSQL.noop),
        migrations.RunSQL("DROP TABLE IF EXISTS axes_accessfailurelog", migrations.RunSQL.noop),
    ]
