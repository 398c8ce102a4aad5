"""One message of a mailbox, whichever store it is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class VoicemailMessage:
    """A message that is complete.

    ``folder`` is Asterisk's name for where in the mailbox it is, such as INBOX. ``caller_name`` and
    ``caller_number`` are as the caller's side sent them, so anything may be in them; empty if
    unknown. ``received_at`` is when the recording began, in UTC and whole seconds; ``duration`` is
    in seconds. ``msg_id`` is Asterisk's own: it stays when the message moves to another folder, and
    a copy in another mailbox has the same one.

    ``playable`` says that the recording is 16-bit PCM, which browsers play. ``endpoint`` is the
    PJSIP endpoint that the call came from, empty where the store does not tell. ``file`` is where
    the spool keeps the recording, empty if there is none beside the description.
    """

    msg_id: str
    mailbox: str
    context: str
    folder: str
    caller_name: str
    caller_number: str
    received_at: datetime
    duration: int
    playable: bool
    endpoint: str = ""
    file: str = ""
