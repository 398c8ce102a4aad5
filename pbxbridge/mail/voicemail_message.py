"""Builds the e-mail that carries one voicemail. Pure: the same message gives the same headers."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from pathlib import Path

from pbxbridge.mail.new_mail import new_mail, new_message_id, one_line


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

    @property
    def folder(self) -> str:
        """The folder of the mailbox that it is in, by Asterisk's name, such as INBOX."""
        return self.audio.parent.name


def voicemail_message_id(message: VoicemailMessage, sender: str) -> str:
    """Return the Message-ID, always the same for one message of one mailbox.

    The mailbox is part of it because Asterisk gives copies of a message one msg_id. It is how a
    mail server or a mail program knows a duplicate (RFC 5322, 3.6.4).
    """
    return new_message_id(f"voicemail.{message.msg_id}.{message.mailbox}", sender)


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
    caller = _caller(message)
    length = _length(message.duration)
    local = message.received_at.astimezone(zone)
    name = f"voicemail-{message.mailbox}-{local:%Y%m%d-%H%M%S}.wav"

    mail = new_mail(
        subject=f"Voicemail from {caller} ({length}) for {message.mailbox}",
        sender=sender,
        sender_name="Voicemail",
        recipient=recipient,
        sent_at=message.received_at,
        message_id=voicemail_message_id(message, sender),
    )

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


def _caller(message: VoicemailMessage) -> str:
    name, number = one_line(message.caller_name), one_line(message.caller_number)
    if name and number:
        return f"{name} <{number}>"
    return name or number or "an unknown caller"


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
