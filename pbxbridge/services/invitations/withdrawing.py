"""Takes invitations back: links that are not claimed yet, and mails that are not sent yet."""

from __future__ import annotations

from datetime import datetime

from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.models.outbox import OPEN_STATES, MailKind, OutgoingMail
from pbxbridge.models.phone import Invitation
from pbxbridge.services.invitations.visits import end_visits
from pbxbridge.services.mailing.discarding import discard_all
from pbxbridge.services.mailing.outbox_list import EXTENSION


def mailbox_of_invitations(number: str) -> str:
    """Return by what the outbox knows the invitations to an extension."""
    return f"{EXTENSION}{number}"


async def revoke_open(
    transaction: TransactionalDBClient, extension_id: int, number: str, now: datetime
) -> int:
    """Revoke what was not claimed; return how many links that ends. Visits end as well."""
    unclaimed = Invitation.filter(
        extension_id=extension_id, claimed_at__isnull=True, revoked_at__isnull=True
    )
    count = await unclaimed.using_db(transaction).update(revoked_at=now)
    await end_visits(transaction, extension_id)
    await discard_mails(transaction, number, "The invitation was revoked.")
    return count


async def discard_mails(transaction: TransactionalDBClient, number: str, why: str) -> None:
    """See to it that no mail with a link goes out any more, not even if one is sent again."""
    mails = OutgoingMail.filter(
        mailbox=mailbox_of_invitations(number), kind=MailKind.INVITATION, state__in=OPEN_STATES
    )
    await discard_all(mails.using_db(transaction), why)
