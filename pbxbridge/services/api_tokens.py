"""Keys to the API, for programs that act for a user of the portal."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import ApiToken, Role, TokenScope, User
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.parsing import parse, problem, strip
from pbxbridge.services.secret_links import hash_of

PREFIX = "pbx_"
NAME_LENGTH = 80
DAYS = range(1, 366)
MOST_PER_USER = 50
TOUCH_EVERY = timedelta(minutes=1)
# What the column holds: a database refuses to look for more.
IDS = range(1, 2**31)
REVOKED = "This token is revoked already."
# What is longer is no token, and not worth a hash.
LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token in its owner's list; the token itself is shown once, when it is made."""

    id: int
    name: str
    scope: TokenScope
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The user for whom a request with a token acts; ``scope`` is what the role leaves of it."""

    user_id: int
    login: str
    role: Role
    scope: TokenScope


def _name(typed: str) -> str:
    if not typed:
        raise problem("Enter a name that tells what the token is for.")
    if len(typed) > NAME_LENGTH:
        raise problem(f"Use at most {NAME_LENGTH} characters.")
    if not typed.isprintable():
        raise problem("Line breaks and control characters cannot be part of a name.")
    return typed


def _days(typed: int) -> int:
    if typed not in DAYS:
        raise problem(f"Enter {DAYS.start} to {DAYS.stop - 1} days.")
    return typed


class _TokenInput(BaseModel):
    name: Annotated[str, strip, AfterValidator(_name)]
    scope: TokenScope
    days: Annotated[int, AfterValidator(_days)]


def scope_of(role: Role) -> TokenScope:
    """Return the most that a token may do for a user of this role: only administrators change."""
    return TokenScope.WRITE if role is Role.ADMIN else TokenScope.READ


class ApiTokens:
    """The API tokens of the portal's users."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Tell by ``clock`` when a token expires."""
        self._now = clock

    async def of(self, login: str) -> list[TokenView]:
        """Return a user's tokens, the newest first, also those that have expired."""
        return [_view(row) for row in await ApiToken.filter(user__login=login).order_by("-id")]

    async def create(
        self, actor: Actor, name: str, scope: TokenScope | str, days: int | str
    ) -> tuple[TokenView, str]:
        """Create a token of the actor's own, good for 1 to 365 ``days``; return it in the clear.

        Raises Invalid for the field ``name``, ``scope`` or ``days``, or for the form as a whole if
        the actor has 50 tokens already.
        """
        wanted = parse(_TokenInput, {"name": name, "scope": scope, "days": days})
        token = PREFIX + secrets.token_urlsafe(32)
        now = self._now()
        async with write_transaction() as transaction:
            # Locked, so that two at once cannot both be the fiftieth.
            owner = User.filter(login=actor.login).using_db(transaction).select_for_update()
            user = await owner.first()
            if user is None:
                raise NotFound(f"There is no user {actor.login}.")
            if wanted.scope is TokenScope.WRITE and scope_of(user.role) is not TokenScope.WRITE:
                raise Invalid({"scope": "Your role allows tokens that read only."})
            if (
                await ApiToken.filter(user_id=user.id).using_db(transaction).count()
                >= MOST_PER_USER
            ):
                sentence = f"You have {MOST_PER_USER} tokens already. Revoke one first."
                raise Invalid({"": sentence})
            row = await ApiToken.create(
                using_db=transaction,
                user_id=user.id,
                name=wanted.name,
                token_hash=hash_of(token),
                scope=wanted.scope,
                expires_at=now + timedelta(days=wanted.days),
            )
            after = _audited(row)
            await audit.record(
                transaction, actor, "user.api-token-created", user.login, after=after
            )
        return _view(row), token

    async def revoke(self, actor: Actor, token_id: int) -> None:
        """Revoke one of the actor's own tokens. Raises NotFound."""
        if token_id not in IDS:
            raise NotFound(REVOKED)
        async with write_transaction() as transaction:
            own = ApiToken.filter(id=token_id, user__login=actor.login)
            row = await own.using_db(transaction).first()
            if row is None:
                raise NotFound(REVOKED)
            await row.delete(using_db=transaction)
            before = _audited(row)
            await audit.record(
                transaction, actor, "user.api-token-revoked", actor.login, before=before
            )

    async def authenticate(self, token: str) -> TokenHolder | None:
        """Return for whom a token acts; None if it is unknown or expired.

        None also while its user has a one-time password: that opens nothing but its own change.
        """
        if not token.startswith(PREFIX) or len(token) > LONGEST_TOKEN:
            return None
        # Every request of a program asks this, so it is one query of plain values.
        stored = ApiToken.filter(token_hash=hash_of(token))
        found = await stored.values(
            "scope",
            "expires_at",
            "last_used_at",
            user_id="user__id",
            login="user__login",
            role="user__role",
            must_change="user__must_change_password",
        )
        now = self._now()
        if not found or found[0]["expires_at"] <= now or found[0]["must_change"]:
            return None
        row, role = found[0], Role(found[0]["role"])
        if row["last_used_at"] is None or now - row["last_used_at"] >= TOUCH_EVERY:
            await stored.update(last_used_at=now)
        scope = TokenScope(row["scope"])
        if scope_of(role) is TokenScope.READ:
            scope = TokenScope.READ
        return TokenHolder(row["user_id"], row["login"], role, scope)


async def revoke_beyond(transaction: TransactionalDBClient, user_id: int, role: Role) -> None:
    """Revoke the tokens of a user that may do more than the role allows."""
    if scope_of(role) is TokenScope.READ:
        beyond = ApiToken.filter(user_id=user_id, scope=TokenScope.WRITE)
        await beyond.using_db(transaction).delete()


def _audited(row: ApiToken) -> dict[str, object]:
    return {
        "name": row.name,
        "scope": row.scope.value,
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
    }


def _view(row: ApiToken) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        scope=row.scope,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
