"""A recording that is read while it is sent: whole or not at all, and never all of it in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

import pytest

from pbxbridge.mail.mail_content import LINE_BYTES, MailContent, Outgoing, base64_lines
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.settings import SmtpSettings
from tests.rig.mail_catcher import MailCatcher
from tests.unit.test_mail_sender import MESSAGE, mail, sender

PART = bytes(range(256)) * LINE_BYTES
MANY = 400


class BrokenRead(Exception):
    """Reading the recording does not work."""


async def broken(parts: int) -> AsyncGenerator[bytes, None]:
    for _ in range(parts):
        yield PART
    raise BrokenRead


async def test_recording_and_ending_arrive_as_they_are() -> None:
    ending = b".\r\n--end--\r\n.\r\n"
    async with MailCatcher().listening() as catcher:
        await sender(catcher).send(mail("bob@example.org", PART, PART[:100], ending=ending))
        (caught,) = await catcher.wait_for(1)
    assert caught.content == MESSAGE + base64_lines(PART + PART[:100]) + ending


@pytest.mark.parametrize("parts", [0, 1, MANY])
async def test_a_mail_whose_recording_cannot_be_read_does_not_arrive(parts: int) -> None:
    async with MailCatcher().listening() as catcher:
        sending = sender(catcher)
        size = 2 * MANY * len(PART)
        with pytest.raises(BrokenRead):
            await sending.send(
                Outgoing("bob@example.org", MailContent(MESSAGE), broken(parts), size)
            )
        await sending.send(mail("eve@example.org"))
        assert [each.recipient for each in catcher.mails] == ["eve@example.org"]
        assert catcher.connections == 2


@dataclass
class SlowServer:
    """Reads a mail when told, and counts what it read."""

    commands: list[bytes] = field(default_factory=list)
    may_read: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[SmtpSender]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            with closing(SmtpSender(SmtpSettings(host=host, port=port, timeout=20))) as sending:
                yield sending
            await self._ended.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        answers = {b"EHLO": b"250-here\r\n250 SIZE 0\r\n", b"DATA": b"354 go on\r\n"}
        while line := await reader.readline():
            self.commands.append(line.strip())
            writer.write(answers.get(line[:4].strip(), b"250 OK\r\n"))
            if line.startswith(b"DATA"):
                await self._take(reader)
                writer.write(b"250 OK\r\n")
        writer.close()
        self._ended.set()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        await self.may_read.wait()
        end = b""
        while end != b"\r\n.\r\n":
            chunk = await reader.read(1 << 20)
            self.received += len(chunk)
            end = (end + chunk)[-5:]


async def test_a_recording_is_read_no_faster_than_the_server_takes_it() -> None:
    server, read = SlowServer(), 0

    async def recording() -> AsyncGenerator[bytes, None]:
        nonlocal read
        for _ in range(MANY):
            yield PART
            read += len(PART)

    size = len(MESSAGE) + MANY * len(base64_lines(PART))
    async with server.listening() as sending:
        task = asyncio.create_task(
            sending.send(Outgoing("bob@example.org", MailContent(MESSAGE), recording(), size))
        )
        held = 0
        while held != read or not read:  # until nothing more is read: the buffers are full
            held = read
            await asyncio.sleep(0.1)
        assert not task.done()
        assert held < 0.9 * MANY * len(PART)
        server.may_read.set()
        await task
    assert read == MANY * len(PART)
    # One dot of MESSAGE is doubled, and one ends the mail.
    assert server.received == size + len(b".") + len(b".\r\n")


async def test_the_server_is_told_the_size_first() -> None:
    server = SlowServer()
    server.may_read.set()
    async with server.listening() as sending:
        await sending.send(mail("bob@example.org", PART))
    size = len(MESSAGE) + len(base64_lines(PART))
    assert f"MAIL FROM:<voicemail@localhost> SIZE={size}".encode() in server.commands
