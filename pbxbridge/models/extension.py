"""Extensions as the portal knows them, with what belongs to them.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.people import User


class DeviceType(StrEnum):
    """What kind of device an extension is associated with."""

    SIP = "SIP"
    IAX2 = "IAX2"
    DAHDI = "DAHDI"
    VIRTUAL = "VIRTUAL"
    SIP_VIRTUAL = "SIP-VIRTUAL"


class VoicemailAudio(StrEnum):
    """How a voicemail's mail brings the recording: attached, or as a link to the portal."""

    WAV = "wav"
    MP3 = "mp3"
    LINK = "link"


class AfterSending(StrEnum):
    """What becomes of a voicemail once the mail server took its mail."""

    KEEP = "keep"
    HEARD = "heard"
    DELETE = "delete"


class Extension(Model):
    """One line of the Extensions screen.

    The voicemail PIN is not repeated here: Asterisk's own row is its one home, since it may be
    changed by phone behind the portal's back. ``pin_digest`` is how the portal notices that. SIP
    secrets are in Asterisk's rows in clear, or there as digests and here encrypted
    (``sealed_secret``, ``sealed_auth_secret``: services/sip_secrets.py).
    ``mail_since`` is when the e-mail address was set: older messages are not relayed.
    ``voicemail_email`` may be several addresses, with ``, `` between them. ``voicemail_language``
    and ``voicemail_time_zone`` (an IANA name), left empty, mean the site's own.
    ``version`` counts the changes. ``ring_time`` of None means the site's own. ``sort_key`` puts
    numbers in dialling order.
    """

    id = fields.IntField(primary_key=True, generated=True)
    number = fields.CharField(max_length=20, unique=True)
    sort_key = fields.CharField(max_length=24, default="", db_default="")
    device_type = fields.CharField(max_length=12)
    caller_id_name = fields.CharField(max_length=40)
    class_of_service: fields.ForeignKeyRelation[ClassOfService] = fields.ForeignKeyField(
        "portal.ClassOfService", related_name="extensions", on_delete=fields.RESTRICT
    )
    class_of_service_id: str
    monitored = fields.BooleanField()
    voicemail = fields.BooleanField()
    voicemail_email = fields.CharField(max_length=254)
    voicemail_audio = fields.CharEnumField(
        VoicemailAudio, max_length=4, default=VoicemailAudio.WAV, db_default="wav"
    )
    voicemail_after_sending = fields.CharEnumField(
        AfterSending, max_length=6, default=AfterSending.KEEP, db_default="keep"
    )
    voicemail_language = fields.CharField(max_length=5, default="", db_default="")
    voicemail_time_zone = fields.CharField(max_length=40, default="", db_default="")
    mail_since = fields.DatetimeField(null=True)
    pin_digest = fields.CharField(max_length=64, default="", db_default="")
    pin_changed_by_phone_at = fields.DatetimeField(null=True)
    twinning_number = fields.CharField(max_length=21, default="", db_default="")
    phone_make = fields.CharField(max_length=40, default="", db_default="")
    phone_model = fields.CharField(max_length=40, default="", db_default="")
    mac = fields.CharField(max_length=12, default="", db_default="")
    registration_number = fields.IntField(default=1, db_default=1)
    external_caller_id = fields.CharField(max_length=21, default="", db_default="")
    emergency_caller_id = fields.CharField(max_length=21, default="", db_default="")
    forward_all = fields.CharField(max_length=21)
    forward_busy = fields.CharField(max_length=21, default="", db_default="")
    forward_no_answer = fields.CharField(max_length=21, default="", db_default="")
    forward_unregistered = fields.CharField(max_length=21, default="", db_default="")
    do_not_disturb = fields.BooleanField(default=False, db_default=False)
    ring_time = fields.IntField(null=True)
    phone_group = fields.CharField(max_length=40, default="", db_default="")
    auth_username = fields.CharField(max_length=40, default="", db_default="")
    dahdi_channel = fields.CharField(max_length=10, default="", db_default="")
    sealed_secret = fields.CharField(max_length=255, default="", db_default="")
    sealed_auth_secret = fields.CharField(max_length=255, default="", db_default="")
    agent = fields.BooleanField(default=False, db_default=False)
    agent_logins = fields.BooleanField(default=False, db_default=False)
    users: fields.ManyToManyRelation[User] = fields.ManyToManyField(
        "portal.User",
        related_name="extensions",
        through="portal_extension_users",
        forward_key="user_id",
        backward_key="extension_id",
        on_delete=fields.CASCADE,
    )
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        app = "portal"
        table = "portal_extensions"
        # The list has a filter and an order; a search reads numbers (in sort_key) and names.
        indexes = (
            ("sort_key", "caller_id_name"),
            ("caller_id_name", "sort_key"),
            ("device_type", "sort_key"),
            ("device_type", "caller_id_name", "sort_key"),
            ("class_of_service_id", "sort_key"),
            ("class_of_service_id", "caller_id_name", "sort_key"),
            ("mac",),
            ("phone_group",),
            ("twinning_number",),
            ("forward_all",),
            ("forward_busy",),
            ("forward_no_answer",),
            ("forward_unregistered",),
        )


class Did(Model):
    """A number from outside that rings an extension."""

    number = fields.CharField(max_length=21, primary_key=True)
    extension: fields.ForeignKeyRelation[Extension] = fields.ForeignKeyField(
        "portal.Extension", related_name="dids", on_delete=fields.CASCADE
    )
    extension_id: int

    class Meta:
        app = "portal"
        table = "portal_dids"
        indexes = (("extension_id",),)


class LicenceUse(Model):
    """How much of each licence is used, counted along with every change."""

    licence = fields.CharField(max_length=20, primary_key=True)
    used = fields.IntField()

    class Meta:
        app = "portal"
        table = "portal_licence_use"
