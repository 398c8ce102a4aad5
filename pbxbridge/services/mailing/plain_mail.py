"""Mails by which the portal says something to one person: the row in the outbox."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from pbxbridge.email_address import checked_address
from pbxbridge.errors import Invalid
from pbxbridge.models.outbox import MailKind, OutgoingMail
from pbxbridge.services.column import fits


def plain_mail(  # noqa: PLR0913 - what it says, and what the outbox must know of it
    mail: EmailMessage, *, kind: MailKind, key: str, mailbox: str, recipient: str, now: datetime
) -> OutgoingMail:
    """Return the row of a mail that waits to be sent; whoever stores it publishes OutboxChanged.

    ``key`` is no other mail's, and ``mailbox`` whose order of mails is kept.
    """
    content = mail.as_bytes()
    return OutgoingMail(
        dedupe_key=key,
        kind=kind,
        mailbox=mailbox,
        recipient=recipient,
        message_id=str(mail["Message-ID"]),
        message=content,
        size=len(content),
        next_attempt_at=now,
    )


def checked_recipient(typed: str, field: str) -> str:
    """Return the address that somebody typed, normalised. Raises Invalid for the field."""
    try:
        address = checked_address(typed.strip())
    except ValueError as why:
        raise Invalid({field: str(why)}) from why
    if not fits(OutgoingMail, "recipient", address):
        raise Invalid({field: "This address is too long."})
    return address
