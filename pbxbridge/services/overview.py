"""What is open or not yet done: the numbers in the portal's status line."""

from dataclasses import dataclass

from pbxbridge.models.outbox import AsteriskNotice, MailState, OutgoingMail
from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.states.alert_list import open_alerts


@dataclass(frozen=True, slots=True)
class Waiting:
    """Alerts that are open; notices, mails and webhooks that wait; mails that were given up.

    Of the webhooks only those count that somebody did not take: the others are on their way.
    """

    alerts: int
    notices: int
    mails: int
    dead_mails: int
    webhooks: int


class Overview:
    """Reads the outboxes."""

    async def waiting(self) -> Waiting:
        """Count what waits."""
        refused = await OutgoingWebhook.filter(last_error__not="").exists()
        return Waiting(
            alerts=await open_alerts(),
            notices=await AsteriskNotice.all().count(),
            mails=await OutgoingMail.filter(state=MailState.WAITING).count(),
            dead_mails=await OutgoingMail.filter(state=MailState.DEAD).count(),
            webhooks=await OutgoingWebhook.all().count() if refused else 0,
        )
