"""QueueMember...: a device joined a queue, left it, paused, or does something else than before.

AgentComplete: it is done with a call.
"""

from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.mirror.queue_member import Member

# What the events call a member, and what QueueStatus calls it.
EVENT = ("Queue", "Interface", "MemberName", "Membership", "Penalty", "Paused")
LISTED = ("Queue", "Location", "Name", "Membership", "Penalty", "Paused")
MORE = ("PausedReason", "Status", "InCall", "LastCall", "StateInterface")

_BY_LOGIN = "dynamic"
_YES = "1"


def queue_member(feed: QueueFeed, *said: str) -> None:
    """Hand on what a membership is, as each of these events tells in full."""
    feed.member_is(_member(*said))


def queue_member_listed(feed: QueueFeed, *said: str) -> None:
    """Hand on one item of QueueStatus."""
    feed.member_listed(_member(*said))


def queue_member_removed(feed: QueueFeed, queue: str, interface: str) -> None:
    """Hand on that a device is no member any more."""
    feed.member_gone(queue, interface)


def agent_complete(feed: QueueFeed, queue: str, interface: str) -> None:
    """Hand on that the call of a queue is over: its wrap-up counts in the device's other queues."""
    feed.call_ended(queue, interface)


def _member(  # noqa: PLR0913 - as many headers as Asterisk tells
    queue: str,
    interface: str,
    name: str,
    membership: str,
    penalty: str,
    paused: str,
    reason: str,
    status: str,
    in_call: str,
    last_call: str,
    watched: str,
) -> Member:
    return Member(
        queue=queue,
        interface=interface,
        name=name,
        dynamic=membership == _BY_LOGIN,
        penalty=_number(penalty),
        paused=paused == _YES,
        # Asterisk keeps the reason for a while after the pause.
        reason=reason if paused == _YES else "",
        status=_number(status),
        in_call=in_call == _YES,
        last_call=_number(last_call),
        watched=watched,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
