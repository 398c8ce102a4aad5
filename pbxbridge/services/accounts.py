"""Portal users: passwords, sign-in, and sessions that can be ended.

Passwords are kept as Argon2id (RFC 9106), session tokens as SHA-256 of 256 random bits, so that a
copy of the database signs nobody in.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from pbxbridge.errors import Conflict, Forbidden, Invalid
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import Session, User
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor

PASSWORD_LENGTH = 10
# A session's last use is written down once in this part of the idle time: not every request writes.
TOUCH_SHARE = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The user behind a session."""

    login: str
    must_change_password: bool


def utc_now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class Accounts:
    """Who may sign in, and who is signed in."""

    def __init__(
        self, *, idle: timedelta, longest: timedelta, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """End a session ``idle`` after its last use, ``longest`` after it began at the latest."""
        self._idle = idle
        self._longest = longest
        self._now = clock
        self._hasher = PasswordHasher()
        # Argon2 takes 64 MiB and a core for a fraction of a second: one at a time is enough.
        self._one_hash_at_a_time = asyncio.Semaphore(1)
        # Checked when nobody has that login name, so that the answer takes as long either way.
        self._nobody = self._hasher.hash(secrets.token_hex())

    async def create_admin(self, login: str) -> str:
        """Create a user and return a random password, which the first sign-in makes them change.

        Raises Conflict if the login name is taken.
        """
        password = secrets.token_urlsafe(12)
        hashed = await self._hash(password)
        async with write_transaction() as transaction:
            if await User.filter(login=login).using_db(transaction).exists():
                raise Conflict(f"There is a user {login} already.")
            await User.create(
                using_db=transaction,
                login=login,
                password_hash=hashed,
                must_change_password=True,
            )
            await audit.record(transaction, Actor("console", ""), "user.created", login)
        return password

    async def any_user(self) -> bool:
        """Return whether anybody can sign in at all."""
        return await User.all().exists()

    async def sign_in(self, login: str, password: str, address: str) -> str:
        """Check a password and return the token of a new session.

        Raises Forbidden for a wrong login name and a wrong password alike, after the same time.
        """
        user = await User.filter(login=login).first()
        known = user.password_hash if user else self._nobody
        if not await self._matches(known, password) or user is None:
            raise Forbidden("The login name or the password is wrong.")
        async with write_transaction() as transaction:
            await self._forget_expired()
            await audit.record(transaction, Actor(login, address), "user.signed-in", login)
            return await self._begin(user)

    async def session(self, token: str, *, in_use: bool = True) -> SignedIn | None:
        """Return who holds this token; None if it is unknown, was idle too long, or is too old.

        ``in_use`` is false where a page asks by itself, without the person: that keeps no session
        alive.
        """
        # Every request asks this, so it is one query of plain values.
        stored = Session.filter(token_hash=_hashed(token))
        found = await stored.values(
            "created_at", "last_seen_at", "user__login", "user__must_change_password"
        )
        now = self._now()
        if not found or self._is_over(found[0]["created_at"], found[0]["last_seen_at"], now):
            return None
        if in_use and now - found[0]["last_seen_at"] >= self._idle / TOUCH_SHARE:
            await stored.update(last_seen_at=now)
        return SignedIn(found[0]["user__login"], bool(found[0]["user__must_change_password"]))

    async def sign_out(self, token: str) -> None:
        """End a session; an unknown token is no error."""
        await Session.filter(token_hash=_hashed(token)).delete()

    async def change_password(
        self, actor: Actor, token: str, current: str, new: str, repeat: str
    ) -> str:
        """Change the password of the actor, end all their sessions, and return a new one's token.

        Raises Invalid for the field at fault, Forbidden if the token is not the actor's.
        """
        session = await Session.filter(token_hash=_hashed(token)).select_related("user").first()
        if session is None or session.user.login != actor.login:
            raise Forbidden("Sign in again.")
        user = session.user
        if not await self._matches(user.password_hash, current):
            raise Invalid({"current": "This is not your present password."})
        _check_new_password(current, new, repeat, user.login)
        hashed = await self._hash(new)
        async with write_transaction() as transaction:
            await User.filter(id=user.id).update(password_hash=hashed, must_change_password=False)
            await Session.filter(user_id=user.id).delete()
            await audit.record(transaction, actor, "user.password-changed", user.login)
            return await self._begin(user)

    async def _begin(self, user: User) -> str:
        token = secrets.token_urlsafe(32)
        now = self._now()
        await Session.create(token_hash=_hashed(token), user=user, created_at=now, last_seen_at=now)
        return token

    async def _forget_expired(self) -> None:
        now = self._now()
        await Session.filter(created_at__lt=now - self._longest).delete()
        await Session.filter(last_seen_at__lt=now - self._idle).delete()

    def _is_over(self, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
        return now - last_seen_at > self._idle or now - created_at > self._longest

    async def _hash(self, password: str) -> str:
        async with self._one_hash_at_a_time:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _matches(self, hashed: str, password: str) -> bool:
        async with self._one_hash_at_a_time:
            try:
                return await asyncio.to_thread(self._hasher.verify, hashed, password)
            except VerifyMismatchError:
                return False


def _check_new_password(current: str, new: str, repeat: str, login: str) -> None:
    if len(new) < PASSWORD_LENGTH:
        raise Invalid({"new": f"Use at least {PASSWORD_LENGTH} characters."})
    if new == current:
        raise Invalid({"new": "Choose a password other than the present one."})
    if new.lower() == login.lower():
        raise Invalid({"new": "The password must not be your login name."})
    if new != repeat:
        raise Invalid({"repeat": "The two passwords are not the same."})


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
