"""Hands messages to an SMTP server, and says of a failure whether trying again can help."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosmtplib

from pbxbridge.errors import MailError
from pbxbridge.settings import SmtpSettings

# What the time limit of a delivery grows by: a recording of minutes passes a slow uplink too.
SLOWEST_LINK = 16_000  # bytes per second
TOO_BIG = 552  # RFC 1870: for this server, told before the message is sent
AUTHENTICATION_REQUIRED = 530


class SmtpSender:
    """Sends through one server, with one connection per message."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, message: bytes, recipient: str) -> None:
        """Return as soon as the server has taken the message (250 after DATA).

        The envelope's sender is the one of the settings. The limit is their ``timeout``, plus
        the time that a link of SLOWEST_LINK needs for the message.

        Raises MailError: permanent if the server refused this message or this recipient (5xx).
        Not permanent is all that may pass or that an administrator can mend: 4xx, the network,
        time-outs, TLS, and a refused login or sender, which are faults of the settings and must
        not cost anybody a message.
        """
        settings = self._settings
        addresses = settings.sender + recipient
        options = [] if addresses.isascii() else ["smtputf8"]  # RFC 6531
        limit = settings.timeout + len(message) / SLOWEST_LINK
        async with self._connected(limit) as smtp:
            await smtp.sendmail(settings.sender, recipient, message, mail_options=options)
            _quit_without_waiting(smtp)

    async def probe(self) -> str:
        """Connect, greet, start TLS and sign in as for a delivery, but send nothing.

        Returns a sentence about the server; raises MailError with what went wrong.
        """
        settings = self._settings
        async with self._connected(settings.timeout) as smtp:
            await smtp.noop()
            await smtp.quit()
        login = f", signed in as {settings.username}" if settings.username else ""
        return f"{settings.host}:{settings.port} answers (TLS: {settings.tls}{login})"

    @asynccontextmanager
    async def _connected(self, limit: float) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        smtp = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            timeout=limit,
        )
        try:
            async with asyncio.timeout(limit):
                await smtp.connect()
                yield smtp
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise mail_error(error, limit) from error
        finally:
            smtp.close()


def mail_error(error: Exception, limit: float) -> MailError:
    """Say in the server's own words what went wrong, and whether it will stay wrong."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return mail_error(refused, limit)
        case aiosmtplib.SMTPResponseException():
            answer = f"{error.code} {' '.join(error.message.split())}"
            return MailError(answer, permanent=_is_final(error))
        case TimeoutError():
            return MailError(f"no answer within {limit:.0f} s", permanent=False)
        case OSError():
            return MailError(str(error) or type(error).__name__, permanent=False)
        case aiosmtplib.SMTPNotSupported() | ValueError():
            # An address that cannot be written in a command, or not to this server.
            return MailError(str(error), permanent=True)
        case _:
            return MailError(str(error) or type(error).__name__, permanent=False)


def _is_final(answer: aiosmtplib.SMTPResponseException) -> bool:
    if isinstance(answer, aiosmtplib.SMTPSenderRefused):
        return answer.code == TOO_BIG
    refused = isinstance(answer, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
    return refused and answer.code >= 500 and answer.code != AUTHENTICATION_REQUIRED


def _quit_without_waiting(smtp: aiosmtplib.SMTP) -> None:
    """Say QUIT (RFC 5321, 4.1.1.10), but do not wait for the answer.

    The message is delivered: until that is stored, a crash would send it again.
    """
    if isinstance(smtp.transport, asyncio.WriteTransport):
        smtp.transport.write(b"QUIT\r\n")
