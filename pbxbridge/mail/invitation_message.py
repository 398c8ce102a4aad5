"""Builds the e-mail that invites a person to set up their softphone. Pure."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from pbxbridge.mail.new_mail import one_line, portal_mail


def invitation_email(  # noqa: PLR0913 - what the mail says, and where it goes
    *,
    application: str,
    number: str,
    name: str,
    link: str,
    hours: int,
    sender: str,
    recipient: str,
    sent_at: datetime,
    message_id: str,
) -> EmailMessage:
    """Return the e-mail: plain text, the link on a line of its own, no password.

    ``name`` is the extension's caller ID name; ``hours`` is how long the link is good.
    """
    application = one_line(application)
    return portal_mail(
        [
            f"You are invited to use {application} for extension {number}, {one_line(name)}.",
            "",
            "Open this page on the computer or phone where you will use it:",
            "",
            link,
            "",
            f"It leads you to {application}, and shows your user name and password once, when you",
            "press the button there. Use the link exactly as it is, and give it to nobody: whoever",
            "presses the button first has your extension.",
            "",
            f"The link is good for {hours} {'hour' if hours == 1 else 'hours'}. If it is too late,"
            " or somebody has used it",
            "before you, ask your administrator for a new one.",
        ],
        subject=f"Set up {application} for extension {number}",
        sender=sender,
        recipient=recipient,
        sent_at=sent_at,
        message_id=message_id,
    )
