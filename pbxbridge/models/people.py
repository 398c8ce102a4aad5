"""People of the portal: users, their sessions, password resets and API tokens.

The first line of a model's docstring becomes the table's comment in the migration, which Tortoise
splits at semicolons: keep those, and backticks, out of it.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class Role(StrEnum):
    """What a user of the portal may do."""

    ADMIN = "admin"
    OPERATOR = "operator"
    USER = "user"


class User(Model):
    """A person who may sign in to the portal.

    ``totp_secret`` is empty while the second factor is off; ``totp_step`` is the last time step
    that was accepted, so that a code opens nothing twice (RFC 6238, 5.2).
    """

    id = fields.IntField(primary_key=True, generated=True)
    login = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=80, default="", db_default="")
    email = fields.CharField(max_length=254, default="", db_default="")
    role = fields.CharEnumField(Role, max_length=8, default=Role.ADMIN, db_default=Role.ADMIN)
    password_hash = fields.CharField(max_length=255)
    must_change_password = fields.BooleanField(default=False)
    totp_secret = fields.CharField(max_length=64, default="", db_default="")
    totp_step = fields.BigIntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        app = "portal"
        table = "portal_users"


class Session(Model):
    """A signed-in browser.

    Only the SHA-256 of its token is kept, so a copy of the table opens nothing. ``address`` and
    ``user_agent`` are for the list in which a person ends sessions.
    """

    token_hash = fields.CharField(max_length=64, primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "portal.User", related_name="sessions", on_delete=fields.CASCADE
    )
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    address = fields.CharField(max_length=64, default="", db_default="")
    user_agent = fields.CharField(max_length=200, default="", db_default="")

    class Meta:
        app = "portal"
        table = "portal_sessions"


class PasswordReset(Model):
    """A code that was mailed to a person who forgot the password.

    At most one for each user. Only a hash is kept; ``attempts`` counts wrong codes.
    """

    id = fields.IntField(primary_key=True, generated=True)
    user: fields.OneToOneRelation[User] = fields.OneToOneField(
        "portal.User", related_name="reset", on_delete=fields.CASCADE
    )
    user_id: int
    code_hash = fields.CharField(max_length=64)
    attempts = fields.IntField(default=0)
    expires_at = fields.DatetimeField()

    class Meta:
        app = "portal"
        table = "portal_password_resets"


class TokenScope(StrEnum):
    """What an API token may do at most; its user's role may allow less."""

    READ = "read"
    WRITE = "write"


class ApiToken(Model):
    """A key to the API for programs.

    Only the SHA-256 is kept.
    """

    id = fields.IntField(primary_key=True, generated=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "portal.User", related_name="api_tokens", on_delete=fields.CASCADE
    )
    user_id: int
    name = fields.CharField(max_length=80)
    token_hash = fields.CharField(max_length=64, unique=True)
    scope = fields.CharEnumField(TokenScope, max_length=5)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        app = "portal"
        table = "portal_api_tokens"
