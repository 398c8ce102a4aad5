"""Switching one's own second factor on and off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.expressions import F

from pbxbridge.errors import Conflict, Invalid
from pbxbridge.models.database import write_transaction
from pbxbridge.models.people import User
from pbxbridge.services import audit, totp
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.qr_code import qr_code
from pbxbridge.services.user_lookup import get_user

ISSUER = "pbxbridge"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is told: a secret (base32), and the same as a URI and as a QR code.

    ``svg`` is an element to put into the page as it is.
    """

    secret: str
    uri: str
    svg: str


class SecondFactor:
    """The second factor of whoever is signed in: codes of an authenticator app (RFC 6238)."""

    def __init__(self, check: PasswordCheck, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Ask for passwords through ``check``; ``clock`` must agree with the people's phones."""
        self._check = check
        self._now = clock

    async def begin(self, actor: Actor) -> Enrolment:
        """Return a new secret for the app. Nothing is on, or stored, before it is confirmed.

        Raises Conflict if the second factor is on already.
        """
        return await self._enrolment(actor, totp.new_secret())

    async def resume(self, actor: Actor, secret: str) -> Enrolment:
        """Return the same once more for a secret of ``begin`` that is not confirmed yet.

        Raises Invalid for what is no such secret, Conflict if the second factor is on already.
        """
        _check_secret(secret)
        return await self._enrolment(actor, secret)

    async def confirm(self, actor: Actor, secret: str, code: str) -> None:
        """Switch it on: the code shows that the app has the secret that ``begin`` returned.

        Raises Invalid for the field ``code``, Conflict if it is on already.
        """
        _check_secret(secret)
        step = totp.matching_step(secret, code, self._now(), after=0)
        if step is None:
            raise Invalid({"code": "This code is wrong. Is the phone's time right?"})
        async with write_transaction() as transaction:
            user = await get_user(actor.login, transaction)
            _check_off(user)
            await _store(transaction, user, secret, step)
            await audit.record(transaction, actor, "user.second-factor-on", user.login)

    async def switch_off(self, actor: Actor, password: str) -> None:
        """Switch it off; the actor's password shows that it is they who ask.

        Raises Invalid for the field ``password``, TooManyAttempts after too many wrong ones.
        """
        user = await get_user(actor.login)
        right = await self._check.is_own(user.login, user.password_hash, password, actor.address)
        if not right:
            raise Invalid({"password": "This is not your password."})
        async with write_transaction() as transaction:
            await switch_off(transaction, actor, await get_user(actor.login, transaction))

    async def _enrolment(self, actor: Actor, secret: str) -> Enrolment:
        _check_off(await get_user(actor.login))
        uri = totp.provisioning_uri(secret, actor.login, ISSUER)
        return Enrolment(secret, uri, qr_code(uri))


async def switch_off(transaction: TransactionalDBClient, actor: Actor, user: User) -> None:
    """Switch a user's second factor off, and record who did; does nothing if it is off."""
    if user.totp_secret:
        await _store(transaction, user, "", 0)
        await audit.record(transaction, actor, "user.second-factor-off", user.login)


async def _store(transaction: TransactionalDBClient, user: User, secret: str, step: int) -> None:
    await (
        User.filter(id=user.id)
        .using_db(transaction)
        .update(totp_secret=secret, totp_step=step, version=F("version") + 1)
    )


def _check_off(user: User) -> None:
    if user.totp_secret:
        raise Conflict("The second factor is on already. Switch it off first.")


def _check_secret(secret: str) -> None:
    if not totp.SECRET.fullmatch(secret):
        raise Invalid({"": "This page is out of date. Begin again."})
