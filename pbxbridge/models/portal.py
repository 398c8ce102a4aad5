"""What the people of the portal see and do: extensions, users, sessions, outboxes, the audit.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class User(Model):
    """A person who may sign in to the portal."""

    id = fields.IntField(primary_key=True, generated=True)
    login = fields.CharField(max_length=64, unique=True)
    password_hash = fields.CharField(max_length=255)
    must_change_password = fields.BooleanField(default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "portal"
        table = "portal_users"


class Session(Model):
    """A signed-in browser.

    Only the SHA-256 of its token is kept, so a copy of the table opens nothing.
    """

    token_hash = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "portal.User", related_name="sessions", on_delete=fields.CASCADE
    )
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()

    class Meta:
        app = "portal"
        table = "portal_sessions"


class ClassOfService(Model):
    """A named set of what an extension may dial.

    Asterisk knows it as the context ``cos-<name>``.
    """

    name = fields.CharField(max_length=30, primary_key=True)
    description = fields.CharField(max_length=120)

    class Meta:
        app = "portal"
        table = "portal_classes_of_service"


class Extension(Model):
    """One line of the Extensions screen.

    The secret and the voicemail PIN are not repeated here: Asterisk's own rows are their one home,
    since a PIN may be changed by phone behind the portal's back. ``mail_since`` is when the
    e-mail address was set: older messages are not relayed.
    """

    id = fields.IntField(primary_key=True, generated=True)
    number = fields.CharField(max_length=20, unique=True)
    device_type = fields.CharField(max_length=12)
    caller_id_name = fields.CharField(max_length=40)
    class_of_service: fields.ForeignKeyRelation[ClassOfService] = fields.ForeignKeyField(
        "portal.ClassOfService", related_name="extensions", on_delete=fields.RESTRICT
    )
    class_of_service_id: str
    monitored = fields.BooleanField()
    voicemail = fields.BooleanField()
    voicemail_email = fields.CharField(max_length=254)
    mail_since = fields.DatetimeField(null=True)
    forward_all = fields.CharField(max_length=21)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        app = "portal"
        table = "portal_extensions"


class MailState(StrEnum):
    """Where a mail of the outbox stands."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


class OutgoingMail(Model):
    """Mail outbox: stored first, sent after, kept until the server said 250 or refused for good.

    ``dedupe_key`` comes from the source (the voicemail's msg_id), so one message is one row however
    often it is found. ``message`` is the whole MIME message, emptied once sent.
    """

    id = fields.IntField(primary_key=True, generated=True)
    dedupe_key = fields.CharField(max_length=200, unique=True)
    mailbox = fields.CharField(max_length=80)
    recipient = fields.CharField(max_length=254)
    message_id = fields.CharField(max_length=200)
    state = fields.CharEnumField(MailState, max_length=8, default=MailState.WAITING)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField()
    last_error = fields.CharField(max_length=500, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    sent_at = fields.DatetimeField(null=True)
    # The last column: SQLite reads a row from its start, through megabytes if they come first.
    message = fields.BinaryField()

    class Meta:
        app = "portal"
        table = "portal_outgoing_mail"
        indexes = (("state", "next_attempt_at"),)


class NoticeKind(StrEnum):
    """What Asterisk may have to be told after a save (see pbxbridge/asterisk/notices.py)."""

    RELOAD_DIALPLAN = "reload-dialplan"
    REFRESH_QUALIFY = "refresh-qualify"
    FORGET_CONTACTS = "forget-contacts"
    FORGET_MAILBOX = "forget-mailbox"


class AsteriskNotice(Model):
    """What Asterisk must be told: committed with its change, deleted once Asterisk was told."""

    id = fields.IntField(primary_key=True, generated=True)
    kind = fields.CharEnumField(NoticeKind, max_length=20)
    subject = fields.CharField(max_length=80)
    attempts = fields.IntField(default=0)
    last_error = fields.CharField(max_length=500, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "portal"
        table = "portal_asterisk_notices"


class AuditEntry(Model):
    """Who changed what, when and from where, committed with the change, secrets left out."""

    id = fields.IntField(primary_key=True, generated=True)
    at = fields.DatetimeField(auto_now_add=True)
    actor = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)
    action = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=80)
    before: fields.Field[dict[str, object]] = fields.JSONField()
    after: fields.Field[dict[str, object]] = fields.JSONField()

    class Meta:
        app = "portal"
        table = "portal_audit"
        indexes = (("subject", "at"),)
