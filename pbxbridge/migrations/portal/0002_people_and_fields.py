from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.people import Role, TokenScope
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    dependencies = [("portal", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "portal.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="api_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=80)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                (
                    "scope",
                    fields.CharEnumField(
                        description="READ: read\nWRITE: write", enum_type=TokenScope, max_length=5
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "last_used_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "portal_api_tokens",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "A key to the API for programs.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Did",
            fields=[
                (
                    "number",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=21),
                ),
                (
                    "extension",
                    fields.ForeignKeyField(
                        "portal.Extension",
                        source_field="extension_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="dids",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "portal_dids",
                "app": "portal",
                "pk_attr": "number",
                "table_description": "A number from outside that rings an extension.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LicenceUse",
            fields=[
                (
                    "licence",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20),
                ),
                ("used", fields.IntField()),
            ],
            options={
                "table": "portal_licence_use",
                "app": "portal",
                "pk_attr": "licence",
                "table_description": "How much of each licence is used, counted along with every change.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PasswordReset",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "user",
                    fields.OneToOneField(
                        "portal.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reset",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("code_hash", fields.CharField(max_length=64)),
                ("attempts", fields.IntField(default=0)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "portal_password_resets",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "A code that was mailed to a person who forgot the password.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="AsteriskNotice",
            name="kind",
            field=fields.CharEnumField(
                description="RELOAD_DIALPLAN: reload-dialplan\nREFRESH_QUALIFY: refresh-qualify\nFORGET_CONTACTS: forget-contacts\nFORGET_MAILBOX: forget-mailbox\nRELOAD_PEERS: reload-peers\nFORGET_PEER: forget-peer",
                enum_type=NoticeKind,
                max_length=20,
            ),
        ),
        ops.RemoveIndex(
            model_name="AuditEntry",
            name=None,
            fields=["subject", "at"],
        ),
        ops.AddIndex(
            model_name="AuditEntry",
            index=Index(fields=["subject", "id"]),
        ),
        ops.AddField(
            model_name="Extension",
            name="agent",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Extension",
            name="auth_username",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="Extension",
            name="dahdi_channel",
            field=fields.CharField(default="", db_default="", max_length=10),
        ),
        ops.AddField(
            model_name="Extension",
            name="do_not_disturb",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Extension",
            name="emergency_caller_id",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="external_caller_id",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="forward_busy",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="forward_no_answer",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="forward_unregistered",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="mac",
            field=fields.CharField(default="", db_default="", max_length=12),
        ),
        ops.AddField(
            model_name="Extension",
            name="phone_group",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="Extension",
            name="phone_make",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="Extension",
            name="phone_model",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="Extension",
            name="pin_changed_by_phone_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Extension",
            name="pin_digest",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="Extension",
            name="registration_number",
            field=fields.IntField(default=1, db_default=1),
        ),
        ops.AddField(
            model_name="Extension",
            name="ring_time",
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name="Extension",
            name="sort_key",
            field=fields.CharField(default="", db_default="", max_length=24),
        ),
        ops.AddField(
            model_name="Extension",
            name="twinning_number",
            field=fields.CharField(default="", db_default="", max_length=21),
        ),
        ops.AddField(
            model_name="Extension",
            name="users",
            field=fields.ManyToManyField(
                "portal.User",
                unique=True,
                db_constraint=True,
                through="portal_extension_users",
                forward_key="user_id",
                backward_key="extension_id",
                related_name="extensions",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddField(
            model_name="Extension",
            name="version",
            field=fields.IntField(default=1, db_default=1),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["sort_key"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["caller_id_name", "sort_key"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["device_type", "sort_key"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["class_of_service_id", "sort_key"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["mac"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["phone_group"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["twinning_number"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["forward_all"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["forward_busy"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["forward_no_answer"]),
        ),
        ops.AddIndex(
            model_name="Extension",
            index=Index(fields=["forward_unregistered"]),
        ),
        ops.AddField(
            model_name="Session",
            name="address",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="Session",
            name="user_agent",
            field=fields.CharField(default="", db_default="", max_length=200),
        ),
        ops.AddField(
            model_name="User",
            name="email",
            field=fields.CharField(default="", db_default="", max_length=254),
        ),
        ops.AddField(
            model_name="User",
            name="name",
            field=fields.CharField(default="", db_default="", max_length=80),
        ),
        ops.AddField(
            model_name="User",
            name="role",
            field=fields.CharEnumField(
                default=Role.ADMIN,
                description="ADMIN: admin\nOPERATOR: operator\nUSER: user",
                db_default=Role.ADMIN,
                enum_type=Role,
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="User",
            name="totp_secret",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="User",
            name="totp_step",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="User",
            name="version",
            field=fields.IntField(default=1, db_default=1),
        ),
        # Length, then the digits: dialling order.
        ops.RunSQL(
            "UPDATE portal_extensions SET sort_key = CASE WHEN length(number) < 10 THEN '0' "
            "ELSE '' END || length(number) || number"
        ),
        # Login names are in lower case from now on.
        ops.RunSQL("UPDATE portal_users SET login = lower(login)"),
    ]
