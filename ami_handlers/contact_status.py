"""ContactStatus: a device registered, moved, answered, fell silent or went away (PJSIP)."""

from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror


def contact_status(event: AmiEvent, mirror: Mirror) -> None:
    """Hand the contact to the mirror."""
    mirror.contact_changed(
        ContactReport(
            aor=event["AOR"],
            uri=event["URI"],
            status=event["ContactStatus"],
            roundtrip_usec=event.get("RoundtripUsec", ""),
        )
    )
