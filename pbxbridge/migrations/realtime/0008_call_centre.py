from tortoise import fields
from pbxbridge.migrations.adopting import AdoptModel
from pbxbridge.migrations.migration import Migration as OurMigration
from pbxbridge.models.moment import AsteriskMoment


class Migration(OurMigration):
    dependencies = [("realtime", "0007_digests")]

    initial = False

    operations = [
        AdoptModel(
            name="Queue",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128),
                ),
                ("strategy", fields.CharField(max_length=11)),
                ("musiconhold", fields.CharField(max_length=128)),
                ("timeout", fields.IntField()),
                ("retry", fields.IntField()),
                ("wrapuptime", fields.IntField()),
                ("ringinuse", fields.CharField(max_length=3)),
                ("autofill", fields.CharField(max_length=3)),
                ("joinempty", fields.CharField(max_length=128)),
                ("leavewhenempty", fields.CharField(max_length=128)),
                ("servicelevel", fields.IntField()),
                ("announce_frequency", fields.IntField()),
                ("announce_position", fields.CharField(max_length=128)),
                ("announce_holdtime", fields.CharField(max_length=128)),
            ],
            options={
                "table": "queues",
                "app": "realtime",
                "pk_attr": "name",
                "table_description": "app_queue queue.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="QueueLogEntry",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("time", AsteriskMoment(null=True, db_index=True, generated=False, unique=False)),
                ("callid", fields.CharField(null=True, db_index=True, max_length=80)),
                ("queuename", fields.CharField(null=True, max_length=256)),
                ("agent", fields.CharField(null=True, max_length=80)),
                ("event", fields.CharField(null=True, max_length=32)),
                ("data1", fields.CharField(null=True, max_length=100)),
                ("data2", fields.CharField(null=True, max_length=100)),
                ("data3", fields.CharField(null=True, max_length=100)),
                ("data4", fields.CharField(null=True, max_length=100)),
                ("data5", fields.CharField(null=True, max_length=100)),
            ],
            options={
                "table": "queue_log",
                "app": "realtime",
                "pk_attr": "id",
                "table_description": "What happened in a queue, as Asterisk writes it by itself.",
            },
            bases=["Model"],
        ),
        AdoptModel(
            name="QueueMember",
            fields=[
                (
                    "uniqueid",
                    fields.IntField(generated=False, primary_key=True, unique=True, db_index=True),
                ),
                ("queue_name", fields.CharField(max_length=80)),
                ("interface", fields.CharField(max_length=80)),
                ("membername", fields.CharField(max_length=80)),
                ("state_interface", fields.CharField(max_length=80)),
                ("penalty", fields.IntField()),
                ("paused", fields.IntField()),
                ("reason_paused", fields.CharField(db_default="", max_length=80)),
            ],
            options={
                "table": "queue_members",
                "app": "realtime",
                "unique_together": (("queue_name", "interface"),),
                "pk_attr": "uniqueid",
                "table_description": "app_queue static member of a queue.",
            },
            bases=["Model"],
        ),
    ]
