"""MessageWaiting: a message was left, heard, moved or deleted in a voicemail box."""

from pbxbridge.mirror.mirror import Mirror


def message_waiting(mirror: Mirror, box: str) -> None:
    """Announce that the box changed; the event's counts are not told on, the box has them."""
    mailbox, _, context = box.partition("@")
    mirror.mailbox_changed(mailbox, context)
