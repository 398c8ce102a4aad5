"""Puts the mail of one voicemail message into the outbox, its recording first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from email.errors import MessageError
from enum import IntEnum
from functools import partial
from hashlib import sha256

import structlog
from tortoise.exceptions import OperationalError
from tortoise.expressions import Q

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.attachment import Audio, attachment_of
from pbxbridge.mail.mail_content import base64_length
from pbxbridge.mail.voicemail_mail import Delivery, VoicemailMails, voicemail_message_id
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.models.database import write_transaction
from pbxbridge.models.extension import AfterSending, Extension, VoicemailAudio
from pbxbridge.models.outbox import ERROR_LENGTH, MailKind, MailState, OutgoingMail
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import is_disk_full, until_stored
from pbxbridge.services.mailing.recordings import drop_recording, keep_recording
from pbxbridge.services.voicemail.addresses import addresses_of
from pbxbridge.services.voicemail.store import MessageStore

# What of a held mail changes when it is completed, or held for another reason.
_COMPLETED = (
    *("message_id", "state", "last_error", "next_attempt_at", "after_sending"),
    *("size", "recording", "message", "ending"),
)
# Mails that have no content yet: held, or given up because the message seemed to be gone.
_INCOMPLETE = Q(state=MailState.HELD) | Q(state=MailState.DEAD, size=0)

log = structlog.get_logger(__name__)


class Mailed(IntEnum):
    """How far the mails of a message are; of several, the least one counts."""

    HELD = 0
    """What keeps it from being stored is waited for."""
    GIVEN_UP = 1
    """It is not; should the message be found all the same, its mail is stored."""
    WHOLE = 2
    """Nothing more is to be stored, whatever became of the mail then."""

    @classmethod
    def of(cls, state: MailState, size: int) -> Mailed:
        """Tell it by the columns of a mail, as _INCOMPLETE does."""
        if state is MailState.HELD:
            return cls.HELD
        return cls.GIVEN_UP if state is MailState.DEAD and size == 0 else cls.WHOLE


class NotStorable(Exception):
    """The mail cannot be stored now, mostly since the recording cannot be read: says why."""


class MailStoring:
    """Makes outbox rows of messages: one for each address of the box."""

    def __init__(
        self,
        bus: EventBus,
        store: MessageStore,
        mails: VoicemailMails,
        *,
        reply_to: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``reply_to`` is who gets answers where the caller has no address of their own."""
        self._bus = bus
        self._store = store
        self._mails = mails
        self._reply_to = reply_to
        self._clock = clock

    async def store(self, message: VoicemailMessage, extension: Extension) -> None:
        """Store the mails of a message, or complete those that were held.

        Who finds the message a second time, even at this moment, stores nothing. Raises
        MessageMoved, and NotStorable if the recording cannot be read, there is no space for it, or
        there can be no such mail; then nothing was stored.
        """
        recording, size, audio = "", 0, None
        if extension.voicemail_audio is not VoicemailAudio.LINK:
            audio, recording, size = await self._keep(message, extension.voicemail_audio)
        delivery = Delivery(
            recipients=addresses_of(extension.voicemail_email),
            audio=audio,
            language=extension.voicemail_language,
            time_zone=extension.voicemail_time_zone,
            reply_to=await self._answers_to(message),
            mailbox_name=extension.caller_id_name,
        )
        try:
            content = self._mails.content(message, delivery)
        except (MessageError, ValueError) as why:
            await drop_recording(recording)
            raise NotStorable(f"The mail cannot be built: {why}") from why
        row = self._row(message, extension, MailState.WAITING)
        row.recording, row.message, row.ending = recording, content.beginning, content.ending
        row.size = len(content.beginning) + base64_length(size) + len(content.ending)
        await until_stored(partial(self._insert, row, delivery.recipients))
        log.info("voicemail.stored", mailbox=message.mailbox, msg_id=message.msg_id)
        self._bus.publish(OutboxChanged())

    async def hold(self, message: VoicemailMessage, extension: Extension, reason: str) -> None:
        """Have the outbox say why the mails of a message are not complete."""
        row = self._row(message, extension, MailState.HELD)
        row.last_error = reason[:ERROR_LENGTH]
        known = OutgoingMail.filter(mailbox=row.mailbox, msg_id=row.msg_id, state=MailState.HELD)
        if await until_stored(known.filter(last_error=row.last_error).exists):
            return
        await until_stored(partial(self._insert, row, addresses_of(extension.voicemail_email)))
        log.error("voicemail.held", mailbox=message.mailbox, msg_id=message.msg_id, reason=reason)
        self._bus.publish(OutboxChanged())

    async def give_up(self, mailbox: str, msg_id: str, reason: str) -> None:
        """Have the outbox say why the recording of a held mail is not waited for any more.

        If the message is found all the same, ``store`` completes the mail.
        """
        held = OutgoingMail.filter(mailbox=mailbox, msg_id=msg_id, state=MailState.HELD)
        await until_stored(lambda: held.update(state=MailState.DEAD, last_error=reason))
        log.error("voicemail.given_up", mailbox=mailbox, msg_id=msg_id, reason=reason)
        self._bus.publish(OutboxChanged())

    async def _keep(
        self, message: VoicemailMessage, wanted: VoicemailAudio
    ) -> tuple[Audio, str, int]:
        """Store the recording; return what it is then, its name and its length."""
        try:
            attachment = await attachment_of(
                self._store.recording(message), "mp3" if wanted is VoicemailAudio.MP3 else "wav"
            )
            name, size = await keep_recording(attachment.pieces)
        except OSError as why:
            raise NotStorable(f"The recording cannot be read: {why.strerror or why}") from why
        except OperationalError as why:
            if is_disk_full(why):
                raise NotStorable("The database has no space left for the recording.") from why
            raise
        return attachment.audio, name, size

    def _row(
        self, message: VoicemailMessage, extension: Extension, state: MailState
    ) -> OutgoingMail:
        return OutgoingMail(
            kind=MailKind.VOICEMAIL,
            mailbox=message.mailbox,
            msg_id=message.msg_id,
            message_id=voicemail_message_id(message, self._mails.sender),
            after_sending=extension.voicemail_after_sending,
            state=state,
            next_attempt_at=self._clock(),
            dedupe_key=dedupe_key(message),
            message=b"",
        )

    async def _insert(self, like: OutgoingMail, recipients: Collection[str]) -> None:
        """Store a mail for each recipient like this one, or complete the one that was held."""
        mails = [_copy(like, recipient) for recipient in recipients]
        all_of_it = OutgoingMail.filter(mailbox=like.mailbox, msg_id=like.msg_id)
        async with write_transaction() as transaction:
            dropped = all_of_it.filter(state=MailState.DROPPED).using_db(transaction)
            if await dropped.exists():
                # Somebody did not get it who was to: the message stays as it is.
                for mail in mails:
                    mail.after_sending = AfterSending.KEEP
            known = all_of_it.filter(_INCOMPLETE).using_db(transaction)
            for mail in mails:
                columns = {name: getattr(mail, name) for name in _COMPLETED}
                await known.filter(recipient=mail.recipient).update(**columns)
            # The box has not these addresses any more.
            await known.exclude(recipient__in=list(recipients)).delete()
            await OutgoingMail.bulk_create(mails, ignore_conflicts=True, using_db=transaction)
        if like.recording:
            # Another bridge had the mails already, with a recording of its own.
            await drop_recording(like.recording)

    async def _answers_to(self, message: VoicemailMessage) -> str:
        """Return who gets an answer: the caller, if it was the phone of somebody with an address.

        The channel tells whose phone it was; a caller ID may say anything.
        """
        if not message.endpoint or message.endpoint != message.caller_number:
            return self._reply_to
        caller = await until_stored(lambda: Extension.get_or_none(number=message.endpoint))
        addresses = addresses_of(caller.voicemail_email) if caller else ()
        return addresses[0] if addresses else self._reply_to


