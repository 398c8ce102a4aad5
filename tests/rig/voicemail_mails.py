"""Mails of voicemail, whole as the server gets them, and as the standard library reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from pbxbridge.mail.mail_content import base64_lines
from pbxbridge.mail.voicemail_mail import Delivery, VoicemailMails
from pbxbridge.mail.voicemail_message import VoicemailMessage
from tests.rig.voicemail_files import wav

SENDER = "voicemail@pbx.local"
VOICEMAIL = VoicemailMessage(
    msg_id="1772366400-00000001",
    mailbox="1002",
    context="default",
    folder="INBOX",
    caller_name="Alice",
    caller_number="1001",
    received_at=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
    duration=72,
    playable=True,
)
ATTACHED = Delivery(("bob@example.org",), "wav")
LINKED = Delivery(("bob@example.org",), None)
MAILS = VoicemailMails(
    sender=SENDER, time_zone="Europe/Berlin", public_url="https://pbx.example.org/"
)
RECORDING = wav(0.2)
HEADERS = {
    "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip


def on_the_wire(
    voicemail: VoicemailMessage = VOICEMAIL,
    delivery: Delivery = ATTACHED,
    mails: VoicemailMails = MAILS,
) -> bytes:
    content = mails.content(voicemail, delivery)
    recording = base64_lines(RECORDING) if content.ending else b""
    return content.beginning + recording + content.ending


def sent(
    voicemail: VoicemailMessage = VOICEMAIL,
    delivery: Delivery = ATTACHED,
    mails: VoicemailMails = MAILS,
) -> EmailMessage:
    """Return the mail as its reader gets it."""
    parsed = message_from_bytes(on_the_wire(voicemail, delivery, mails), policy=default)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert not part.defects
        assert not [defect for _, value in part.items() for defect in value.defects]
    return parsed


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


class Page(HTMLParser):
    """What a reader sees of a page, and every address that it names."""

    def __init__(self, mail: EmailMessage) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self._words: list[str] = []
        self.feed(body(mail, "html"))
        self.close()

    @property
    def text(self) -> str:
        """The words, with a blank where there are several or a line ends."""
        return " ".join("".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self._words.append(data)
