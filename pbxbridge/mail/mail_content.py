"""What is handed to the mail server: a recording, the bytes before it, and those after it."""

from __future__ import annotations

import binascii
import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass

# Of a recording so many bytes are one line of base64 (RFC 2045, 6.8: at most 76 characters).
LINE_BYTES = 57
_LINE_CHARACTERS = 76
_LINE_END = b"\r\n"
_LINE_LENGTH = _LINE_CHARACTERS + len(_LINE_END)


@dataclass(frozen=True, slots=True)
class MailContent:
    """A MIME message, with CRLF line ends; ``ending`` is empty if it holds no recording."""

    beginning: bytes
    ending: bytes = b""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail on its way to one recipient, with a recording that is read while it is sent.

    ``recording`` yields it as it is, not encoded, in pieces of whole lines (a multiple of
    LINE_BYTES) but the last; it is read to the end, or closed, by who sends. ``size`` is the length
    of the whole mail in bytes, with the recording as base64.
    """

    recipient: str
    content: MailContent
    recording: AsyncGenerator[bytes, None]
    size: int


def base64_lines(content: bytes) -> bytes:
    """Return the lines of base64 of a piece of whole lines, or of the last piece."""
    encoded = memoryview(binascii.b2a_base64(content, newline=False))
    whole = len(encoded) - len(encoded) % _LINE_CHARACTERS
    # Three times as fast as encoding line by line, while the event loop waits.
    lines = [line for (line,) in struct.iter_unpack(f"{_LINE_CHARACTERS}s", encoded[:whole])]
    if rest := bytes(encoded[whole:]):
        lines.append(rest)
    return _LINE_END.join([*lines, b""])


def base64_length(size: int) -> int:
    """Return the length of the lines of so many bytes."""
    lines, rest = divmod(size, LINE_BYTES)
    return lines * _LINE_LENGTH + (4 * ((rest + 2) // 3) + 2 if rest else 0)
