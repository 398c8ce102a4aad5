from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0008_phones")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Agent",
            fields=[
                (
                    "number",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20),
                ),
                ("first_name", fields.CharField(max_length=40)),
                ("last_name", fields.CharField(max_length=40)),
                ("pin_hash", fields.CharField(max_length=41)),
                (
                    "user",
                    fields.OneToOneField(
                        "portal.User",
                        source_field="user_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="agent",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_agents",
                "app": "portal",
                "pk_attr": "number",
                "table_description": "A person who takes calls of queues, at whichever phone they log in.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CallQueue",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=30),
                ),
                ("number", fields.CharField(unique=True, max_length=20)),
                ("strategy", fields.CharField(max_length=11)),
                ("timeout", fields.IntField()),
                ("wrap_up", fields.IntField()),
                ("music", fields.CharField(max_length=40)),
                ("max_wait", fields.IntField()),
                ("announce_every", fields.IntField()),
                ("service_level", fields.IntField()),
                ("join_empty", fields.BooleanField()),
                ("fallback", fields.CharField(max_length=20)),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_queues",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "A number whose callers wait until one of the members is free.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QueueAgent",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "queue",
                    fields.ForeignKeyField(
                        "portal.CallQueue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="agents",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "portal.Agent",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="number",
                        related_name="queues",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("penalty", fields.IntField()),
            ],
            options={
                "table": "portal_queue_agents",
                "app": "portal",
                "unique_together": (("queue", "agent"),),
                "indexes": [Index(fields=["agent_id"])],
                "pk_attr": "id",
                "table_description": "An agent takes calls of a queue while logged in.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QueueExtension",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "queue",
                    fields.ForeignKeyField(
                        "portal.CallQueue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="extensions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "extension",
                    fields.ForeignKeyField(
                        "portal.Extension",
                        source_field="extension_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="queues",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("penalty", fields.IntField()),
            ],
            options={
                "table": "portal_queue_extensions",
                "app": "portal",
                "unique_together": (("queue", "extension"),),
                "indexes": [Index(fields=["extension_id"])],
                "pk_attr": "id",
                "table_description": "A static member: the phone of an extension takes calls of a queue always.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Extension",
            name="agent_logins",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
