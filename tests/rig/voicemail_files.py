"""Leaves messages in a spool folder the way app_voicemail does (what the real one does is proved
in tests/asterisk/test_voicemail_on_asterisk.py)."""

from __future__ import annotations

import io
import struct
import wave
from datetime import UTC, datetime
from pathlib import Path


def wav(seconds: float = 1.0) -> bytes:
    """Return a 16-bit, 8 kHz recording, no two lengths alike."""
    frames = int(seconds * 8000)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(
            struct.pack(f"<{frames}h", *((n * 37) % 20000 - 10000 for n in range(frames)))
        )
    return buffer.getvalue()


def description(
    msg_id: str,
    *,
    callerid: str = '"Alice" <1001>',
    received_at: datetime,
    duration: int = 12,
    mailbox: str = "1002",
) -> str:
    """Return the text beside a recording, with the lines that Asterisk 22 writes."""
    return (
        ";\n; Message Information file\n;\n[message]\n"
        f"origmailbox={mailbox}\ncontext=internal\nexten=s\nrdnis=unknown\npriority=9\n"
        f"callerchan=PJSIP/1001-00000001\ncallerid={callerid}\n"
        f"origdate={received_at:%a %b %d %I:%M:%S %p UTC %Y}\n"
        f"origtime={int(received_at.timestamp())}\ncategory=\nmsg_id={msg_id}\n"
        f"flag=\nduration={duration}\n"
    )


def leave_message(
    spool: Path,
    msg_id: str,
    *,
    mailbox: str = "1002",
    folder: str = "INBOX",
    number: int | None = None,
    callerid: str = '"Alice" <1001>',
    received_at: datetime | None = None,
    recording: bytes | None = None,
) -> Path:
    """Put a message into a mailbox, the recording first; return the description's path."""
    home = spool / "default" / mailbox / folder
    home.mkdir(parents=True, exist_ok=True)
    if number is None:
        number = len(list(home.glob("msg*.txt")))
    path = home / f"msg{number:04}.txt"
    path.with_suffix(".wav").write_bytes(wav() if recording is None else recording)
    text = description(
        msg_id, callerid=callerid, received_at=received_at or datetime.now(UTC), mailbox=mailbox
    )
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)
    return path
