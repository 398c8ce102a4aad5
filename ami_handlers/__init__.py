"""What each AMI event means for the mirror.

One file per family of events, one plain function per event, and here for each the headers that it
reads. An event that is not listed is ignored.

PeerStatus of PJSIP is ignored on purpose. It sums up an endpoint's contacts without an address,
says Reachable of phones that nobody qualifies, and comes out of order with ContactStatus: a phone
that moves to another port is Unreachable for a moment. ContactStatus says all of it, and truly.
Of IAX2 it is all there is. docs/events.md has the whole of it in one table.
"""

from collections.abc import Mapping
from typing import Final

from ami_handlers.contact_status import contact_status
from ami_handlers.message_waiting import message_waiting
from ami_handlers.peer_entry import peer_entry
from ami_handlers.peer_status import peer_status
from pbxbridge.mirror.ami_event import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "ContactStatus": Handler(contact_status, ("AOR", "URI", "ContactStatus"), ("RoundtripUsec",)),
    "MessageWaiting": Handler(message_waiting, ("Mailbox",)),
    "PeerEntry": Handler(peer_entry, ("ObjectName", "IPaddress", "Port", "Status")),
    "PeerStatus": Handler(
        peer_status, ("ChannelType", "Peer", "PeerStatus"), ("Address", "Cause", "Time")
    ),
}
