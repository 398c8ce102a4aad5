"""Builds the mail by which an administrator tries whether mails arrive. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

from pbxbridge.mail.new_mail import new_mail, one_line


def mail_for_testing(
    *, login: str, sender: str, recipient: str, sent_at: datetime, message_id: str
) -> EmailMessage:
    """Return the mail: plain text that says who asked for it, and when (in UTC)."""
    mail = new_mail(
        subject="Test mail of the phone portal",
        sender=sender,
        sender_name="Phone portal",
        recipients=[recipient],
        sent_at=sent_at,
        message_id=message_id,
    )
    lines = [
        f"{one_line(login)} asked for this mail in the phone portal on",
        f"{sent_at.astimezone(UTC):%d %B %Y at %H:%M:%S} UTC.",
        "",
        "That you read it shows that mails of the portal arrive: those with voicemail go the",
        "same way.",
        "",
    ]
    mail.set_content("\n".join(lines))
    return mail
