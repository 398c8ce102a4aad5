from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(OurMigration):
    dependencies = [("portal", "0003_indexes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PhoneGroup",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                ("number", fields.CharField(unique=True, max_length=20)),
                ("ring_time", fields.IntField()),
                ("fallback", fields.CharField(max_length=20)),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_phone_groups",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "A number that makes all members of a phone group ring.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Route",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=30),
                ),
                ("description", fields.CharField(max_length=120)),
                ("pattern", fields.CharField(max_length=40)),
                ("strip", fields.IntField()),
                ("prepend", fields.CharField(max_length=20)),
                ("trunks", fields.JSONField()),
                ("emergency", fields.BooleanField()),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_routes",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "Numbers that go out, and by which trunks.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SiteSetting",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                ("value", fields.CharField(max_length=200)),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_site_settings",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "What an administrator set for the whole site.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Trunk",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=30),
                ),
                ("description", fields.CharField(max_length=120)),
                ("host", fields.CharField(max_length=200)),
                ("port", fields.IntField()),
                ("registers", fields.BooleanField()),
                ("username", fields.CharField(max_length=40)),
                ("caller_id", fields.CharField(max_length=21)),
                ("addresses", fields.CharField(max_length=400)),
                ("monitored", fields.BooleanField()),
                ("version", fields.IntField(default=1, db_default=1)),
            ],
            options={
                "table": "portal_trunks",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "A line to a carrier, by SIP.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="closes",
            field=fields.CharField(default="", db_default="", max_length=5),
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="days",
            field=fields.CharField(default="", db_default="", max_length=30),
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="opens",
            field=fields.CharField(default="", db_default="", max_length=5),
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="pin_hash",
            field=fields.CharField(default="", db_default="", max_length=41),
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="routes",
            field=fields.JSONField(default=list, db_default="[]"),
        ),
        ops.AddField(
            model_name="ClassOfService",
            name="version",
            field=fields.IntField(default=1, db_default=1),
        ),
    ]
