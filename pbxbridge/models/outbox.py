"""What is stored to be sent: mails, and what Asterisk must be told.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from pbxbridge.settings import ONLY_NODE


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
    RELOAD_PEERS = "reload-peers"
    FORGET_PEER = "forget-peer"
    RELOAD_TRUNKS = "reload-trunks"
    RELOAD_REGISTRATIONS = "reload-registrations"
    EXPIRE_ENDPOINT = "expire-endpoint"
    EXPIRE_AUTH = "expire-auth"
    EXPIRE_AOR = "expire-aor"
    EXPIRE_CACHES = "expire-caches"


class AsteriskNotice(Model):
    """What an Asterisk must be told: committed with its change, deleted once it was told.

    Each node has a row of its own. ``last_error`` is why it could not be told; ``attempts`` counts
    how often that was news. Of those that one telling serves, the oldest has it.
    """

    id = fields.IntField(primary_key=True, generated=True)
    node = fields.CharField(max_length=40, db_default=ONLY_NODE)
    kind = fields.CharEnumField(NoticeKind, max_length=20)
    subject = fields.CharField(max_length=80)
    attempts = fields.IntField(default=0)
    last_error = fields.CharField(max_length=500, default="")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "portal"
        table = "portal_asterisk_notices"
        indexes = (("subject",), ("kind",))
