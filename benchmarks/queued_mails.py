"""Voicemail in the outbox, as the relay stores it: for measuring how it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime

from pbxbridge.events import EventBus
from pbxbridge.mail.voicemail_mail import VoicemailMails
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.models.extension import Extension
from pbxbridge.services.voicemail.mail_storing import MailStoring
from pbxbridge.services.voicemail.store import NEW_FOLDERS, PIECE_BYTES, Counts
from tests.rig.voicemail_files import wav

SENDER = "voicemail@pbx.example.org"
_PATTERN = wav(4.1)


class Recordings:
    """A message store with one kind of recording, made while it is read: nothing holds it."""

    def __init__(self, size: int) -> None:
        self._size = size

    async def mailboxes(self, _context: str) -> frozenset[str]:
        """Return none: nobody looks."""
        return frozenset()

    async def messages(
        self, _context: str, _mailbox: str, _folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return none: nobody looks."""
        return ()

    async def counts(self, _context: str, _mailbox: str) -> Counts:
        """Return none: nobody looks."""
        return Counts(0, 0)

    async def recording(self, _message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
        """Yield a recording of that size."""
        left = self._size
        while left:
            piece = (_PATTERN * (PIECE_BYTES // len(_PATTERN) + 1))[: min(left, PIECE_BYTES)]
            yield piece
            left -= len(piece)

    async def forget(self, _context: str, _mailbox: str) -> None:
        """Do nothing."""


async def queue_mails(count: int, *, size: int, mailboxes: int, first: int = 0) -> None:
    """Store ``count`` messages with recordings of ``size`` bytes, in turns for these mailboxes."""
    mails = VoicemailMails(sender=SENDER, public_url="https://pbx.example.org")
    storing = MailStoring(EventBus(), Recordings(size), mails)
    for number in range(first, first + count):
        mailbox = str(2000 + number % mailboxes)
        message = VoicemailMessage(
            mailbox=mailbox,
            context="default",
            folder="INBOX",
            msg_id=f"1700000000-{number:08}",
            caller_name="Alice Example",
            caller_number="1001",
            received_at=datetime.now(UTC),
            duration=size // 16_000,
            playable=True,
        )
        await storing.store(
            message,
            Extension(
                number=mailbox, caller_id_name="Bob", voicemail_email=f"{mailbox}@example.org"
            ),
        )
