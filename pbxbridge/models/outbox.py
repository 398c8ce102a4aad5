"""What is stored to be sent: mails, and what Asterisk must be told.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from pbxbridge.models.extension import AfterSending
from pbxbridge.settings import ONLY_NODE


class MailState(StrEnum):
    """Where a mail of the outbox stands.

    HELD is one whose recording could not be stored yet, DEAD was given up and can be sent again,
    DROPPED was discarded by a person: its row stays so that the message is not mailed anew.
    """

    HELD = "held"
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


# Those that are neither sent nor discarded.
OPEN_STATES = (MailState.HELD, MailState.WAITING, MailState.DEAD)
# The columns of a mail that says nothing any more.
NO_CONTENT = {"recording": "", "message": b"", "ending": b""}
DISCARDED = {**NO_CONTENT, "size": 0, "state": MailState.DROPPED}
ERROR_LENGTH = 500


class MailKind(StrEnum):
    """What a mail is about."""

    VOICEMAIL = "voicemail"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a word for people
    TEST = "test"
    INVITATION = "invitation"


class OutgoingMail(Model):
    """Mail outbox: stored first, sent after, kept until the server said 250 or refused for good.

    ``dedupe_key`` comes from the source (the voicemail's msg_id), so one message to one address is
    one row however often it is found. ``mailbox`` is whose order of mails is kept. ``message`` is
    the MIME message up to the recording, or the whole of a mail without one, ``recording`` names
    the recording's parts, and ``ending`` is what follows it; all are emptied once sent. ``size`` is
    how many bytes are sent, 0 for a mail without content. ``failed_at`` is when it was last tried
    in vain, ``resent_at`` when a person last had it sent again. ``after_sending`` is what is still
    to be done with the voicemail ``msg_id`` once it was.
    """

    id = fields.IntField(primary_key=True, generated=True)
    dedupe_key = fields.CharField(max_length=200, unique=True)
    kind = fields.CharEnumField(
        MailKind, max_length=16, default=MailKind.VOICEMAIL, db_default="voicemail"
    )
    mailbox = fields.CharField(max_length=80)
    msg_id = fields.CharField(max_length=64, default="", db_default="")
    recipient = fields.CharField(max_length=254)
    message_id = fields.CharField(max_length=200)
    state = fields.CharEnumField(MailState, max_length=8, default=MailState.WAITING)
    attempts = fields.IntField(default=0)
    next_attempt_at = fields.DatetimeField()
    last_error = fields.CharField(max_length=500, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    sent_at = fields.DatetimeField(null=True)
    failed_at = fields.DatetimeField(null=True)
    resent_at = fields.DatetimeField(null=True)
    size = fields.BigIntField(default=0, db_default=0)
    recording = fields.CharField(max_length=32, default="", db_default="")
    after_sending = fields.CharEnumField(
        AfterSending, max_length=6, default=AfterSending.KEEP, db_default="keep"
    )
    # The last columns: SQLite reads a row from its start, through all that comes first.
    message = fields.BinaryField()
    ending = fields.BinaryField(default=b"", null=True)

    class Meta:
        app = "portal"
        table = "portal_outgoing_mail"
        indexes = (
            ("state", "next_attempt_at"),
            ("mailbox", "msg_id"),
            ("recording",),
            ("after_sending",),
            ("sent_at",),
            ("failed_at",),
        )


class RecordingPart(Model):
    """A piece of a recording that is mailed: read and sent one by one, however long it is.

    ``recording`` names all pieces of one recording, which the mails to several addresses share.
    ``content`` is what the mail's attachment holds, not encoded yet.
    """

    id = fields.BigIntField(primary_key=True, generated=True)
    recording = fields.CharField(max_length=32)
    place = fields.IntField()
    created_at = fields.DatetimeField(auto_now_add=True)
    content = fields.BinaryField()

    class Meta:
        app = "portal"
        table = "portal_recording_parts"
        unique_together = (("recording", "place"),)
        indexes = (("created_at",),)


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
    REREAD_QUEUE = "reread-queue"
    PLACE_AGENT = "place-agent"
    LEAVE_QUEUES = "leave-queues"
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
