"""The snapshot: all inbound registrations, read from the same stream as the events."""

from collections.abc import Callable

from pbxbridge.asterisk.ami_connection import AmiConnection, within
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror

# Of the lists that Asterisk offers it is the only one with URI and status of each contact and no
# password in it (PJSIPShowEndpoint has the clear one).
_ACTION = "PJSIPShowRegistrationInboundContactStatuses"
_ITEM = "ContactStatusDetail"
_LAST = "ContactStatusDetailComplete"
_NOTHING = "No Contacts found"


async def read_snapshot(
    connection: AmiConnection,
    mirror: Mirror,
    handle: Callable[[AmiEvent], None],
    time_limit: float,
) -> None:
    """Renew the mirror's view; events between the list's lines take effect where they stand.

    ``time_limit`` is in seconds. Raises AsteriskUnavailable when Asterisk does not give the list;
    such an answer never means that there are no contacts.
    """
    async with within(time_limit, "Asterisk did not finish the list of contacts."):
        action_id = connection.send(_ACTION)
        while True:
            message = await connection.next_message()
            if message.get("ActionID") != action_id:
                handle(message)
            elif "Response" in message:
                mirror.snapshot_begin()
                if _is_empty(message):
                    break
            elif message.get("Event") == _ITEM:
                mirror.snapshot_item(_report(message))
            elif message.get("Event") == _LAST:
                break
        mirror.snapshot_end()


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
    )