def dedupe_key(message: VoicemailMessage) -> str:
    """Return what makes a message one, wherever it is found.

    msg_id alone does not: a message left for several mailboxes, or forwarded, has the same one in
    each of them.
    """
    return f"voicemail:{message.mailbox}@{message.context}:{message.msg_id}"


async def mailed_messages(mailbox: str, msg_ids: Collection[str]) -> dict[str, Mailed]:
    """Return how far the mails are of those of these messages that the outbox has.

    With them are all messages of the mailbox whose mails are not whole.
    """
    rows = OutgoingMail.filter(Q(msg_id__in=list(msg_ids)) | _INCOMPLETE, mailbox=mailbox)
    found: dict[str, Mailed] = {}
    for msg_id, state, size in await rows.order_by("id").values_list("msg_id", "state", "size"):
        mailed = Mailed.of(MailState(state), size)
        found[msg_id] = min(mailed, found.get(msg_id, mailed))
    return found


def _copy(like: OutgoingMail, recipient: str) -> OutgoingMail:
    """Return the mail to one of the recipients: one message is mailed once to each."""
    mail = like.clone(pk=None)
    mail.recipient = recipient
    mail.dedupe_key = f"{like.dedupe_key}:{sha256(recipient.encode()).hexdigest()[:16]}"
    return mail
