"""MessageWaiting: a message was left, heard, moved or deleted in a voicemail box."""

from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.mirror import Mirror


def message_waiting(event: AmiEvent, mirror: Mirror) -> None:
    """Announce that the box changed; the event's counts are not told on, the box has them."""
    mailbox, _, context = event["Mailbox"].partition("@")
    mirror.mailbox_changed(mailbox, context)
