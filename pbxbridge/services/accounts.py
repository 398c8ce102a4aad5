"""Signing in and out: passwords, second factors, and sessions that can be ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Conflict, Forbidden, Invalid, SecondFactorNeeded, TooManyAttempts
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import Role, Session, User
from pbxbridge.services import audit
from pbxbridge.services.actor import CONSOLE, Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.login_name import checked_login, normalised_login
from pbxbridge.services.new_password import set_password
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.passwords import Overloaded, check_new_password, one_time_password
from pbxbridge.services.secret_links import hash_of
from pbxbridge.services.sessions import Sessions, SessionView, SignedIn
from pbxbridge.services.sign_in_limit import network_of
from pbxbridge.services.totp import matching_step
from pbxbridge.services.user_lookup import find_user

__all__ = ["Accounts", "Role", "SessionView", "SignedIn", "utc_now"]

REFUSED = "user.sign-in-refused"
WRONG = "The login name or the password is wrong."


class Accounts:
    """Who may sign in, and who is signed in."""

    def __init__(
        self,
        *,
        idle: timedelta,
        longest: timedelta,
        clock: Callable[[], datetime] = utc_now,
        check: PasswordCheck | None = None,
    ) -> None:
        """End a session ``idle`` after its last use, ``longest`` after it began at the latest.

        ``check`` is shared with the other services that ask for a password.
        """
        self._sessions = Sessions(idle=idle, longest=longest, clock=clock)
        self._now = clock
        self._check = check or PasswordCheck()

    async def create_admin(self, login: str) -> str:
        """Create an administrator and return a random password, which they must change.

        Raises Invalid if this cannot be a login name, Conflict if it is taken.
        """
        name = checked_login(login)
        password = one_time_password()
        hashed = await self._check.passwords.hashed(password)
        async with write_transaction() as transaction:
            if await User.filter(login=name).using_db(transaction).exists():
                raise Conflict(f"There is a user {name} already.")
            await User.create(
                using_db=transaction,
                login=name,
                role=Role.ADMIN,
                password_hash=hashed,
                must_change_password=True,
            )
            after = {"role": Role.ADMIN.value}
            await audit.record(transaction, CONSOLE, "user.created", name, after=after)
        return password

    async def any_user(self) -> bool:
        """Return whether anybody can sign in at all."""
        return await User.all().exists()

    async def sign_in(
        self, login: str, password: str, address: str, *, code: str = "", user_agent: str = ""
    ) -> str:
        """Check a password, and the second factor where it is on; return a new session's token.

        Raises Forbidden for a wrong login name and a wrong password alike, after the same time;
        SecondFactorNeeded if the password was right and the code is missing or wrong;
        TooManyAttempts, before anything is looked at, after too many wrong ones.
        """
        name = normalised_login(login)
        try:
            self._check.begin(name, address)
            user = await find_user(name)
            stored = user.password_hash if user else None
            right = await self._check.is_right(name, stored, password, address)
        except Overloaded:
            await self._limited(name, address, "everywhere", "too many at once")
            raise
        except TooManyAttempts:
            await self._limited(name, address, network_of(address), "too many attempts")
            raise
        if not right or user is None:
            await self._refused(name, address, "password")
            raise Forbidden(WRONG)
        if user.totp_secret and not code.strip():
            # Neither a wrong try nor a right one: the password alone buys no tries at the code.
            self._check.limit.take_back(name, address)
            raise SecondFactorNeeded("Enter the code that your authenticator app shows.")
        token = await self._begin(user, code, address, user_agent)
        if token is None:
            await self._refused(name, address, "code")
            raise SecondFactorNeeded("This code is wrong, or was used already.")
        self._check.limit.succeeded(name, address)
        return token

    async def session(self, token: str, *, in_use: bool = True) -> SignedIn | None:
        """Return who holds this token; None if it is unknown, was idle too long, or is too old.

        ``in_use`` is false where a page asks by itself, without the person: that keeps no session
        alive.
        """
        return await self._sessions.find(token, in_use=in_use)

    async def sign_out(self, token: str) -> None:
        """End a session; an unknown token is no error."""
        await self._sessions.sign_out(token)

    async def sessions_of(self, login: str, current_token: str) -> list[SessionView]:
        """Return a person's sessions, the one used last first."""
        return await self._sessions.of(login, current_token)

    async def end_session(self, actor: Actor, session_id: str) -> None:
        """End one of the actor's own sessions. Raises NotFound."""
        await self._sessions.end(actor, session_id)

    async def end_other_sessions(self, actor: Actor, token: str) -> None:
        """End all of the actor's own sessions but the one of this token."""
        await self._sessions.end_others(actor, token)

    async def change_password(
        self, actor: Actor, token: str, current: str, new: str, repeat: str
    ) -> str:
        """Change the password of the actor, end all their sessions, and return a new one's token.

        Raises Invalid for the field at fault, Forbidden if the token is not the actor's,
        TooManyAttempts after too many wrong present passwords.
        """
        stored = Session.filter(token_hash=hash_of(token)).select_related("user")
        session = await stored.first()
        if session is None or session.user.login != actor.login:
            raise Forbidden("Sign in again.")
        user = session.user
        if not await self._check.is_own(user.login, user.password_hash, current, actor.address):
            raise Invalid({"current": "This is not your present password."})
        check_new_password(new, repeat, login=user.login, current=current)
        hashed = await self._check.passwords.hashed(new, network_of(actor.address))
        async with write_transaction() as transaction:
            await _unchanged(transaction, user)
            await set_password(transaction, user.id, hashed)
            await audit.record(transaction, actor, "user.password-changed", user.login)
            return await self._sessions.begin(transaction, user, actor.address, session.user_agent)

    async def _begin(self, checked: User, code: str, address: str, user_agent: str) -> str | None:
        """Begin a session after the password was right; None if the second factor's code is not."""
        async with write_transaction() as transaction:
            user = await _unchanged(transaction, checked)
            if user.totp_secret:
                step = matching_step(user.totp_secret, code, self._now(), user.totp_step)
                if step is None:
                    return None
                user.totp_step = step
                await user.save(using_db=transaction, update_fields=["totp_step"])
            actor = Actor(user.login, address)
            await audit.record(transaction, actor, "user.signed-in", user.login)
            return await self._sessions.begin(transaction, user, address, user_agent)

    async def _limited(self, login: str, address: str, where: str, reason: str) -> None:
        """Write down once in a while what a flood would else write down all the time."""
        if self._check.refusals.is_news(where):
            await self._refused(login, address, reason)

    async def _refused(self, login: str, address: str, reason: str) -> None:
        async with write_transaction() as transaction:
            await self._check.refusals.record(
                transaction, "user.sign-in-refused", login, address, reason
            )


async def _unchanged(transaction: TransactionalDBClient, checked: User) -> User:
    """Return the user as they are now, locked.

    Raises Forbidden if the password that was checked is no longer theirs: whoever changes it means
    to shut out those who know the old one, also those who are about to come in.
    """
    same = User.filter(id=checked.id, password_hash=checked.password_hash)
    user = await same.using_db(transaction).select_for_update().first()
    if user is None:
        raise Forbidden(WRONG)
    return user
