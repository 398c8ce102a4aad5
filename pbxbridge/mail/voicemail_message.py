"""Builds the e-mail that carries one voicemail. Pure: the same message gives the same headers."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path

NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class VoicemailMessage:
    """One message of a mailbox.

    ``caller_name`` and ``caller_number`` are as the caller's side sent them, so anything may be in
    them; empty if unknown. ``received_at`` is when the recording began, in UTC and whole seconds;
    ``duration`` is in seconds. ``msg_id`` is Asterisk's own: it stays when the message moves to
    another folder, and a copy in another mailbox has the same one.
    """

    msg_id: str
    mailbox: str
    context: str
    caller_name: str
    caller_number: str
    received_at: datetime
    duration: int
    audio: Path


def voicemail_message_id(message: VoicemailMessage, sender: str) -> str:
    """Return the Message-ID, always the same for one message of one mailbox.

    The mailbox is part of it because Asterisk gives copies of a message one msg_id. It is how a
    mail server or a mail program knows a duplicate (RFC 5322, 3.6.4).
    """
    domain = sender.rpartition("@")[2].encode("idna").decode("ascii")
    return f"<voicemail.{message.msg_id}.{message.mailbox}@{domain}>"


def voicemail_email(
    message: VoicemailMessage,
    recording: bytes,
    *,
    sender: str,
    recipient: str,
    zone: tzinfo | None = None,
) -> EmailMessage:
    """Return the e-mail: plain text, the same as HTML, and the recording as it is.

    ``sender`` and ``recipient`` are bare addresses. The time in the text is told in ``zone``, by
    default the machine's. The caller's name comes from outside: it is made one printable line
    before it meets a header, and escaped before it meets HTML.
    """
    # Seven bits pass every server. Only an address that is not ASCII itself needs SMTPUTF8.
    policy = SMTP if (sender + recipient).isascii() else SMTPUTF8
    mail = EmailMessage(policy.clone(cte_type="7bit"))
    caller = _caller(message)
    length = _length(message.duration)
    local = message.received_at.astimezone(zone)
    name = f"voicemail-{message.mailbox}-{local:%Y%m%d-%H%M%S}.wav"

    mail["Subject"] = f"Voicemail from {caller} ({length}) for {message.mailbox}"
    mail["From"] = _address(sender, "Voicemail")
    mail["To"] = _address(recipient)
    mail["Date"] = format_datetime(message.received_at)
    mail["Message-ID"] = voicemail_message_id(message, sender)
    # RFC 3834: out-of-office answers must not come back.
    mail["Auto-Submitted"] = "auto-generated"

    facts = [
        ("From", caller),
        ("To", f"mailbox {message.mailbox}"),
        ("Received", f"{local:%A, %d %B %Y, %H:%M:%S %Z}"),
        ("Length", length),
    ]
    mail.set_content(_text(facts, name))
    mail.add_alternative(_html(facts, name), subtype="html")
    # The type that app_voicemail itself gives to its formats wav and wav49.
    mail.add_attachment(recording, maintype="audio", subtype="x-wav", filename=name)
    return mail


def _address(spec: str, name: str = "") -> Address:
    if spec.isascii():
        return Address(name, addr_spec=spec)
    # addr_spec= takes ASCII only; outside ASCII there is no quoting that could be lost.
    local, _, domain = spec.rpartition("@")
    return Address(name, local, domain)


def _caller(message: VoicemailMessage) -> str:
    name, number = _one_line(message.caller_name), _one_line(message.caller_number)
    if name and number:
        return f"{name} <{number}>"
    return name or number or "an unknown caller"


def _one_line(text: str) -> str:
    """Drop what cannot be printed (line ends, controls, text direction overrides).

    What looks like an encoded word (RFC 2047) is broken up: it would be decoded, and could bring
    the line ends back.
    """
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.replace("=?", "= ?").split())[:NAME_LENGTH]


def _length(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _text(facts: list[tuple[str, str]], name: str) -> str:
    lines = [f"{label + ':':<10}{value}" for label, value in facts]
    return "\n".join(["You have a new voicemail.", "", *lines, "", f"It is attached: {name}", ""])


def _html(facts: list[tuple[str, str]], name: str) -> str:
    rows = "\n".join(
        f'<tr><th align="left">{html.escape(label)}</th><td>{html.escape(value)}</td></tr>'
        for label, value in facts
    )
    return (
        "<!doctype html>\n<html><body>\n<p>You have a new voicemail.</p>\n"
        f"<table cellpadding=4>\n{rows}\n</table>\n"
        f"<p>It is attached: {html.escape(name)}</p>\n</body></html>\n"
    )
