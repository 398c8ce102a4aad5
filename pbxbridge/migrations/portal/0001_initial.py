from pbxbridge.migrations.migration import Migration as OurMigration
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from pbxbridge.models.outbox import MailState, NoticeKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(OurMigration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AsteriskNotice",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="RELOAD_DIALPLAN: reload-dialplan\nREFRESH_QUALIFY: refresh-qualify\nFORGET_CONTACTS: forget-contacts\nFORGET_MAILBOX: forget-mailbox",
                        enum_type=NoticeKind,
                        max_length=20,
                    ),
                ),
                ("subject", fields.CharField(max_length=80)),
                ("attempts", fields.IntField(default=0)),
                ("last_error", fields.CharField(default="", max_length=500)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "portal_asterisk_notices",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "What Asterisk must be told: committed with its change, deleted once Asterisk was told.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("actor", fields.CharField(max_length=64)),
                ("address", fields.CharField(max_length=64)),
                ("action", fields.CharField(max_length=40)),
                ("subject", fields.CharField(max_length=80)),
                (
                    "before",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "after",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "portal_audit",
                "app": "portal",
                "indexes": [Index(fields=["subject", "at"])],
                "pk_attr": "id",
                "table_description": "Who changed what, when and from where, committed with the change, secrets left out.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ClassOfService",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=30),
                ),
                ("description", fields.CharField(max_length=120)),
            ],
            options={
                "table": "portal_classes_of_service",
                "app": "portal",
                "pk_attr": "name",
                "table_description": "A named set of what an extension may dial.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Extension",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("number", fields.CharField(unique=True, max_length=20)),
                ("device_type", fields.CharField(max_length=12)),
                ("caller_id_name", fields.CharField(max_length=40)),
                (
                    "class_of_service",
                    fields.ForeignKeyField(
                        "portal.ClassOfService",
                        source_field="class_of_service_id",
                        db_constraint=True,
                        to_field="name",
                        related_name="extensions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("monitored", fields.BooleanField()),
                ("voicemail", fields.BooleanField()),
                ("voicemail_email", fields.CharField(max_length=254)),
                ("mail_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("forward_all", fields.CharField(max_length=21)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "portal_extensions",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "One line of the Extensions screen.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("dedupe_key", fields.CharField(unique=True, max_length=200)),
                ("mailbox", fields.CharField(max_length=80)),
                ("recipient", fields.CharField(max_length=254)),
                ("message_id", fields.CharField(max_length=200)),
                (
                    "state",
                    fields.CharEnumField(
                        default=MailState.WAITING,
                        description="WAITING: waiting\nSENT: sent\nDEAD: dead",
                        enum_type=MailState,
                        max_length=8,
                    ),
                ),
                ("attempts", fields.IntField(default=0)),
                ("next_attempt_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(default="", max_length=500)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("message", fields.BinaryField()),
            ],
            options={
                "table": "portal_outgoing_mail",
                "app": "portal",
                "indexes": [Index(fields=["state", "next_attempt_at"])],
                "pk_attr": "id",
                "table_description": "Mail outbox: stored first, sent after, kept until the server said 250 or refused for good.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    fields.IntField(generated=True, primary_key=True, unique=True, db_index=True),
                ),
                ("login", fields.CharField(unique=True, max_length=64)),
                ("password_hash", fields.CharField(max_length=255)),
                ("must_change_password", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "portal_users",
                "app": "portal",
                "pk_attr": "id",
                "table_description": "A person who may sign in to the portal.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                (
                    "token_hash",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "portal.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sessions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "portal_sessions",
                "app": "portal",
                "pk_attr": "token_hash",
                "table_description": "A signed-in browser.",
            },
            bases=["Model"],
        ),
    ]
