"""Builds the mail by which an administrator tries whether mails arrive. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

from pbxbridge.mail.new_mail import one_line, portal_mail


def mail_for_testing(
    *, login: str, sender: str, recipient: str, sent_at: datetime, message_id: str
) -> EmailMessage:
    """Return the mail: plain text that says who asked for it, and when (in UTC)."""
    return portal_mail(
        [
            f"{one_line(login)} asked for this mail in the phone portal on",
            f"{sent_at.astimezone(UTC):%d %B %Y at %H:%M:%S} UTC.",
            "",
            "That you read it shows that mails of the portal arrive: those with voicemail go the",
            "same way.",
        ],
        subject="Test mail of the phone portal",
        sender=sender,
        recipient=recipient,
        sent_at=sent_at,
        message_id=message_id,
    )
