"""ContactStatus: a device registered, moved, answered, fell silent or went away (PJSIP)."""

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror


def contact_status(mirror: Mirror, aor: str, uri: str, status: str, roundtrip_usec: str) -> None:
    """Hand the contact to the mirror."""
    mirror.contact_changed(ContactReport(aor, uri, status, roundtrip_usec))
