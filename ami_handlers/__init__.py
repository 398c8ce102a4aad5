"""What each AMI event means for the mirror.

One file per family of events, one plain function per event, one line here for each. An event that
is not listed is ignored.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ami_handlers.contact_status import contact_status
from ami_handlers.message_waiting import message_waiting
from pbxbridge.mirror.ami_event import AmiEvent
from pbxbridge.mirror.mirror import Mirror

HANDLERS: Final[Mapping[str, Callable[[AmiEvent, Mirror], None]]] = {
    "ContactStatus": contact_status,
    "MessageWaiting": message_waiting,
}
