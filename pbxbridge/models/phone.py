"""What belongs to phones: invitations to set one up, and desk phones that fetch a configuration.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from tortoise import fields
from tortoise.models import Model

from pbxbridge.models.extension import Extension


class Invitation(Model):
    """An e-mail with a link by which a person sets up the softphone of an extension.

    Of the link's token (256 bits) there is a hash (SHA-256, hex) alone. ``mail_key`` is the
    ``dedupe_key`` of its mail in the outbox. The newest one of an extension counts, the others are
    revoked. Once it was claimed, the browser that did so may see the secret again until
    ``visit_until``: ``visit_hash`` is of the token in that browser's cookie, and of the secret. All
    times are in UTC.
    """

    id = fields.IntField(primary_key=True, generated=True)
    extension: fields.ForeignKeyRelation[Extension] = fields.ForeignKeyField(
        "portal.Extension", related_name="invitations", on_delete=fields.CASCADE
    )
    extension_id: int
    token_hash = fields.CharField(max_length=64, unique=True)
    recipient = fields.CharField(max_length=254)
    mail_key = fields.CharField(max_length=200)
    invited_by = fields.CharField(max_length=64)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    opened_at = fields.DatetimeField(null=True)
    claimed_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    visit_hash = fields.CharField(max_length=64, default="", db_default="")
    visit_until = fields.DatetimeField(null=True)

    class Meta:
        app = "portal"
        table = "portal_invitations"
        indexes = (("extension_id", "id"),)


class DeskPhone(Model):
    """A phone that fetches its configuration, known by its MAC address (12 hexadecimal digits).

    Its extensions are those that have this address. What is said here holds as long as
    ``extension`` is the first SIP extension among them: another owner's phone starts anew. Of the
    token (256 bits) in its own URL there is a hash (SHA-256, hex) alone, empty while it has none.
    ``fetched_*`` is of the last download. All times are in UTC.
    """

    mac = fields.CharField(max_length=12, primary_key=True)
    extension: fields.ForeignKeyRelation[Extension] = fields.ForeignKeyField(
        "portal.Extension", related_name="desk_phones", on_delete=fields.CASCADE
    )
    extension_id: int
    token_hash = fields.CharField(max_length=64, default="", db_default="", db_index=True)
    token_made_at = fields.DatetimeField(null=True)
    fetched_at = fields.DatetimeField(null=True)
    fetched_file = fields.CharField(max_length=80, default="", db_default="")
    fetched_from = fields.CharField(max_length=45, default="", db_default="")

    class Meta:
        app = "portal"
        table = "portal_desk_phones"
        indexes = (("extension_id",),)
