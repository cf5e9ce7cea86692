from typing import Any

from django.db import migrations, models

_WAS, _IS = 2 * 3600, 3600


def by_default(apps: Any, schema_editor: Any) -> None:
    """Links that had what links began with have what they begin with now."""
    apps.get_model("store", "Link").objects.filter(ship_by_margin_s=_WAS).update(ship_by_margin_s=_IS)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0016_what_is_no_number_moves"),
    ]

    operations = [
        migrations.AlterField("link", "ship_by_margin_s", models.PositiveIntegerField(default=_IS)),
        migrations.RunPython(by_default, migrations.RunPython.noop),
    ]
