"""The snapshot: who is registered by SIP and IAX2, read from the same stream as the events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pbxbridge.asterisk.ami_connection import AmiConnection, within
from pbxbridge.asterisk.ami_message import action_id, event_name, headers_of
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror

# Of the lists that Asterisk offers it is the only one with URI and status of each contact and no
# password in it (PJSIPShowEndpoint has the clear one).
_CONTACTS = "PJSIPShowRegistrationInboundContactStatuses"
_CONTACT = "ContactStatusDetail"
_PEERS = "IAXpeerlist"
_LAST = "\r\nEventList: Complete"
# Errors that mean an empty list: of no contacts, and of an Asterisk without chan_iax2.
_NOTHING = ("No Contacts found", f"Invalid/unknown command: {_PEERS}")
_NO_RIGHT = (
    " The AMI user needs the write right `system` (manager.conf: write = system,user,agent)."
)


async def read_snapshot(
    connection: AmiConnection,
    mirror: Mirror,
    handle: Callable[[Sequence[str]], None],
    time_limit: float,
) -> None:
    """Renew the mirror's view; events between the lists' lines take effect where they stand.

    ``handle`` is given the messages that are no contacts of the list. ``time_limit`` is in seconds.
    Raises AsteriskUnavailable when Asterisk does not give a list; such an answer never means that
    there are no contacts.
    """
    reading = _Reading(connection, mirror, handle)
    async with within(time_limit, "Asterisk did not finish the list of contacts."):
        await reading.list(_CONTACTS, begin=mirror.snapshot_begin)
        await reading.list(_PEERS, begin=lambda: None)
        await mirror.snapshot_end()


@dataclass(frozen=True, slots=True)
class _Reading:
    connection: AmiConnection
    mirror: Mirror
    handle: Callable[[Sequence[str]], None]

    async def list(self, action: str, begin: Callable[[], None]) -> None:
        """Read a list to its end, and all that comes in between."""
        asked, complete = self.connection.send(action), False
        while not complete:
            for message in await self.connection.next_messages():
                if complete or action_id(message) != asked:
                    self.handle([message])
                elif not (name := event_name(message)):
                    begin()
                    complete = _is_empty(headers_of(message))
                elif name == _CONTACT:
                    self.mirror.snapshot_item(contact_report(headers_of(message)))
                elif _LAST in message:
                    complete = True
                else:
                    # A PeerEntry has a handler of its own.
                    self.handle([message])
            self.mirror.flush()


def _is_empty(response: AmiEvent) -> bool:
    """Tell whether no list follows; raise AsteriskUnavailable if that means nothing."""
    if response.get("Response") == "Success":
        return False
    sentence = response.get("Message", "")
    if sentence.startswith(_NOTHING):
        return True
    remedy = _NO_RIGHT if sentence == "Permission denied" else ""
    raise AsteriskUnavailable(f"Asterisk did not list its contacts: {sentence}.{remedy}")


def contact_report(item: AmiEvent) -> ContactReport:
    """Return what one item of the list of contacts says."""
    said = item.get
    return ContactReport(
        said("AOR", ""),
        said("URI", ""),
        said("Status", ""),
        said("RoundtripUsec", ""),
        said("UserAgent", ""),
    )
