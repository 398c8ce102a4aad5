from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0007_voicemail")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DeskPhone",
            fields=[
                (
                    "mac",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=12),
                ),
                (
                    "extension",
                    fields.ForeignKeyField(
                        "portal.Extension",
                        source_field="extension_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="desk_phones",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "token_hash",
                    fields.CharField(default="", db_index=True, db_default="", max_length=64),
                ),
                (
                    "token_made_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("fetched_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("fetched_file", fields.CharField(default="", db_default="", max_length=80)),
                ("fetched_from", fields.CharField(default="", db_default="", max_length=45)),
            ],
            options={
                "table": "portal_desk_phones",
                "app": "portal",
                "indexes": [Index(fields=["extension_id"])],
                "pk_attr": "mac",
                "table_description": "A phone that fetches its configuration, known by its MAC address (12 hexadecimal digits).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "extension",
                    fields.ForeignKeyField(
                        "portal.Extension",
                        source_field="extension_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("recipient", fields.CharField(max_length=254)),
                ("mail_key", fields.CharField(max_length=200)),
                ("invited_by", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("opened_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("claimed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("visit_hash", fields.CharField(default="", db_default="", max_length=64)),
                (
                    "visit_until",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "portal_invitations",
                "app": "portal",
                "indexes": [Index(fields=["extension_id", "id"])],
                "pk_attr": "id",
                "table_description": "An e-mail with a link by which a person sets up the softphone of an extension.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Extension",
            name="sealed_auth_secret",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
        ops.AddField(
            model_name="Extension",
            name="sealed_secret",
            field=fields.CharField(default="", db_default="", max_length=255),
        ),
    ]
