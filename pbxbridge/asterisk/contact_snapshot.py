"""The snapshot: who is registered by SIP and IAX2, read from the same stream as the events."""

from collections.abc import Callable

from pbxbridge.asterisk.ami_connection import AmiConnection, within
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror

# Of the lists that Asterisk offers it is the only one with URI and status of each contact and no
# password in it (PJSIPShowEndpoint has the clear one).
_CONTACTS = "PJSIPShowRegistrationInboundContactStatuses"
_CONTACT = "ContactStatusDetail"
_PEERS = "IAXpeerlist"
# Errors that mean an empty list: of no contacts, and of an Asterisk without chan_iax2.
_NOTHING = ("No Contacts found", f"Invalid/unknown command: {_PEERS}")


async def read_snapshot(
    connection: AmiConnection,
    mirror: Mirror,
    handle: Callable[[AmiEvent], None],
    time_limit: float,
) -> None:
    """Renew the mirror's view; events between the lists' lines take effect where they stand.

    ``time_limit`` is in seconds. Raises AsteriskUnavailable when Asterisk does not give a list;
    such an answer never means that there are no contacts.
    """

    def contact(item: AmiEvent) -> None:
        if item.get("Event") == _CONTACT:
            mirror.snapshot_item(_report(item))

    async with within(time_limit, "Asterisk did not finish the list of contacts."):
        await _read_list(connection, _CONTACTS, handle, contact, started=mirror.snapshot_begin)
        # A PeerEntry has a handler of its own.
        await _read_list(connection, _PEERS, handle, handle)
        mirror.snapshot_end()


async def _read_list(
    connection: AmiConnection,
    action: str,
    handle: Callable[[AmiEvent], None],
    item: Callable[[AmiEvent], None],
    started: Callable[[], None] = lambda: None,
) -> None:
    """Call ``item`` for each message of a list, and ``handle`` for those that come in between."""
    action_id = connection.send(action)
    while True:
        message = await connection.next_message()
        if message.get("ActionID") != action_id:
            handle(message)
        elif "Response" in message:
            started()
            if _is_empty(message):
                return
        elif message.get("EventList") == "Complete":
            return
        else:
            item(message)


def _is_empty(response: AmiEvent) -> bool:
    """Tell whether no list follows; raise AsteriskUnavailable if that means nothing."""
    if response["Response"] == "Success":
        return False
    sentence = response.get("Message", "")
    if sentence.startswith(_NOTHING):
        return True
    raise AsteriskUnavailable(f"Asterisk did not list its contacts: {sentence}.")


def _report(item: AmiEvent) -> ContactReport:
    return ContactReport(
        aor=item.get("AOR", ""),
        uri=item.get("URI", ""),
        status=item.get("Status", ""),
        roundtrip_usec=item.get("RoundtripUsec", ""),
        user_agent=item.get("UserAgent", ""),
    )
