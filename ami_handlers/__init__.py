"""What each AMI event means for the mirror.

One file per family of events, one plain function per event, and here for each the headers that it
reads. An event that is not listed is ignored.

PeerStatus of PJSIP is ignored on purpose. It sums up an endpoint's contacts without an address,
says Reachable of phones that nobody qualifies, and comes out of order with ContactStatus: a phone
that moves to another port is Unreachable for a moment. ContactStatus says all of it, and truly.
Of IAX2 it is all there is. docs/events.md has the whole of it in one table.

What happens in queues is told to a feed of its own, by QUEUE_HANDLERS.
"""

from collections.abc import Mapping
from typing import Final

from ami_handlers.contact_status import contact_status
from ami_handlers.message_waiting import message_waiting
from ami_handlers.peer_entry import peer_entry
from ami_handlers.peer_status import peer_status
from ami_handlers.queue_caller import CALLER, queue_caller_gone, queue_caller_join, queue_entry
from ami_handlers.queue_caller import MORE as CALLER_ID
from ami_handlers.queue_member import (
    EVENT,
    LISTED,
    agent_complete,
    queue_member,
    queue_member_listed,
    queue_member_removed,
)
from ami_handlers.queue_member import MORE as STATE
from pbxbridge.mirror.ami_event import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "ContactStatus": Handler(contact_status, ("AOR", "URI", "ContactStatus"), ("RoundtripUsec",)),
    "MessageWaiting": Handler(message_waiting, ("Mailbox",)),
    "PeerEntry": Handler(peer_entry, ("ObjectName", "IPaddress", "Port", "Status")),
    "PeerStatus": Handler(
        peer_status, ("ChannelType", "Peer", "PeerStatus"), ("Address", "Cause", "Time")
    ),
}

_MEMBER = Handler(queue_member, EVENT, STATE)
QUEUE_HANDLERS: Final[Mapping[str, Handler]] = {
    "QueueMember": Handler(queue_member_listed, LISTED, STATE),
    "QueueMemberAdded": _MEMBER,
    "QueueMemberPause": _MEMBER,
    "QueueMemberPenalty": _MEMBER,
    "QueueMemberRingInUse": _MEMBER,
    "QueueMemberStatus": _MEMBER,
    "AgentComplete": Handler(agent_complete, ("Queue", "Interface")),
    "QueueMemberRemoved": Handler(queue_member_removed, ("Queue", "Interface")),
    "QueueEntry": Handler(queue_entry, (*CALLER, "Wait"), CALLER_ID),
    "QueueCallerJoin": Handler(queue_caller_join, CALLER, CALLER_ID),
    "QueueCallerLeave": Handler(queue_caller_gone, CALLER),
    "QueueCallerAbandon": Handler(queue_caller_gone, CALLER),
}
