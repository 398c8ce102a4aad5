"""What the bridge's mails have in common: encoding, addresses, headers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
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
    recipients: Sequence[str],
    sent_at: datetime,
    message_id: str,
    reply_to: str = "",
) -> EmailMessage:
    """Return a mail that has its headers and no content yet.

    ``sender``, ``recipients`` and ``reply_to`` are bare addresses, the latter empty for none;
    ``subject`` is one printable line.

    Seven bits pass every server. Only where neither the sender nor any recipient could do without
    SMTPUTF8 (RFC 6531) are there others in the headers: elsewhere an address that is not ASCII
    would have the mail refused to those that are, so it gets the mail without being named.
    """
    named, utf8 = _named(sender, recipients)
    policy = SMTPUTF8 if utf8 else SMTP
    mail = EmailMessage(policy.clone(cte_type="7bit"))
    mail["Subject"] = subject
    mail["From"] = _address(sender, sender_name)
    mail["To"] = [_address(recipient) for recipient in named]
    if reply_to and (utf8 or reply_to.isascii()):
        mail["Reply-To"] = _address(reply_to)
    mail["Date"] = format_datetime(sent_at)
    mail["Message-ID"] = message_id
    # RFC 3834: out-of-office answers must not come back.
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def portal_mail(  # noqa: PLR0913 - one argument for each header, and what it says
    lines: Sequence[str],
    *,
    subject: str,
    sender: str,
    recipient: str,
    sent_at: datetime,
    message_id: str,
) -> EmailMessage:
    """Return a mail by which the portal says something to one person, in plain text."""
    mail = new_mail(
        subject=subject,
        sender=sender,
        sender_name="Phone portal",
        recipients=[recipient],
        sent_at=sent_at,
        message_id=message_id,
    )
    mail.set_content("\n".join([*lines, ""]))
    return mail


def new_message_id(name: str, sender: str) -> str:
    """Return a Message-ID of the sender's domain; ``name`` makes it unique there (RFC 5322)."""
    domain = sender.rpartition("@")[2].encode("idna").decode("ascii")
    return f"<{name}@{domain}>"


def printable_line(text: str) -> str:
    """Drop what cannot be printed (line ends, controls, text direction overrides).

    What looks like an encoded word (RFC 2047) is broken up: it would be decoded, and could bring
    the line ends back.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.replace("=?", "= ?").split())


def one_line(text: str) -> str:
    """Return the beginning of the printable line of a text."""
    return printable_line(text)[:LINE_LENGTH]


def _named(sender: str, recipients: Sequence[str]) -> tuple[Sequence[str], bool]:
    """Return who is named as recipient, and whether that takes SMTPUTF8."""
    plain = [recipient for recipient in recipients if recipient.isascii()]
    if sender.isascii() and plain:
        return plain, False
    return recipients, True


def _address(spec: str, name: str = "") -> Address:
    if spec.isascii():
        return Address(name, addr_spec=spec)
    # addr_spec= takes ASCII only; outside ASCII there is no quoting that could be lost.
    local, _, domain = spec.rpartition("@")
    return Address(name, local, domain)
