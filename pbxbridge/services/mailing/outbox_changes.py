"""What administrators do with mails of the outbox, which may be about to be sent at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.queryset import QuerySet

from pbxbridge.errors import Conflict, NotFound
from pbxbridge.events import EventBus, MailboxChanged, OutboxChanged
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import AfterSending
from pbxbridge.models.outbox import (
    OPEN_STATES,
    MailKind,
    MailState,
    OutgoingMail,
)
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.clock import utc_now
from pbxbridge.services.mailing.discarding import discarded
from pbxbridge.services.mailing.outbox_list import MailView, of_mailbox, views
from pbxbridge.services.mailing.recordings import drop_recording

ALL = "all"

# Why nothing was done: what the mail is now.
_IS_NOW = {
    MailState.HELD: "This mail is held: its recording could not be read.",
    MailState.WAITING: "This mail is already waiting to be sent.",
    MailState.SENT: "This mail was sent meanwhile.",
    MailState.DEAD: "This mail was given up.",
    MailState.DROPPED: "This mail was discarded meanwhile.",
}
_GONE = "This mail is not in the outbox any more."


class OutboxChanges:
    """Each change is made only while the mail is in the state that it is for.

    All raise NotFound, and Conflict with a sentence that tells what the mail is now.
    """

    def __init__(self, bus: EventBus, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Tell the time by ``clock`` (with a zone)."""
        self._bus = bus
        self._clock = clock

    async def get(self, mail_id: int) -> MailView:
        """Return one mail."""
        found = await views(OutgoingMail.filter(id=mail_id), 1)
        if not found:
            raise NotFound(_GONE)
        return found[0]

    async def send_again(self, actor: Actor, mail_id: int) -> None:
        """Have a mail that was given up tried as if it were new, for days again."""
        await self._change(actor, mail_id, "mail.sent-again", _given_up(), self._as_new())

    async def send_all_again(self, actor: Actor, mailbox: str = "") -> int:
        """Do so with all that were given up, or those of a box or user; return how many."""
        async with write_transaction() as transaction:
            rows = _given_up(mailbox).using_db(transaction)
            if count := await rows.update(**self._as_new()):
                action, after = "mail.all-sent-again", {"mails": count}
                await audit.record(transaction, actor, action, mailbox or ALL, after=after)
        self._bus.publish(OutboxChanged())
        return count

    async def given_up(self, mailbox: str = "") -> int:
        """Return how many mails ``send_all_again`` would send."""
        return await _given_up(mailbox).count()

    async def send_now(self, actor: Actor, mail_id: int) -> None:
        """Have a mail that failed tried at once instead of later."""
        waiting = OutgoingMail.filter(state=MailState.WAITING)
        columns = {"next_attempt_at": self._clock()}
        await self._change(actor, mail_id, "mail.sent-now", waiting, columns)

    async def read_again(self, actor: Actor, mail_id: int) -> None:
        """Have the recording of a held mail read again now."""
        held = OutgoingMail.filter(state=MailState.HELD)
        columns = {"next_attempt_at": self._clock()}  # just to know that it still is held
        mail = await self._change(actor, mail_id, "mail.read-again", held, columns)
        self._bus.publish(MailboxChanged(mail.mailbox, MAILBOX_CONTEXT))

    async def discard(self, actor: Actor, mail_id: int) -> None:
        """Delete what a mail says, its recording too, so that it is never sent.

        The row stays: without it the relay would find the message, and mail it anew. The message
        itself stays in its box, whatever was to be done with it once it was mailed.
        """
        unsent = OutgoingMail.filter(state__in=OPEN_STATES)
        async with write_transaction() as transaction:
            mail = await _stored(transaction, mail_id)
            columns = discarded(f"Discarded by {actor.login}.", mail.last_error)
            await _update(transaction, mail, unsent, columns)
            if mail.msg_id:
                copies = OutgoingMail.filter(mailbox=mail.mailbox, msg_id=mail.msg_id)
                await copies.using_db(transaction).update(after_sending=AfterSending.KEEP)
            await _record(transaction, actor, "mail.discarded", mail)
        if mail.recording:
            await drop_recording(mail.recording)
        self._bus.publish(OutboxChanged())

    async def _change(
        self,
        actor: Actor,
        mail_id: int,
        action: str,
        rows: QuerySet[OutgoingMail],
        columns: dict[str, Any],
    ) -> OutgoingMail:
        """Change a mail that is one of ``rows``; return what it was."""
        async with write_transaction() as transaction:
            mail = await _stored(transaction, mail_id)
            await _update(transaction, mail, rows, columns)
            await _record(transaction, actor, action, mail)
        self._bus.publish(OutboxChanged())
        return mail

    def _as_new(self) -> dict[str, Any]:
        now = self._clock()
        waits = {"state": MailState.WAITING, "attempts": 0, "last_error": ""}
        return waits | {"next_attempt_at": now, "resent_at": now}


def _given_up(mailbox: str = "") -> QuerySet[OutgoingMail]:
    """Return the mails that were given up with their content.

    A code for a new password is no good any more by then (MailView.can_be_resent).
    """
    dead = OutgoingMail.filter(state=MailState.DEAD, size__gt=0)
    dead = dead.exclude(kind=MailKind.PASSWORD_RESET)
    return of_mailbox(dead, mailbox) if mailbox else dead


async def _stored(transaction: TransactionalDBClient, mail_id: int) -> OutgoingMail:
    mail = await OutgoingMail.get_or_none(id=mail_id, using_db=transaction)
    if mail is None:
        raise NotFound(_GONE)
    return mail


async def _update(
    transaction: TransactionalDBClient,
    mail: OutgoingMail,
    rows: QuerySet[OutgoingMail],
    columns: dict[str, Any],
) -> None:
    """Change a mail if it still is one of ``rows``; the outbox may just have sent it."""
    one = rows.filter(id=mail.id).using_db(transaction)
    if not await one.update(**columns):
        await mail.refresh_from_db(using_db=transaction)
        raise Conflict(_IS_NOW[mail.state])


async def _record(
    transaction: TransactionalDBClient, actor: Actor, action: str, mail: OutgoingMail
) -> None:
    after = {"recipient": mail.recipient}
    await audit.record(transaction, actor, action, mail.mailbox, after=after)
