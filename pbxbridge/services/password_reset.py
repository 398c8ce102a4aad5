"""A new password for who forgot theirs: a one-time code by e-mail."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Invalid, TooManyAttempts
from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.new_mail import new_message_id
from pbxbridge.mail.password_reset_message import password_reset_email
from pbxbridge.models.database import write_transaction
from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.models.people import PasswordReset as StoredReset
from pbxbridge.models.people import User
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.login_name import normalised_login
from pbxbridge.services.mailing.outbox_list import USER
from pbxbridge.services.mailing.plain_mail import plain_mail
from pbxbridge.services.new_password import set_password
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.passwords import Overloaded, check_new_password
from pbxbridge.services.reset_code import hash_of_code, is_code, new_code
from pbxbridge.services.sign_in_limit import SignInLimit, network_of
from pbxbridge.services.sliding_window import SlidingWindow
from pbxbridge.services.user_lookup import find_user

VALID = timedelta(minutes=30)
ATTEMPTS = 5
HOUR = 3600.0
ASKED_PER_NETWORK = 20
# The first keeps a stranger elsewhere from using up what a person may ask for themself, the second
# from filling their mailbox.
ASKED_PER_ACCOUNT_AND_NETWORK = 3
ASKED_PER_ACCOUNT = 10
QUEUE = 100
ASKED = "user.password-reset-asked"
WRONG = "This code is wrong, or no longer good."

log = structlog.get_logger(__name__)


class PasswordReset:
    """Mails codes, and takes them.

    What a stranger asks is answered at once, and worked off by ``run``: neither the answer nor the
    time that it takes tells whether there is such a user.
    """

    def __init__(
        self,
        bus: EventBus,
        check: PasswordCheck,
        *,
        sender: str,
        clock: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Mail from ``sender``, a bare address.

        ``clock`` (with a zone) tells how long codes are good, ``ticks`` (seconds) counts tries.
        """
        self._bus = bus
        self._check = check
        self._sender = sender
        self._now = clock
        self._asked: asyncio.Queue[tuple[str, str]] = asyncio.Queue(QUEUE)
        self._networks = SlidingWindow(ASKED_PER_NETWORK, HOUR, clock=ticks)
        self._pairs = SlidingWindow(ASKED_PER_ACCOUNT_AND_NETWORK, HOUR, clock=ticks)
        self._accounts = SlidingWindow(ASKED_PER_ACCOUNT, HOUR, clock=ticks)
        # Apart from the sign-ins': who has just used those up is the one who needs a new password.
        self._wrong_codes = SignInLimit(clock=ticks)

    async def ask(self, login: str, address: str) -> None:
        """Have a code mailed to a user, if there is one and they have an e-mail address.

        Raises TooManyAttempts, for a login name that nobody has too.
        """
        name, network = normalised_login(login), network_of(address)
        counts: list[tuple[SlidingWindow, object]] = [
            (self._networks, network),
            (self._pairs, (name, network)),
            (self._accounts, name),
        ]
        if wait := max(window.wait(key) for window, key in counts):
            raise TooManyAttempts(wait)
        if self._asked.full():
            raise TooManyAttempts(1)
        for window, key in counts:
            window.add(key)
        self._asked.put_nowait((name, address))

    async def run(self) -> None:
        """Work off what was asked; for ever."""
        while True:
            login, address = await self._asked.get()
            try:
                await until_stored(partial(self._answer, login, address))
            except Exception:
                # A fault of ours with one person must not keep the others waiting.
                log.exception("password_reset.broke", login=login)

    async def complete(self, login: str, code: str, new: str, repeat: str, address: str) -> None:
        """Set a new password and end all sessions; the second factor stays as it is.

        Raises Invalid for the field ``code``, ``new`` or ``repeat``; TooManyAttempts. A login name
        that nobody has gets the same answers.
        """
        name = normalised_login(login)
        check_new_password(new, repeat, login=name)
        self._wrong_codes.begin(name, address)
        try:
            hashed = await self._check.passwords.hashed(new, network_of(address))
        except Overloaded:
            self._wrong_codes.take_back(name, address)
            raise
        async with write_transaction() as transaction:
            user = await find_user(name, transaction)
            right = user is not None and await self._takes(transaction, user, code)
            if user is not None and right:
                await set_password(transaction, user.id, hashed, is_reset=True)
                actor = Actor(user.login, address)
                await audit.record(transaction, actor, "user.password-reset-completed", user.login)
            else:
                await self._check.refusals.record(
                    transaction, "user.password-reset-refused", name, address, "code"
                )
        if not right:
            raise Invalid({"code": WRONG})
        self._wrong_codes.succeeded(name, address)
        self._check.limit.succeeded(name, address)

    async def _answer(self, login: str, address: str) -> None:
        async with write_transaction() as transaction:
            user = await find_user(login, transaction)
            if user is None or not user.email:
                # Written down too, not least because then this takes as long as a mail does.
                reason = "no such user" if user is None else "no e-mail address"
                await self._check.refusals.record(transaction, ASKED, login, address, reason)
                return
            code = new_code()
            await StoredReset.filter(user_id=user.id).using_db(transaction).delete()
            await StoredReset.create(
                using_db=transaction,
                user_id=user.id,
                code_hash=hash_of_code(code),
                expires_at=self._now() + VALID,
            )
            await self._store_mail(transaction, user, code)
            await audit.record(transaction, Actor("", address), ASKED, user.login)
        self._bus.publish(OutboxChanged())

    async def _store_mail(self, transaction: TransactionalDBClient, user: User, code: str) -> None:
        now, name = self._now(), f"password-reset.{user.id}.{secrets.token_hex(8)}"
        # A mail that still waits holds a code that is no longer good.
        stale = OutgoingMail.filter(
            state=MailState.WAITING, dedupe_key__startswith=f"password-reset.{user.id}."
        )
        await stale.using_db(transaction).delete()
        mail = password_reset_email(
            login=user.login,
            code=code,
            minutes=VALID // timedelta(minutes=1),
            sender=self._sender,
            recipient=user.email,
            sent_at=now,
            message_id=new_message_id(name, self._sender),
        )
        row = plain_mail(
            mail,
            kind=MailKind.PASSWORD_RESET,
            key=name,
            mailbox=USER + user.login,
            recipient=user.email,
            now=now,
        )
        await row.save(using_db=transaction)

    async def _takes(self, transaction: TransactionalDBClient, user: User, code: str) -> bool:
        """Return whether this is the user's code, and count it as a wrong one if it is not."""
        stored = StoredReset.filter(user_id=user.id).using_db(transaction)
        reset = await stored.first()
        if reset is None or reset.attempts >= ATTEMPTS or reset.expires_at <= self._now():
            return False
        if is_code(reset.code_hash, code):
            return True
        await stored.update(attempts=reset.attempts + 1)
        return False
