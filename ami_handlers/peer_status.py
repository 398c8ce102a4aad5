"""PeerStatus: an IAX2 device registered, signed off, expired, answered or fell silent."""

from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.peer_state import PeerReport

_IAX2 = "IAX2"


def peer_status(mirror: Mirror, technology: str, peer: str, *said: str) -> None:
    """Hand an IAX2 peer to the mirror; of PJSIP, ContactStatus says more (see __init__).

    ``said`` is status, address, cause and time.
    """
    if technology == _IAX2:
        mirror.peer_changed(PeerReport(peer.removeprefix(f"{_IAX2}/"), *said))
