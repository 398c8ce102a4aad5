"""Connections to one SMTP server that are kept open for the next mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiosmtplib

from pbxbridge.mail.streamed_data import cut
from pbxbridge.settings import SmtpSettings

# Servers end a connection that was idle for minutes, and firewalls forget it; and some must not
# have more than a few. It is kept for a burst of mails.
IDLE_SECONDS = 10.0
# Many servers take no more than a hundred, and then say 421.
MOST_MAILS = 100
SERVICE_NOT_AVAILABLE = 421


@dataclass(eq=False, slots=True)
class Connection:
    """An open connection, signed in. ``mails`` is how many were begun on it.

    ``in_transaction`` means that the last one was refused half-way: it needs RSET first.
    """

    smtp: aiosmtplib.SMTP
    mails: int = 0
    in_transaction: bool = False
    timer: asyncio.TimerHandle | None = None


class ConnectionPool:
    """At most ``settings.connections`` are used at a time: the server may allow no more."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until one more connection may be used, for the length of the block."""
        async with self._places:
            yield

    def idle(self) -> Connection | None:
        """Return the connection that was used last, if any is open still."""
        while self._idle:
            connection = self._idle.pop()
            if connection.timer:
                connection.timer.cancel()
            if connection.smtp.is_connected:
                return connection
        return None

    async def open(self) -> Connection:
        """Connect, start TLS and sign in. Raises what aiosmtplib raises."""
        settings = self._settings
        smtp = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            timeout=None,  # whoever uses it has a limit for all of it
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await _greet(smtp)
        except BaseException:
            cut(smtp)
            raise
        return Connection(smtp)

    @contextmanager
    def used(self, connection: Connection) -> Iterator[aiosmtplib.SMTP]:
        """Use a connection for one mail, and keep it if it is fit for another."""
        connection.mails += 1
        try:
            yield connection.smtp
        except aiosmtplib.SMTPResponseException as answer:
            if not 400 <= answer.code < 600:  # not an answer of SMTP's: who knows what comes next
                cut(connection.smtp)
                raise
            connection.in_transaction = True
            self._keep(connection)
            raise
        except BaseException:
            cut(connection.smtp)
            raise
        self._keep(connection)

    def close(self) -> None:
        """End all connections that nobody uses."""
        while connection := self.idle():
            quit_without_waiting(connection.smtp)

    def _keep(self, connection: Connection) -> None:
        if connection.mails >= MOST_MAILS:
            quit_without_waiting(connection.smtp)
        elif connection.smtp.is_connected:
            loop = asyncio.get_running_loop()
            connection.timer = loop.call_later(IDLE_SECONDS, self._retire, connection)
            self._idle.append(connection)

    def _retire(self, connection: Connection) -> None:
        self._idle.remove(connection)
        quit_without_waiting(connection.smtp)


async def _greet(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError:
        await smtp.helo()


def quit_without_waiting(smtp: aiosmtplib.SMTP) -> None:
    """Say QUIT (RFC 5321, 4.1.1.10) and close, but do not wait for the answer.

    The mail is delivered: until that is stored, a crash would send it again.
    """
    if isinstance(smtp.transport, asyncio.WriteTransport):
        smtp.transport.write(b"QUIT\r\n")
    smtp.close()
