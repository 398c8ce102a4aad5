"""Talking to mail servers: TLS, login, and which failures are worth another try."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from pbxbridge.errors import MailError
from pbxbridge.mail.mail_content import MailContent, Outgoing, base64_length
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.settings import SmtpSettings
from tests.rig.mail_catcher import Fault, MailCatcher, Refusal

MESSAGE = b"Subject: hello\r\n\r\n.a line that begins with a dot\r\n"


def sender(catcher: MailCatcher, **settings: object) -> SmtpSender:
    values = {"host": catcher.host, "port": catcher.port, "timeout": 5.0} | settings
    return SmtpSender(SmtpSettings.model_validate(values))


def mail(recipient: str = "bob@example.org", *parts: bytes, ending: bytes = b"") -> Outgoing:
    """Return a mail with these parts of a recording, which is as long as they say."""
    size = len(MESSAGE) + sum(map(base64_length, map(len, parts))) + len(ending)
    return Outgoing(recipient, MailContent(MESSAGE, ending), _read(parts), size)


async def _read(parts: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def failure(sending: SmtpSender, recipient: str = "bob@example.org") -> tuple[str, bool]:
    with pytest.raises(MailError) as caught:
        await sending.send(mail(recipient))
    return str(caught.value), caught.value.permanent


async def test_a_caught_mail_is_kept_in_a_folder_that_was_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "mail"
    async with MailCatcher(folder=folder).listening() as catcher:
        await sender(catcher).send(mail("bob@example.org"))
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == MESSAGE


async def test_the_message_arrives_as_it_is() -> None:
    async with MailCatcher().listening() as catcher:
        await sender(catcher).send(mail("bob@example.org"))
        (caught,) = await catcher.wait_for(1)
    assert caught.content == MESSAGE
    assert (caught.sender, caught.recipient) == ("voicemail@localhost", "bob@example.org")


async def test_an_address_outside_ascii_arrives() -> None:
    async with MailCatcher().listening() as catcher:
        await sender(catcher).send(mail("bøb@exämple.org"))
        (caught,) = await catcher.wait_for(1)
    assert caught.recipient == "bøb@exämple.org"


@pytest.mark.parametrize(
    ("trouble", "reason", "permanent"),
    [
        (Refusal("550 5.1.1 no such user", "RCPT"), "550 5.1.1 no such user", True),
        (Refusal("554 5.7.1 spam", "DATA"), "554 5.7.1 spam", True),
        (Refusal("552 5.3.4 too big", "MAIL"), "552 5.3.4 too big", True),
        (Refusal("553 5.7.1 not your address", "MAIL"), "553 5.7.1 not your address", False),
        (Refusal("530 5.7.0 sign in first", "RCPT"), "530 5.7.0 sign in first", False),
        (Refusal("451 4.7.1 greylisted", "RCPT"), "451 4.7.1 greylisted", False),
        (Refusal("421 4.3.2 going down", "DATA"), "421 4.3.2 going down", False),
    ],
    ids=str,
)
async def test_the_server_s_answer_decides(trouble: Refusal, reason: str, permanent: bool) -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.append(trouble)
        assert await failure(sender(catcher)) == (reason, permanent)


async def test_a_connection_that_is_cut_is_worth_another_try() -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.append(Fault.DROP_IN_DATA)
        _, permanent = await failure(sender(catcher))
    assert not permanent


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    async with await asyncio.start_server(_say_nothing, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        sending = SmtpSender(SmtpSettings(host=host, port=port, timeout=0.2))
        assert await failure(sending) == ("no answer within 0 s", False)


async def test_no_server_is_worth_another_try() -> None:
    async with MailCatcher().listening() as gone:
        pass
    reason, permanent = await failure(sender(gone))
    assert str(gone.port) in reason
    assert not permanent


@pytest.mark.parametrize("end", ["\r\nRCPT TO:<eve@example.org>", ">\r\nDATA\r\n<", "\x00", " \n"])
async def test_an_address_adds_no_command_to_the_dialogue(end: str) -> None:
    async with MailCatcher().listening() as catcher:
        with contextlib.suppress(MailError):
            await sender(catcher).send(mail("bob@example.org" + end))
        assert {each.recipient for each in catcher.mails} <= {"bob@example.org"}
        assert {each.content for each in catcher.mails} <= {MESSAGE}


async def test_demanding_tls_of_a_server_that_has_none_sends_nothing() -> None:
    async with MailCatcher().listening() as catcher:
        for tls in ("starttls", "implicit"):
            _, permanent = await failure(sender(catcher, tls=tls))
            assert not permanent
        assert catcher.deliveries == 0


async def test_probing_tells_of_the_server_and_sends_nothing() -> None:
    async with MailCatcher().listening() as catcher:
        told = await sender(catcher).probe()
        assert told == f"127.0.0.1:{catcher.port} answers (TLS: none)"
        assert catcher.deliveries == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, and who vouches for it, made for this run."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder


@pytest.fixture
def guarded(certificate: Path) -> MailCatcher:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate / "server.pem")
    return MailCatcher(tls=tls, login=("pbx", "s3cret"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the certificate one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "authority.pem"))


@pytest.mark.usefixtures("trusted")
async def test_with_tls_and_a_login_a_message_is_sent(guarded: MailCatcher) -> None:
    async with guarded.listening():
        signed_in = sender(guarded, tls="starttls", username="pbx", password="s3cret")
        assert "signed in as pbx" in await signed_in.probe()
        await signed_in.send(mail("bob@example.org"))
        (caught,) = await guarded.wait_for(1)
    assert caught.login == "pbx"


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_costs_no_message_and_is_not_told(guarded: MailCatcher) -> None:
    async with guarded.listening():
        wrong = sender(guarded, tls="starttls", username="pbx", password=SecretStr("wr0ng"))
        reason, permanent = await failure(wrong)
        assert reason.startswith("535")
        assert "wr0ng" not in reason
        assert not permanent
        with pytest.raises(MailError, match="535"):
            await wrong.probe()


async def test_a_certificate_nobody_vouches_for_is_not_talked_to(guarded: MailCatcher) -> None:
    async with guarded.listening():
        reason, permanent = await failure(sender(guarded, tls="starttls"))
        assert "certificate" in reason.lower()
        assert not permanent
        assert guarded.deliveries == 0


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()
