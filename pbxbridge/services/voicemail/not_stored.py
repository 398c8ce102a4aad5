"""Messages that the database did not take, and that are therefore left in the spool folder.

With app_voicemail_odbc a message lies in the folder for the moment in which it is stored. If that
fails (PostgreSQL is away, the caller does not fit the column or is no UTF-8), the files stay,
Asterisk tells nobody, and the next message to the box is written over them ("Failed to store
voicemail"; seen on 22.10). No phone and no portal finds them; they are mailed all the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import structlog

from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.services.voicemail.store import NEW_FOLDERS, Counts, MessageStore

log = structlog.get_logger(__name__)


class WithNotStored(MessageStore):
    """A store, and what is left in the spool folder of an Asterisk: for the relay.

    Without a folder, or where it cannot be read, there is just the store.
    """

    def __init__(self, store: MessageStore, spool: VoicemailSpool) -> None:
        self._store = store
        self._spool = spool

    async def mailboxes(self, context: str) -> frozenset[str]:
        """Return the names of the mailboxes of both."""
        stored = await self._store.mailboxes(context)
        try:
            return stored | await self._spool.mailboxes(context)
        except OSError as why:
            log.info("voicemail.spool_unreadable", reason=str(why))
            return stored

    async def messages(
        self, context: str, mailbox: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return the messages of both, oldest first; of one that is in both, the stored one."""
        found = {}
        try:
            left = await self._spool.messages(context, mailbox, folders)
        except OSError as why:
            log.info("voicemail.spool_unreadable", mailbox=mailbox, reason=str(why))
            left = ()
        # The store is asked second: what is stored between the two looks is then found by both.
        for message in (*left, *await self._store.messages(context, mailbox, folders)):
            found[message.msg_id] = message
        return tuple(sorted(found.values(), key=lambda message: message.received_at))

    async def counts(self, context: str, mailbox: str) -> Counts:
        """Return how many messages Asterisk knows of."""
        return await self._store.counts(context, mailbox)

    def recording(self, message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
        """Yield the RIFF file of a message. Raises MessageMoved, OSError."""
        return (self._spool if message.file else self._store).recording(message)

    async def forget(self, context: str, mailbox: str) -> None:
        """Delete a mailbox in both."""
        try:
            await self._spool.forget(context, mailbox)
        except OSError as why:
            log.info("voicemail.spool_unreadable", mailbox=mailbox, reason=str(why))
        await self._store.forget(context, mailbox)
