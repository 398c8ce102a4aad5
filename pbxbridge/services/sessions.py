"""Sessions of signed-in browsers, which end by themselves and can be ended.

A session's token is 256 random bits; its SHA-256 is what is kept, so that a copy of the database
signs nobody in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import NotFound
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import Role, Session, User
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.secret_links import hash_of

# A session's last use is written down once in this part of the idle time: not every request writes.
TOUCH_SHARE = 10
ADDRESS_LENGTH = 64
USER_AGENT_LENGTH = 200
ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The user behind a session."""

    user_id: int
    login: str
    role: Role
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session in its owner's list.

    ``id`` names it and opens nothing; ``current`` marks the one that the list was asked with.
    ``address`` and ``user_agent`` are as of the sign-in, the latter in the browser's own words.
    """

    id: str
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str
    current: bool


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(
        self, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime]
    ) -> None:
        """End a session ``idle`` after its last use, ``longest`` after it began at the latest."""
        self._idle = idle
        self._longest = longest
        self._now = clock

    async def begin(
        self, transaction: TransactionalDBClient, user: User, address: str, user_agent: str
    ) -> str:
        """Begin a session, forget those that are over, and return the new one's token."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        over = Session.filter(created_at__lt=now - self._longest)
        await over.using_db(transaction).delete()
        await Session.filter(last_seen_at__lt=now - self._idle).using_db(transaction).delete()
        await Session.create(
            using_db=transaction,
            token_hash=hash_of(token),
            user=user,
            created_at=now,
            last_seen_at=now,
            address=address[:ADDRESS_LENGTH],
            user_agent=_printable(user_agent)[:USER_AGENT_LENGTH],
        )
        return token

    async def find(self, token: str, *, in_use: bool) -> SignedIn | None:
        """Return who holds this token; None if it is unknown, was idle too long, or is too old."""
        # Every request asks this, so it is one query of plain values.
        stored = Session.filter(token_hash=hash_of(token))
        found = await stored.values(
            "created_at",
            "last_seen_at",
            user_id="user__id",
            login="user__login",
            role="user__role",
            must_change="user__must_change_password",
        )
        now = self._now()
        if not found or self._is_over(found[0]["created_at"], found[0]["last_seen_at"], now):
            return None
        row = found[0]
        if in_use and now - row["last_seen_at"] >= self._idle / TOUCH_SHARE:
            await stored.update(last_seen_at=now)
        return SignedIn(row["user_id"], row["login"], Role(row["role"]), bool(row["must_change"]))

    async def of(self, login: str, current_token: str) -> list[SessionView]:
        """Return a person's sessions, the one used last first."""
        now, current = self._now(), hash_of(current_token)
        rows = await Session.filter(user__login=login).order_by("-last_seen_at", "token_hash")
        return [
            SessionView(
                id=row.token_hash[:ID_LENGTH],
                created_at=row.created_at,
                last_seen_at=row.last_seen_at,
                address=row.address,
                user_agent=row.user_agent,
                current=row.token_hash == current,
            )
            for row in rows
            if not self._is_over(row.created_at, row.last_seen_at, now)
        ]

    async def sign_out(self, token: str) -> None:
        """End the session of this token, if there is one."""
        async with write_transaction() as transaction:
            stored = Session.filter(token_hash=hash_of(token)).using_db(transaction)
            row = await stored.select_related("user").first()
            if row is not None:
                await row.delete(using_db=transaction)
                login = row.user.login
                await audit.record(transaction, Actor(login, row.address), "user.signed-out", login)

    async def end(self, actor: Actor, session_id: str) -> None:
        """End one of the actor's own sessions. Raises NotFound."""
        async with write_transaction() as transaction:
            own = Session.filter(user__login=actor.login).using_db(transaction)
            rows = [row for row in await own if row.token_hash[:ID_LENGTH] == session_id]
            if not rows:
                raise NotFound("This session has ended already.")
            await rows[0].delete(using_db=transaction)
            await _record_end(transaction, actor, rows)

    async def end_others(self, actor: Actor, token: str) -> None:
        """End all of the actor's own sessions but the one of this token."""
        async with write_transaction() as transaction:
            own = Session.filter(user__login=actor.login).using_db(transaction)
            rows = await own.exclude(token_hash=hash_of(token))
            for row in rows:
                await row.delete(using_db=transaction)
            if rows:
                await _record_end(transaction, actor, rows)

    def _is_over(self, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
        return now - last_seen_at > self._idle or now - created_at > self._longest


async def end_all(transaction: TransactionalDBClient, user_id: int) -> None:
    """End all sessions of a user, in the transaction of what made that necessary."""
    await Session.filter(user_id=user_id).using_db(transaction).delete()


async def _record_end(
    transaction: TransactionalDBClient, actor: Actor, rows: list[Session]
) -> None:
    ended = {"sessions": [{"address": row.address, "browser": row.user_agent} for row in rows]}
    await audit.record(transaction, actor, "user.sessions-ended", actor.login, before=ended)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
