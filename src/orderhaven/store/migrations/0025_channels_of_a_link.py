"""Links stand for channels of a marketplace, and an order names its marketplace by itself: a link takes all channels at first.

One transaction, in which the database does the work: whatever breaks it off, it begins again from the database as it was.
"""

from typing import Any

import django.db.models.deletion
from django.db import connection, migrations, models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat


def _key_of_routing(kind: str) -> Any:
    return Concat(Cast("connection_id", models.CharField(max_length=20)), Value(f":{kind}"))


def name_the_marketplaces(apps: Any, schema_editor: Any) -> None:
    order, link, account, routing, channel = (
        apps.get_model("store", name) for name in ("Order", "Link", "Connection", "OrderRouting", "LinkChannel")
    )
    names = account.objects.filter(pk=OuterRef("marketplace_id")).values("name")
    link.objects.update(name=Subquery(names))
    of_link = link.objects.filter(pk=OuterRef("link_id")).values("marketplace_id")
    order.objects.update(connection_id=Subquery(of_link))
    for row in link.objects.all():
        key = f"{row.marketplace_id}:all"
        routing.objects.create(key=key, connection_id=row.marketplace_id)
        channel.objects.create(link=row, connection_id=row.marketplace_id, does_orders=True, routing_id=key)
    # PostgreSQL alters no table of which foreign keys are still to be checked
    if connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("store", "0024_references")]

    operations = [
        migrations.CreateModel(
            name="OrderRouting",
            fields=[
                ("key", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "connection",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="store.connection"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(key=_key_of_routing("all")) | Q(key=_key_of_routing("channel")), name="routing_key"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="LinkChannel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(max_length=100, null=True)),
                ("does_orders", models.BooleanField(default=True)),
                ("does_stock", models.BooleanField(default=False)),
                ("does_returns", models.BooleanField(default=False)),
                (
                    "connection",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="store.connection"),
                ),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="link_channels", to="store.link"
                    ),
                ),
                (
                    "routing",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="store.orderrouting"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("link", "channel"), name="one_row_per_channel_of_a_link"),
                    models.UniqueConstraint(
                        condition=Q(does_orders=True), fields=("connection", "channel"), name="one_link_per_channel"
                    ),
                    models.UniqueConstraint(
                        condition=Q(does_orders=True, channel=None),
                        fields=("connection",),
                        name="one_link_for_all_channels",
                    ),
                    models.CheckConstraint(
                        condition=Q(does_orders=False, routing=None)
                        | Q(does_orders=True, channel=None, routing__isnull=False, routing=_key_of_routing("all"))
                        | Q(
                            does_orders=True,
                            channel__isnull=False,
                            routing__isnull=False,
                            routing=_key_of_routing("channel"),
                        ),
                        name="routing_of_a_channel",
                    ),
                ]
            },
        ),
        migrations.AddField("connection", "channels", models.JSONField(default=dict)),
        migrations.AddField("link", "name", models.CharField(default="", max_length=100), preserve_default=False),
        migrations.AddField(
            "order",
            "connection",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="store.connection"
            ),
        ),
        migrations.RunPython(name_the_marketplaces, migrations.RunPython.noop),
        migrations.RemoveIndex("order", "order_unread"),
        migrations.RemoveConstraint("order", "one_row_per_order"),
        migrations.AlterField(
            "order",
            "connection",
            models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="store.connection"),
        ),
        migrations.AlterField(
            "order",
            "link",
            models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="store.link"),
        ),
        # the column without writing the table anew once more, as the ORM would on SQLite
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "ALTER TABLE store_order ADD COLUMN channel varchar(100) NOT NULL DEFAULT ''",
                    "ALTER TABLE store_order DROP COLUMN channel",
                )
            ],
            [migrations.AddField("order", "channel", models.CharField(default="", max_length=100))],
        ),
        migrations.AddConstraint(
            "order", models.UniqueConstraint(fields=("connection", "ref"), name="one_row_per_order")
        ),
        migrations.AddIndex(
            "order",
            models.Index(condition=Q(read_at__isnull=True), fields=["connection", "id"], name="order_unread"),
        ),
        migrations.AddIndex(
            "order",
            models.Index(
                F("merchant"),
                F("connection"),
                F("id").desc(),
                condition=Q(link__isnull=True),
                name="order_of_no_link",
            ),
        ),
        migrations.AlterField(
            "link",
            "marketplace",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="links", to="store.connection"),
        ),
        migrations.AlterField(
            "link",
            "shop",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="links_of_shop", to="store.connection"
            ),
        ),
        migrations.AddConstraint("link", models.UniqueConstraint(fields=("merchant", "name"), name="link_name")),
    ]
