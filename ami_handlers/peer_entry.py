"""PeerEntry: one IAX2 peer of the list that IAXpeerlist was answered with."""

from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.peer_state import PeerListing

# What chan_iax2 prints for an address that is not there.
_NONE = "(null)"


def peer_entry(mirror: Mirror, peer: str, address: str, port: str, status: str) -> None:
    """Hand the peer to the mirror."""
    mirror.peer_listed(
        PeerListing(
            peer,
            "" if address == _NONE else address,
            int(port) if port.isdecimal() else 0,
            status,
        )
    )
