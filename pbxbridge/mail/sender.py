"""Hands messages to an SMTP server, and says of a failure whether trying again can help."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import aiosmtplib

from pbxbridge.errors import MailError
from pbxbridge.mail.connection_pool import (
    SERVICE_NOT_AVAILABLE,
    Connection,
    ConnectionPool,
    quit_without_waiting,
)
from pbxbridge.mail.mail_content import Outgoing
from pbxbridge.mail.new_mail import printable_line
from pbxbridge.mail.streamed_data import end_data, send_data
from pbxbridge.settings import SmtpSettings

# What the time limit of a delivery grows by: a recording of minutes passes a slow uplink too.
SLOWEST_LINK = 16_000  # bytes per second
# A connection that is used again is given up for a new one if MAIL has no answer by then.
REUSE_SECONDS = 5.0
TOO_BIG = 552  # RFC 1870: for this server, told before the message is sent
AUTHENTICATION_REQUIRED = 530


class _ClosedMeanwhile(Exception):
    """The connection was closed while it was idle, and nothing of a mail was sent on it."""


class SmtpSender:
    """Sends through one server, over connections that are kept for the next mails."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._pool = ConnectionPool(settings)

    async def send(self, mail: Outgoing) -> None:
        """Return as soon as the server has taken the mail (250 after DATA).

        The envelope's sender is the one of the settings. Their ``timeout`` is the limit until MAIL
        is accepted, and from there, plus the time that a link of SLOWEST_LINK needs for the mail,
        until all of it is sent. Then the server has ``answer_timeout``: who stops waiting while it
        looks at the mail sends it once more.

        Raises what reading the recording raises, and MailError: permanent if the server refused
        this mail or this recipient (5xx). Not permanent is all that may pass or that an
        administrator can mend: 4xx, the network, time-outs, TLS, and a refused login or sender,
        which are faults of the settings and must not cost anybody a message.
        """
        settings = self._settings
        async with (
            aclosing(mail.recording),
            self._pool.place(),
            _limited(settings.timeout) as limit,
        ):
            await self._send(mail, limit)

    async def probe(self) -> str:
        """Connect, greet, start TLS and sign in as for a delivery, but send nothing.

        Returns a sentence about the server; raises MailError with what went wrong.
        """
        settings = self._settings
        async with _limited(settings.timeout):
            connection = await self._pool.open()
            try:
                await connection.smtp.noop()
            finally:
                quit_without_waiting(connection.smtp)
        login = f", signed in as {settings.username}" if settings.username else ""
        return f"{settings.host}:{settings.port} answers (TLS: {settings.tls}{login})"

    def close(self) -> None:
        """End the connections that are kept; those in use end with their delivery."""
        self._pool.close()

    async def _send(self, mail: Outgoing, limit: _Limit) -> None:
        if known := self._pool.idle():
            with suppress(_ClosedMeanwhile):
                await self._transaction(known, mail, limit)
                return
        await self._transaction(await self._pool.open(), mail, limit)

    async def _transaction(self, connection: Connection, mail: Outgoing, limit: _Limit) -> None:
        with self._pool.used(connection) as smtp:
            try:
                if connection.mails > 1:
                    await self._begin_again(connection, mail)
                else:
                    await self._begin(smtp, mail)
                limit.allow(self._settings.timeout + mail.size / SLOWEST_LINK)
                await smtp.rcpt(mail.recipient, encoding="utf-8")
            except ValueError as why:  # an address that cannot be written in a command
                raise MailError(str(why), permanent=True) from why
            await send_data(smtp, mail)
            limit.allow(self._settings.answer_timeout)
            await end_data(smtp)

    async def _begin(self, smtp: aiosmtplib.SMTP, mail: Outgoing) -> None:
        sender, options = self._settings.sender, []
        if smtp.supports_extension("size"):
            options.append(f"SIZE={mail.size}")
        if not (sender + mail.recipient).isascii():
            if not smtp.supports_extension("smtputf8"):
                raise aiosmtplib.SMTPNotSupported("SMTPUTF8 is not supported by this server")
            options.append("SMTPUTF8")  # RFC 6531
        await smtp.mail(sender, options=options, encoding="utf-8")

    async def _begin_again(self, connection: Connection, mail: Outgoing) -> None:
        """Begin on a connection that was idle; raises _ClosedMeanwhile if it is good no more.

        The server cannot have taken the mail then, since it never got it.
        """
        try:
            async with asyncio.timeout(min(REUSE_SECONDS, self._settings.timeout / 3)):
                if connection.in_transaction:
                    await connection.smtp.rset()
                    connection.in_transaction = False
                await self._begin(connection.smtp, mail)
        except aiosmtplib.SMTPResponseException as answer:
            if connection.in_transaction or answer.code == SERVICE_NOT_AVAILABLE:
                raise _ClosedMeanwhile from answer
            raise
        except OSError as why:  # closed, or no answer
            raise _ClosedMeanwhile from why


class _Limit:
    """How many seconds there are, from when that was said."""

    def __init__(self, seconds: float, timeout: asyncio.Timeout) -> None:
        self.seconds = seconds
        self._timeout = timeout

    def allow(self, seconds: float) -> None:
        """Begin a part of the work that has a limit of its own."""
        self.seconds = seconds
        self._timeout.reschedule(asyncio.get_running_loop().time() + seconds)


@asynccontextmanager
async def _limited(seconds: float) -> AsyncIterator[_Limit]:
    """Raise MailError for what aiosmtplib raises, and when the time is over."""
    timeout = asyncio.timeout(seconds)
    limit = _Limit(seconds, timeout)
    try:
        async with timeout:
            yield limit
    except (aiosmtplib.SMTPException, OSError) as error:
        raise mail_error(error, limit.seconds) from error


def mail_error(error: Exception, limit: float) -> MailError:
    """Say in the server's own words what went wrong, and whether it will stay wrong."""
    match error:
        case aiosmtplib.SMTPResponseException():
            return MailError(
                f"{error.code} {printable_line(error.message)}", permanent=_is_final(error)
            )
        case TimeoutError():
            return MailError(f"no answer within {limit:.0f} s", permanent=False)
        case aiosmtplib.SMTPNotSupported():
            return MailError(printable_line(str(error)), permanent=True)
        case _:
            return MailError(printable_line(str(error)) or type(error).__name__, permanent=False)


def _is_final(answer: aiosmtplib.SMTPResponseException) -> bool:
    if isinstance(answer, aiosmtplib.SMTPSenderRefused):
        return answer.code == TOO_BIG
    refused = isinstance(answer, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    return refused and answer.code >= 500 and answer.code != AUTHENTICATION_REQUIRED
