"""An endpoint that is followed, and what is shown of it."""

from dataclasses import dataclass
from typing import Final

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import Contacts, endpoint_state
from pbxbridge.mirror.endpoint import EndpointState, Status


@dataclass(frozen=True, slots=True)
class Tracked:
    """How an endpoint is reached, and whether Asterisk qualifies it."""

    monitored: bool
    technology: Technology

    @property
    def registers(self) -> bool:
        """Whether Asterisk is told where the device is, and so can lose it."""
        return self.technology in {Technology.PJSIP, Technology.IAX2}


# All there can be: 100,000 endpoints need no more.
TRACKED: Final = {
    (monitored, technology): Tracked(monitored, technology)
    for monitored in (False, True)
    for technology in Technology
}


def shown(number: str, contacts: Contacts, tracked: Tracked) -> EndpointState:
    """Return what the screen shows of an endpoint, save for when it was last seen."""
    if tracked.technology is Technology.DAHDI:
        # A line has no registration that could be watched, but can be called.
        return EndpointState(number, Status.UNMONITORED)
    if tracked.technology is Technology.NONE:
        return EndpointState(number)
    return endpoint_state(number, contacts, monitored=tracked.monitored)
