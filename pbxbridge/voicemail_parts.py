"""Voicemail and the mail outbox, wired by hand: a part of the composition root (service.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import closing, suppress

from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.mail.voicemail_mail import VoicemailMails
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.voicemail.after_sending import AfterSending
from pbxbridge.services.voicemail.database import DatabaseStore
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.services.voicemail.mail_storing import MailStoring
from pbxbridge.services.voicemail.not_stored import WithNotStored
from pbxbridge.services.voicemail.relay import VoicemailRelay
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.services.voicemail.store import MessageStore
from pbxbridge.settings import Settings, VoicemailSettings


class VoicemailParts:
    """What the rest of the bridge needs of it.

    ``messages`` are those that Asterisk knows of, ``mailed`` these and what it could not store.
    """

    def __init__(self, settings: Settings, bus: EventBus, link: Link) -> None:
        """``link`` leads to the Asterisk that deletes and moves messages."""
        self.messages = _message_store(settings.voicemail)
        self.mailed = _mailed_messages(settings.voicemail, self.messages)
        self.relay = VoicemailRelay(
            bus,
            self.mailed,
            MailStoring(
                bus, self.mailed, _voicemail_mails(settings), reply_to=settings.smtp.reply_to
            ),
            sweep_seconds=settings.voicemail.sweep_seconds,
        )
        self.inbox = VoicemailInbox(self.messages, MailboxActions(link), self.relay.settled)
        self.sender = SmtpSender(settings.smtp)
        self._outbox = MailOutbox(bus, self.sender.send, concurrency=settings.smtp.connections)
        self._after_sending = AfterSending(bus, self.inbox)

    async def unheard(self, numbers: Iterable[str]) -> dict[str, int]:
        """Return how many new messages these mailboxes have; who cannot be counted is left out."""
        found = {}
        for number in numbers:
            with suppress(AsteriskUnavailable):
                found[number] = await self.inbox.new_messages(number)
        return found

    async def send_mails(self) -> None:
        """Send what is stored, and do with the messages what is wanted then; for ever."""
        with closing(self.sender):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._outbox.run(), name="mail-outbox")
                tasks.create_task(self._after_sending.run(), name="after-sending")


def _message_store(settings: VoicemailSettings) -> MessageStore:
    return DatabaseStore() if settings.store == "database" else VoicemailSpool(settings.spool)


def _mailed_messages(settings: VoicemailSettings, known: MessageStore) -> MessageStore:
    if settings.store == "database":
        return WithNotStored(known, VoicemailSpool(settings.spool))
    return known


def _voicemail_mails(settings: Settings) -> VoicemailMails:
    said = settings.voicemail
    return VoicemailMails(
        sender=settings.smtp.sender,
        language=said.language,
        time_zone=said.time_zone,
        public_url=settings.web.public_url,
        templates=said.templates,
    )
