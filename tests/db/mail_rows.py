"""Running the services of the mail outbox, and waiting for what they store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pbxbridge.mail.mail_content import base64_lines
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.mailing.recordings import recording_parts
from pbxbridge.settings import SmtpSettings
from tests.rig.mail_catcher import CaughtMail, MailCatcher

DEADLINE = 30.0


class Service(Protocol):
    """Anything that runs until it is cancelled."""

    async def run(self) -> None: ...


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[asyncio.Task[None]]:
    """Run a service inside the block, and stop it as the bridge does."""
    task = asyncio.create_task(service.run(), name=type(service).__name__)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = DEADLINE) -> None:
    """Return once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.01)


async def reached(state: MailState, count: int = 1) -> None:
    """Return once exactly so many mails are in that state."""

    async def enough() -> bool:
        return await OutgoingMail.filter(state=state).count() == count

    await until(enough)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


def sender(catcher: MailCatcher, limit: float = 5.0) -> SmtpSender:
    """Return a sender to that server; ``limit`` is its time limit in seconds."""
    return SmtpSender(
        SmtpSettings(host=catcher.host, port=catcher.port, timeout=limit, answer_timeout=limit)
    )


async def store(key: str, mailbox: str = "1002", recipient: str = "") -> OutgoingMail:
    """Put a mail into the outbox that is due now, by default to the mailbox's own address."""
    return await OutgoingMail.create(
        dedupe_key=key,
        mailbox=mailbox,
        recipient=recipient or f"{mailbox}@example.org",
        message_id=f"<{key}@pbx.local>",
        message=f"Subject: {key}\r\nMessage-ID: <{key}@pbx.local>\r\n\r\nhello\r\n".encode(),
        next_attempt_at=datetime.now(UTC),
    )


async def failed(mail: OutgoingMail, times: int) -> OutgoingMail:
    """Return the row once it tells of so many attempts and is waiting for the next."""

    async def enough() -> bool:
        await mail.refresh_from_db()
        return mail.attempts == times

    await until(enough)
    return mail


def keys(mails: list[CaughtMail]) -> list[str]:
    """Return the keys that ``store`` was given, in the order of arrival."""
    return [str(mail.message["Subject"]) for mail in mails]


async def whole_mail(row: OutgoingMail) -> bytes:
    """Return the mail as the server gets it."""
    encoded = row.size - len(row.message) - len(row.ending or b"") if row.recording else 0
    parts = [base64_lines(part) async for part in recording_parts(row.recording, encoded)]
    return b"".join([row.message, *parts, row.ending or b""])
