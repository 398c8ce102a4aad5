"""What the bridge asks of where Asterisk keeps voicemail: the spool folder, or the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

from pbxbridge.mail.voicemail_message import VoicemailMessage

# Asterisk keeps new urgent messages (VoiceMail's option U, or the caller's choice with review=yes)
# in a folder of their own.
NEW_FOLDERS = ("INBOX", "Urgent")
# What was heard goes to Old, or where it is saved by phone (app_voicemail.c, mailbox_folders).
HEARD_FOLDER = "Old"
FOLDERS = (
    *NEW_FOLDERS,
    HEARD_FOLDER,
    *("Work", "Family", "Friends"),
    *("Cust1", "Cust2", "Cust3", "Cust4", "Cust5"),
)
# Of a recording this many bytes are read at once.
PIECE_BYTES = 256 * 1024


class Counts(NamedTuple):
    """How many messages of a mailbox nobody heard yet, and how many of all the others."""

    new: int
    old: int


class MessageMoved(Exception):
    """The message is not where it was at the look: look again."""


class MessageStore(Protocol):
    """The messages of one Asterisk, or of several that share a database.

    Whatever takes a context or a mailbox raises ValueError for a name that cannot be one's. OSError
    means that what is there cannot be read or deleted.
    """

    async def mailboxes(self, context: str) -> frozenset[str]:
        """Return the names of the mailboxes that have, or had, messages."""

    async def messages(
        self, context: str, mailbox: str, folders: Sequence[str] = NEW_FOLDERS
    ) -> tuple[VoicemailMessage, ...]:
        """Return the messages of these folders that are complete, oldest first."""

    async def counts(self, context: str, mailbox: str) -> Counts:
        """Count the messages without reading them: one that is being written may be among them."""

    def recording(self, message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
        """Yield the recording, a whole RIFF file, in pieces of at most PIECE_BYTES.

        Raises MessageMoved before the first piece, or OSError.
        """

    async def forget(self, context: str, mailbox: str) -> None:
        """Delete a mailbox's messages and greetings; if there are none, that is fine."""
