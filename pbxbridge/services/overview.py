"""What is saved but not yet done: the numbers in the portal's status line."""

from dataclasses import dataclass

from pbxbridge.models.outbox import AsteriskNotice, MailState, OutgoingMail


@dataclass(frozen=True, slots=True)
class Waiting:
    """Notices that wait for Asterisk, mails that wait to be sent, mails that were given up."""

    notices: int
    mails: int
    dead_mails: int


class Overview:
    """Reads the outboxes."""

    async def waiting(self) -> Waiting:
        """Count what waits."""
        return Waiting(
            notices=await AsteriskNotice.all().count(),
            mails=await OutgoingMail.filter(state=MailState.WAITING).count(),
            dead_mails=await OutgoingMail.filter(state=MailState.DEAD).count(),
        )
