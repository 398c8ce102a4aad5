from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from pbxbridge.models.alert import AlertKind
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0005_nodes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Alert",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="PHONE_DOWN: phone-down\nMANY_DOWN: many-down",
                        enum_type=AlertKind,
                        max_length=12,
                    ),
                ),
                ("node", fields.CharField(max_length=40)),
                ("endpoint", fields.CharField(max_length=80)),
                ("phones", fields.IntField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("open_key", fields.CharField(null=True, unique=True, max_length=140)),
            ],
            options={
                "table": "portal_alerts",
                "app": "portal",
                "indexes": [Index(fields=["ended_at"])],
                "pk_attr": "id",
                "table_description": "Something that somebody should look after. It opens and ends by itself.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DownPhone",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("node", fields.CharField(max_length=40)),
                ("endpoint", fields.CharField(max_length=80)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "portal_down_phones",
                "app": "portal",
                "unique_together": (("node", "endpoint"),),
                "indexes": [Index(fields=["endpoint"])],
                "pk_attr": "id",
                "table_description": "An endpoint that does not answer any more, since when.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutgoingWebhook",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("key", fields.CharField(unique=True, max_length=36)),
                ("event", fields.CharField(max_length=20)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(default="", max_length=200)),
                ("body", fields.TextField(unique=False)),
            ],
            options={
                "table": "portal_outgoing_webhooks",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "Webhook outbox: stored with what it tells, deleted once the receiver took it.",
            },
            bases=["Model"],
        ),
    ]
