"""What is left of a mailbox whose extension was deleted: recorded messages and greetings."""

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.services.realtime_writer import stored_pin
from pbxbridge.services.voicemail.store import MessageStore


async def remove_mailbox(store: MessageStore, address: str) -> None:
    """Delete all that is in a mailbox such as ``1002@default``, unless the box exists again.

    It may: this is tried until it works, and meanwhile a new extension of that number may have
    got messages of its own. Raises AsteriskUnavailable if it cannot be deleted now.
    """
    mailbox, _, context = address.partition("@")
    if await stored_pin(mailbox):
        return
    try:
        await store.forget(context, mailbox)
    except OSError as why:
        raise AsteriskUnavailable(f"The messages of {address} stay: {why}.") from why
