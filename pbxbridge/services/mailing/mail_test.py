"""Test mails: stored in the outbox and sent as every mail is, which is what they test."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime

from pbxbridge.errors import TooManyAttempts
from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.mail_test_message import mail_for_testing
from pbxbridge.mail.new_mail import new_message_id
from pbxbridge.models.database import write_transaction
from pbxbridge.models.outbox import DISCARDED, MailKind, MailState, OutgoingMail
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.mailing.outbox_list import TESTER, MailView, views
from pbxbridge.services.mailing.plain_mail import checked_recipient, plain_mail
from pbxbridge.services.sliding_window import SlidingWindow

# Anybody's address may be typed: a portal must not fill a mailbox.
PER_PERSON = 5
SECONDS = 60.0
REPLACED = "A newer test mail took its place."


class MailTest:
    """Stores test mails, and tells what became of a person's last one."""

    def __init__(
        self,
        bus: EventBus,
        *,
        sender: str,
        clock: Callable[[], datetime] = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Mail from ``sender``, a bare address.

        ``clock`` (with a zone) dates the mails, ``ticks`` (seconds) limits how many there are.
        """
        self._bus = bus
        self._sender = sender
        self._now = clock
        self._window = SlidingWindow(PER_PERSON, SECONDS, clock=ticks)

    async def send(self, actor: Actor, typed: str) -> None:
        """Have a test mail sent to an address.

        Raises Invalid for the field ``address``, TooManyAttempts.
        """
        recipient = checked_recipient(typed, "address")
        if wait := self._window.wait(actor.login):
            raise TooManyAttempts(wait)
        self._window.add(actor.login)
        mail = self._mail(actor.login, recipient)
        # One that waits for its next try would have this one wait behind it.
        older = OutgoingMail.filter(mailbox=mail.mailbox, state=MailState.WAITING)
        async with write_transaction() as transaction:
            await older.using_db(transaction).update(**DISCARDED, last_error=REPLACED)
            await mail.save(using_db=transaction)
            after = {"recipient": recipient}
            await audit.record(transaction, actor, "mail.test-sent", mail.mailbox, after=after)
        self._bus.publish(OutboxChanged())

    async def last(self, login: str) -> MailView | None:
        """Return the last test mail that a person asked for."""
        found = await views(OutgoingMail.filter(mailbox=TESTER + login), 1)
        return found[0] if found else None

    def _mail(self, login: str, recipient: str) -> OutgoingMail:
        now, name = self._now(), f"test.{secrets.token_hex(8)}"
        mail = mail_for_testing(
            login=login,
            sender=self._sender,
            recipient=recipient,
            sent_at=now,
            message_id=new_message_id(name, self._sender),
        )
        mailbox = TESTER + login
        return plain_mail(
            mail, kind=MailKind.TEST, key=name, mailbox=mailbox, recipient=recipient, now=now
        )
