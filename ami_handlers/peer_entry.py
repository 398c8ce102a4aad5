"""PeerEntry: one IAX2 peer of the list that IAXpeerlist was answered with."""

from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.peer_state import PeerListing

# What chan_iax2 prints for an address that is not there.
_NONE = "(null)"


def peer_entry(event: AmiEvent, mirror: Mirror) -> None:
    """Hand the peer to the mirror."""
    address, port = event["IPaddress"], event["Port"]
    mirror.peer_listed(
        PeerListing(
            peer=event["ObjectName"],
            address="" if address == _NONE else address,
            port=int(port) if port.isdecimal() else 0,
            status=event["Status"],
        )
    )
