from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

from pbxbridge.settings import ONLY_NODE


class Migration(OurMigration):
    dependencies = [("portal", "0004_calls")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Node",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                ("epoch", fields.IntField(default=0)),
                ("bridge", fields.CharField(default="", max_length=64)),
                ("seq", fields.BigIntField(default=0)),
                ("link_up", fields.BooleanField(default=False)),
                ("link_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("link_reason", fields.CharField(default="", max_length=500)),
                (
                    "heartbeat_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "portal_nodes",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "One Asterisk: which bridge listens to it, and how its AMI link stands.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StateChange",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("node", fields.CharField(max_length=40)),
                ("endpoint", fields.CharField(max_length=80)),
                ("status", fields.CharField(max_length=12)),
                ("ip", fields.CharField(max_length=255)),
                ("port", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "portal_state_changes",
                "app": "portal",
                "indexes": [Index(fields=["endpoint", "at"]), Index(fields=["at"])],
                "pk_attr": "id",
                "table_description": "History: an endpoint took on another status or address, kept for some days.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StoredState",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("node", fields.CharField(max_length=40)),
                ("endpoint", fields.CharField(max_length=80)),
                ("status", fields.CharField(max_length=12)),
                ("ip", fields.CharField(max_length=255)),
                ("port", fields.IntField()),
                ("rtt_ms", fields.FloatField(null=True)),
                ("user_agent", fields.CharField(max_length=255)),
                ("last_seen", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_ip", fields.CharField(max_length=255)),
                ("last_port", fields.IntField()),
                ("seq", fields.BigIntField()),
            ],
            options={
                "table": "portal_endpoint_states",
                "app": "portal",
                "unique_together": (("node", "endpoint"),),
                "indexes": [Index(fields=["node", "seq"]), Index(fields=["endpoint"])],
                "pk_attr": "id",
                "table_description": "What a node last said of an endpoint.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="AsteriskNotice",
            options={
                "table": "portal_asterisk_notices",
                "app": "portal",
                "indexes": [Index(fields=["subject"]), Index(fields=["kind"])],
                "pk_attr": "id",
                "table_description": "What an Asterisk must be told: committed with its change, deleted once it was told.",
            },
        ),
        ops.AddField(
            model_name="AsteriskNotice",
            name="node",
            field=fields.CharField(db_default="asterisk", max_length=40),
        ),
        # What the settings call it, `ensure_nodes` says at every start.
        ops.RunSQL(
            "INSERT INTO portal_nodes (name, epoch, bridge, seq, link_up, link_reason) "
            f"VALUES ('{ONLY_NODE}', 0, '', 0, FALSE, '')",
            reverse_sql="DELETE FROM portal_nodes",
        ),
    ]
