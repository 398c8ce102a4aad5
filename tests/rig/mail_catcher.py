"""A real SMTP server on loopback that keeps what it is sent, and fails on demand.

Also a command, for ``make run``: ``python -m tests.rig.mail_catcher HOST PORT FOLDER`` keeps every
mail as an .eml file and prints a line about it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import time
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum, auto
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

SIZE_LIMIT = 64 * 1024 * 1024


class Fault(Enum):
    """What goes wrong with one delivery, apart from a refusal."""

    HANG = auto()
    """No answer to the message."""
    DROP_IN_DATA = auto()
    """The connection is cut while the message is on its way."""
    DROP_BEFORE_ANSWER = auto()
    """The message is kept, but the connection is cut before the client is told."""
    CLOSE_AFTER = auto()
    """The message is taken, and the connection closed, as servers do with idle ones."""
    NO_ANSWER_TO_MAIL = auto()
    """No answer at all, as of a connection that a firewall has forgotten."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer such as ``550 5.1.1 no such user`` to one command: MAIL, RCPT or DATA."""

    answer: str
    command: str = "DATA"


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One message as it came over the wire."""

    sender: str
    recipient: str
    content: bytes
    login: str

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def recording(self) -> bytes:
        """The attached audio."""
        (attachment,) = self.message.iter_attachments()
        assert isinstance(attachment, EmailMessage)
        content = attachment.get_content()
        assert isinstance(content, bytes)
        return content


class MailCatcher:
    """Listens while inside ``async with catcher.listening()``.

    ``script`` holds what goes wrong with the next deliveries, one entry each; None is a delivery
    that goes well, and when the script is empty all do. ``deliveries`` counts what was begun,
    ``connections`` the clients that came, ``open_connections`` those that are there.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        on_mail: Callable[[CaughtMail], None] | None = None,
    ) -> None:
        """Keep .eml files in ``folder``; offer STARTTLS; demand this login name and password."""
        self.mails: list[CaughtMail] = []
        self.script: deque[Fault | Refusal | None] = deque()
        self.deliveries = 0
        self.connections = 0
        self.host = "127.0.0.1"
        self.port = 0
        self._folder = folder
        self._tls = tls
        self._login = login
        self._on_mail = on_mail
        self._changed = asyncio.Condition()
        self._open: set[_Connection] = set()

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._open)

    async def close_connections(self) -> None:
        """End all connections, as a server does that is restarted."""
        for connection in tuple(self._open):
            await connection.abort()

    @contextlib.asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[MailCatcher]:
        """Serve on this loop; port 0 lets the kernel choose."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, host, port)
        self.host, self.port = server.sockets[0].getsockname()[:2]
        try:
            yield self
        finally:
            server.close()
            await self.close_connections()
            await server.wait_closed()

    async def wait_for(
        self, wanted: int | Callable[[list[CaughtMail]], bool], within: float = 10.0
    ) -> list[CaughtMail]:
        """Return the mails once there are so many, or once the condition holds.

        Raises TimeoutError that tells what was there instead.
        """

        def enough() -> bool:
            return len(self.mails) >= wanted if isinstance(wanted, int) else wanted(self.mails)

        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(enough)
        except TimeoutError as late:
            subjects = [str(mail.message["Subject"]) for mail in self.mails]
            raise TimeoutError(f"after {within} s there were {subjects}") from late
        return list(self.mails)

    async def wait_for_deliveries(self, count: int, within: float = 30.0) -> None:
        """Return once so many deliveries were begun, well or badly ended."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: self.deliveries >= count)

    async def begin(self) -> Fault | Refusal | None:
        """Count a delivery; return what its script says."""
        async with self._changed:
            self.deliveries += 1
            self._changed.notify_all()
        return self.script.popleft() if self.script else None

    async def keep(self, mail: CaughtMail) -> None:
        """Add a mail to those that were caught."""
        if self._folder is not None:
            file = self._folder / f"{time.time_ns()}.eml"
            await asyncio.to_thread(file.write_bytes, mail.content)
        async with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()
        if self._on_mail is not None:
            self._on_mail(mail)

    def _protocol(self) -> _Connection:
        self.connections += 1
        return _Connection(self, self._open, self._tls, self._login)


class _Connection(SMTP):
    """One client; aiosmtpd speaks the protocol, this decides on answers."""

    def __init__(
        self,
        catcher: MailCatcher,
        registry: set[_Connection],
        tls: ssl.SSLContext | None,
        login: tuple[str, str] | None,
    ) -> None:
        super().__init__(
            handler=self,
            hostname="localhost",
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=login is not None,
            auth_require_tls=login is not None,
            authenticator=self._authenticate_login,
            loop=asyncio.get_running_loop(),
        )
        self._catcher = catcher
        self._registry = registry
        self._expected = login
        self._fault: Fault | Refusal | None = None
        self._who = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._registry.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._registry.discard(self)
        super().connection_lost(error)

    async def abort(self) -> None:
        """Cut the connection at once, and wait for its task to end."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.wait([self._handler_coroutine], timeout=5)

    def _authenticate_login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        self._who = given[0]
        return AuthResult(success=given == self._expected, handled=False)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd finds its hooks by these names)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        self._fault = await self._catcher.begin()
        if answer := self._refusal("MAIL"):
            return answer
        if self._fault is Fault.NO_ANSWER_TO_MAIL:
            await asyncio.Event().wait()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if answer := self._refusal("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self._fault is Fault.DROP_IN_DATA:
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)
        if self._fault is Fault.CLOSE_AFTER and self.transport is not None:
            self.transport.close()

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if answer := self._refusal("DATA"):
            return answer
        if self._fault is Fault.HANG:
            await asyncio.Event().wait()
        assert envelope.mail_from is not None
        assert isinstance(envelope.content, bytes)
        (recipient,) = envelope.rcpt_tos
        await self._catcher.keep(
            CaughtMail(envelope.mail_from, recipient, envelope.content, self._who)
        )
        if self._fault is Fault.DROP_BEFORE_ANSWER and isinstance(
            self.transport, asyncio.WriteTransport
        ):
            self.transport.abort()
        return "250 OK"

    async def handle_exception(self, error: Exception) -> str:
        """Answer what went wrong here; aiosmtpd would ask its handler, which is this one."""
        traceback.print_exception(error)
        return "451 4.3.0 the catcher failed"

    def _refusal(self, command: str) -> str | None:
        match self._fault:
            case Refusal(answer=answer, command=refused) if refused == command:
                return answer
            case _:
                return None


async def _main(host: str, port: int, folder: Path) -> None:
    def tell(mail: CaughtMail) -> None:
        sys.stdout.write(f"mail for {mail.recipient}: {mail.message['Subject']}\n")
        sys.stdout.flush()

    async with MailCatcher(folder=folder, on_mail=tell).listening(host, port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _host, _port, _folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(_host, _port, _folder))
