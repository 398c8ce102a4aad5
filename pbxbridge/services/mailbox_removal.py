"""What is left of a mailbox whose extension was deleted: recorded messages and greetings."""

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.services.realtime_writer import stored_pin
from pbxbridge.services.voicemail_spool import VoicemailSpool


async def remove_mailbox(spool: VoicemailSpool, address: str) -> None:
    """Delete the files of a mailbox such as ``1002@default``, unless the box exists again.

    It may: this is tried until it works, and meanwhile a new extension of that number may have
    got messages of its own. Raises AsteriskUnavailable if the files cannot be deleted now.
    """
    mailbox, _, context = address.partition("@")
    if await stored_pin(mailbox):
        return
    try:
        await spool.forget(context, mailbox)
    except OSError as why:
        raise AsteriskUnavailable(f"The messages of {address} stay: {why}.") from why
