"""What a state that was kept says of where a device was registered."""

from pbxbridge.events import Technology
from pbxbridge.mirror.address import uri_of
from pbxbridge.mirror.contact_state import NO_CONTACTS, Contact, Contacts, Reach
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.tracked import Tracked

_REACH = {
    Status.OK: Reach.REACHABLE,
    Status.UNREACHABLE: Reach.UNREACHABLE,
    # It may also be one that had not been probed yet; it is there, then, and will be listed.
    Status.UNKNOWN: Reach.GIVEN_UP,
    Status.UNMONITORED: Reach.UNPROBED,
}


def contacts_remembered(state: EndpointState, tracked: Tracked) -> Contacts:
    """Return the one contact, or none, of which such a state is shown."""
    reach = _REACH.get(state.status)
    if reach is None or not state.ip:
        return NO_CONTACTS
    scheme = "iax" if tracked.technology is Technology.IAX2 else "sip"
    uri = uri_of(scheme, state.endpoint, state.ip, state.port)
    contact = Contact(uri, state.ip, state.port, reach, state.rtt_ms, state.user_agent)
    return {uri: contact}
