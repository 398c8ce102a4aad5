"""Builds the e-mail that carries the code with which a forgotten password is replaced. Pure."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from pbxbridge.mail.new_mail import one_line, portal_mail


def password_reset_email(  # noqa: PLR0913 - what the mail says, and where it goes
    *,
    login: str,
    code: str,
    minutes: int,
    sender: str,
    recipient: str,
    sent_at: datetime,
    message_id: str,
) -> EmailMessage:
    """Return the e-mail: plain text without any link.

    A link would lead who clicks in mails to wherever the next one of them leads; and an address
    that holds the code would stay in the browser's history and in logs on the way. ``minutes`` is
    how long the code is good.
    """
    return portal_mail(
        [
            f"Somebody, probably you, asked for a new password for {one_line(login)}.",
            "",
            "Enter this code on the page where you asked for it:",
            "",
            f"    {code}",
            "",
            f"It can be used once, within {minutes} minutes.",
            "If it was not you, there is nothing to do: without this code nothing changes.",
        ],
        subject="Your code for a new portal password",
        sender=sender,
        recipient=recipient,
        sent_at=sent_at,
        message_id=message_id,
    )
