"""Turns new voicemail messages into stored mails, once each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from functools import partial

import structlog

from pbxbridge.events import (
    EventBus,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
    Subscription,
)
from pbxbridge.mail.voicemail_message import (
    VoicemailMessage,
    voicemail_email,
    voicemail_message_id,
)
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.column import fits
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.transfer.lookup import batches
from pbxbridge.services.voicemail_spool import VoicemailSpool

# A message's origtime is cut to whole seconds, and with the spool on another machine it is told by
# another clock. Two seconds are less than it takes to call, hear a greeting and speak.
CLOCK_TOLERANCE = timedelta(seconds=2)

# Mailboxes that are looked up at once.
AT_ONCE = 1000

log = structlog.get_logger(__name__)


@contextmanager
def _whatever_breaks(**where: str) -> Iterator[None]:
    """Go on after a fault of ours: it must neither keep the others waiting nor end the bridge."""
    try:
        yield
    except Exception:
        log.exception("voicemail.broke", **where)


class VoicemailRelay:
    """Watches the mailboxes of extensions that have an e-mail address.

    AMI's MessageWaiting names the mailbox that changed. All are looked at after a start, after
    the AMI link came up (events of the time before are lost), after this subscriber fell behind,
    and every ``sweep_seconds``.
    """

    def __init__(
        self,
        bus: EventBus,
        spool: VoicemailSpool,
        *,
        sender: str,
        sweep_seconds: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Send from ``sender``, a bare address; tell the time by ``clock``, with a zone."""
        self._bus = bus
        self._spool = spool
        self._sender = sender
        self._sweep_seconds = sweep_seconds
        self._clock = clock

    async def run(self) -> None:
        """Relay what is there, then what comes; for ever."""
        with self._bus.subscribe() as events:
            while True:
                with _whatever_breaks():
                    await self.sweep()
                await self._relay_until_sweep(events)

    async def sweep(self) -> None:
        """Relay the new messages of all mailboxes."""
        try:
            present = await self._spool.mailboxes(MAILBOX_CONTEXT)
        except OSError as why:
            log.warning("voicemail.spool_unreadable", reason=str(why))
            return
        for some in batches(sorted(present), AT_ONCE):
            for extension in await until_stored(partial(_with_mail, some)):
                with _whatever_breaks(mailbox=extension.number):
                    await self._relay(extension)

    async def relay(self, mailbox: str) -> None:
        """Relay the new messages of one mailbox of the context ``default``."""
        for extension in await until_stored(partial(_with_mail, [mailbox])):
            await self._relay(extension)

    async def settled(self, mailbox: str, msg_id: str) -> bool:
        """Relay a mailbox now, and tell whether one of its new messages needs nothing more.

        It does not if it is stored, or is not to be mailed. False if it could not be read just now.
        """
        mailed = await until_stored(partial(_with_mail, [mailbox]))
        return all([msg_id in await self._relay(extension) for extension in mailed])

    async def _relay_until_sweep(self, events: Subscription) -> None:
        deadline = asyncio.get_running_loop().time() + self._sweep_seconds
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await events.get()
            except TimeoutError:
                return
            match event:
                case MailboxChanged() if event.context == MAILBOX_CONTEXT:
                    with _whatever_breaks(mailbox=event.mailbox):
                        await self.relay(event.mailbox)
                case LinkChanged(up=True) | Overflowed():
                    return

    async def _relay(self, extension: Extension) -> frozenset[str]:
        """Store what is new; return the msg_ids of the new messages that need nothing more."""
        number, since = extension.number, extension.mail_since
        try:
            messages = await self._spool.messages(MAILBOX_CONTEXT, number)
        except OSError as why:
            log.warning("voicemail.mailbox_unreadable", mailbox=number, reason=str(why))
            return frozenset()
        if since is None:
            return frozenset(message.msg_id for message in messages)
        wanted = [each for each in messages if each.received_at >= since - CLOCK_TOLERANCE]
        stored = await until_stored(lambda: _stored_keys(wanted))
        owing = set()
        for message in wanted:
            if dedupe_key(message) in stored:
                continue
            owing.add(message.msg_id)
            with _whatever_breaks(mailbox=number, msg_id=message.msg_id):
                if await self._store(message, extension.voicemail_email):
                    owing.remove(message.msg_id)
        return frozenset(message.msg_id for message in messages) - owing

    async def _store(self, message: VoicemailMessage, recipient: str) -> bool:
        """Store the mail of a message; False if its recording could not be read just now."""
        recording = await self._spool.recording(message)
        if recording is None:
            return False
        try:
            # In a thread: the base64 of a long recording takes a noticeable time.
            content = await asyncio.to_thread(
                _mime, message, recording, sender=self._sender, recipient=recipient
            )
        except (MessageError, ValueError) as why:
            log.warning("voicemail.not_mailable", mailbox=message.mailbox, reason=str(why))
            return True
        mail = OutgoingMail(
            dedupe_key=dedupe_key(message),
            mailbox=message.mailbox,
            recipient=recipient,
            message_id=voicemail_message_id(message, self._sender),
            message=content,
            next_attempt_at=self._clock(),
        )
        # Who finds the message a second time, even at this moment, inserts nothing.
        await until_stored(lambda: OutgoingMail.bulk_create([mail], ignore_conflicts=True))
        log.info("voicemail.stored", mailbox=message.mailbox, msg_id=message.msg_id)
        self._bus.publish(OutboxChanged())
        return True


def dedupe_key(message: VoicemailMessage) -> str:
    """Return what makes a message one, wherever it is found.

    msg_id alone does not: a message left for several mailboxes, or forwarded, has the same one in
    each of them.
    """
    return f"voicemail:{message.mailbox}@{message.context}:{message.msg_id}"


def _mime(message: VoicemailMessage, recording: bytes, *, sender: str, recipient: str) -> bytes:
    return voicemail_email(message, recording, sender=sender, recipient=recipient).as_bytes()


async def _with_mail(mailboxes: Iterable[str]) -> list[Extension]:
    """Return the extensions that have one of these mailboxes, and their voicemail mailed."""
    numbers = [mailbox for mailbox in mailboxes if fits(Extension, "number", mailbox)]
    found = Extension.filter(number__in=numbers, voicemail=True, mail_since__not_isnull=True)
    return await found.exclude(voicemail_email="")


async def _stored_keys(messages: Sequence[VoicemailMessage]) -> set[str]:
    keys = [dedupe_key(message) for message in messages]
    found = await OutgoingMail.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True)
    return {str(key) for key in found}
