"""A mailbox as callers and Asterisk fill it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbxbridge.events import EventBus, MailboxChanged
from tests.rig.voicemail_files import leave_message, wav

MINE = "1001"
SECONDS = 20


class Mailbox:
    """That of 1001."""

    def __init__(self, bus: EventBus, spool: Path) -> None:
        self._bus = bus
        self._spool = spool

    def receive(self, msg_id: str, caller: str = "Grace", *, minutes_ago: int = 0) -> None:
        """Leave a message, and tell of it as MessageWaiting does."""
        leave_message(
            self._spool,
            msg_id,
            mailbox=MINE,
            callerid=f'"{caller}" <1002>',
            received_at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
            recording=wav(SECONDS),
        )
        self.changed()

    def lose(self, msg_id: str) -> None:
        """Delete a new message as a phone does, and tell of it."""
        for description in (self._spool / "default" / MINE / "INBOX").glob("*.txt"):
            if f"msg_id={msg_id}\n" in description.read_text(encoding="utf-8"):
                description.unlink()
                description.with_suffix(".wav").unlink()
        self.changed()

    def changed(self) -> None:
        """Say what Asterisk says after each change."""
        self._bus.publish(MailboxChanged(MINE, "default"))
