"""PeerStatus: an IAX2 device registered, signed off, expired, answered or fell silent."""

from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.peer_state import PeerReport

_IAX2 = "IAX2"


def peer_status(event: AmiEvent, mirror: Mirror) -> None:
    """Hand an IAX2 peer to the mirror; of PJSIP, ContactStatus says more (see __init__)."""
    if event.get("ChannelType") != _IAX2:
        return
    mirror.peer_changed(
        PeerReport(
            peer=event["Peer"].removeprefix(f"{_IAX2}/"),
            status=event["PeerStatus"],
            address=event.get("Address", ""),
            cause=event.get("Cause", ""),
            time=event.get("Time", ""),
        )
    )
