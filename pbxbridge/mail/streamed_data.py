"""DATA of a mail of any length: piece by piece, as fast as the server takes them.

aiosmtplib's own takes the whole mail as bytes, and copies it three times. This is made of what it
offers in public (commands and writing) but for one thing: waiting until the transport has room,
which asyncio offers to stream writers only, and aiosmtplib keeps to itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import aiosmtplib

from pbxbridge.mail.mail_content import Outgoing, base64_lines

PIECE_BYTES = 64 * 1024
GO_ON = 354
TAKEN = 250

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_FIRST_DOTS = re.compile(rb"^\.", re.MULTILINE)


async def send_data(smtp: aiosmtplib.SMTP, mail: Outgoing) -> None:
    """Send DATA and the mail, but for the dot that ends it.

    Raises SMTPDataError if the server wants none, and what reading the recording raises. If the
    mail cannot be sent to its end the connection is cut: what came so far must not pass for one.
    """
    answer = await smtp.execute_command(b"DATA")
    if answer.code != GO_ON:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)
    protocol = smtp.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    try:
        async for piece in _pieces(mail):
            protocol.write(piece)
            await protocol._drain_helper()
    except BaseException:
        cut(smtp)
        raise


async def end_data(smtp: aiosmtplib.SMTP) -> None:
    """End the mail; return once the server has taken it. Raises SMTPDataError if it did not."""
    # The line end before the dot is that of the last piece.
    answer = await smtp.execute_command(b".")
    if answer.code != TAKEN:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)


def cut(smtp: aiosmtplib.SMTP) -> None:
    """End a connection at once, whatever is still to be written."""
    if isinstance(smtp.transport, asyncio.WriteTransport):
        smtp.transport.abort()
    smtp.close()


def wire_lines(text: bytes) -> bytes:
    """Return text as whole lines, with no dot of its own that could end the mail.

    RFC 5321, 4.5.2; a lone CR or LF, which some servers take for a line end, becomes one.
    """
    lines = _LINE_ENDS.sub(b"\r\n", text)
    if lines and not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return _FIRST_DOTS.sub(b"..", lines)


async def _pieces(mail: Outgoing) -> AsyncIterator[bytes]:
    """Yield the mail as it goes over the wire. Every piece ends with a line end.

    A short mail is one piece: for a server each costs a look at what has come.
    """
    before = wire_lines(mail.content.beginning)
    async for part in mail.recording:
        if len(before) > PIECE_BYTES:
            yield before
            before = b""
        before += base64_lines(part)  # has no dots
    yield before + wire_lines(mail.content.ending)
