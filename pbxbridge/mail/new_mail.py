"""What the bridge's mails have in common: encoding, addresses, headers. Pure."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

LINE_LENGTH = 80


def new_mail(  # noqa: PLR0913 - one argument for each header
    *,
    subject: str,
    sender: str,
    sender_name: str,
    recipient: str,
    sent_at: datetime,
    message_id: str,
) -> EmailMessage:
    """Return a mail that has its headers and no content yet.

    ``sender`` and ``recipient`` are bare addresses; ``subject`` is one printable line.
    """
    # Seven bits pass every server. Only an address that is not ASCII itself needs SMTPUTF8.
    policy = SMTP if (sender + recipient).isascii() else SMTPUTF8
    mail = EmailMessage(policy.clone(cte_type="7bit"))
    mail["Subject"] = subject
    mail["From"] = _address(sender, sender_name)
    mail["To"] = _address(recipient)
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id
    # RFC 3834: out-of-office answers must not come back.
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def new_message_id(name: str, sender: str) -> str:
    """Return a Message-ID of the sender's domain; ``name`` makes it unique there (RFC 5322)."""
    domain = sender.rpartition("@")[2].encode("idna").decode("ascii")
    return f"<{name}@{domain}>"


def one_line(text: str) -> str:
    """Drop what cannot be printed (line ends, controls, text direction overrides).

    What looks like an encoded word (RFC 2047) is broken up: it would be decoded, and could bring
    the line ends back.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.replace("=?", "= ?").split())[:LINE_LENGTH]


def _address(spec: str, name: str = "") -> Address:
    if spec.isascii():
        return Address(name, addr_spec=spec)
    # addr_spec= takes ASCII only; outside ASCII there is no quoting that could be lost.
    local, _, domain = spec.rpartition("@")
    return Address(name, local, domain)
