"""Message waiting: the message-summary body (RFC 3842)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .address import SipParseError

_COUNTS = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class MessageSummary:
    """What one NOTIFY said: whether the lamp is lit, and how many new and old messages."""

    waiting: bool
    new: int
    old: int
    account: str
    body: str

    @classmethod
    def parse(cls, body: bytes) -> MessageSummary:
        """Read an application/simple-message-summary body. Raises SipParseError."""
        text = body.decode("utf-8", "replace")
        fields: dict[str, str] = {}
        for line in text.splitlines():
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        if "messages-waiting" not in fields:
            raise SipParseError(f"not a message summary: {text[:80]!r}")
        counts = _COUNTS.match(fields.get("voice-message", ""))
        new, old = (int(counts[1]), int(counts[2])) if counts else (0, 0)
        waiting = fields["messages-waiting"].lower() == "yes"
        return cls(waiting, new, old, fields.get("message-account", ""), text)
