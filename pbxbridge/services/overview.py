"""What is open or not yet done: the numbers in the portal's status line."""

from collections.abc import Mapping
from dataclasses import dataclass

from tortoise.functions import Count

from pbxbridge.models.outbox import OPEN_STATES, AsteriskNotice, MailKind, MailState, OutgoingMail
from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.states.alert_list import open_alerts


@dataclass(frozen=True, slots=True)
class Waiting:
    """Alerts that are open; notices, mails and webhooks that wait; mails that need a person.

    Of the webhooks only those count that somebody did not take: the others are on their way.
    ``invitations`` is how many of the waiting mails are invitations.
    """

    alerts: int
    notices: int
    mails: int
    held_mails: int
    dead_mails: int
    webhooks: int
    invitations: int = 0


class Overview:
    """Reads the outboxes."""

    async def waiting(self) -> Waiting:
        """Count what waits."""
        refused = await OutgoingWebhook.filter(last_error__not="").exists()
        mails = await _mails()
        return Waiting(
            alerts=await open_alerts(),
            notices=await AsteriskNotice.all().count(),
            mails=mails.get(MailState.WAITING, 0),
            held_mails=mails.get(MailState.HELD, 0),
            dead_mails=mails.get(MailState.DEAD, 0),
            webhooks=await OutgoingWebhook.all().count() if refused else 0,
            invitations=await _invitations() if mails.get(MailState.WAITING) else 0,
        )


async def _invitations() -> int:
    waiting = OutgoingMail.filter(state=MailState.WAITING, kind=MailKind.INVITATION)
    return await waiting.count()


async def _mails() -> Mapping[str, int]:
    """Return how many mails are not done with, by their state."""
    open_mails = OutgoingMail.filter(state__in=OPEN_STATES)
    counted = open_mails.annotate(count=Count("id")).group_by("state")
    return {str(state): count for state, count in await counted.values_list("state", "count")}
