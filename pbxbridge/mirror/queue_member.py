"""A member of a queue as Asterisk tells of it, and what that makes of an agent: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

# What the name of a member begins with who is logged in as an agent (dialplan/extensions.conf).
AGENT = "Agent/"
# Technologies whose device has the extension's number: alone, or with a context behind it.
_BY_NUMBER = frozenset({"PJSIP", "IAX2", "Local"})


class AgentState(Enum):
    """What a member does; the values are in the order in which the wallboard shows them."""

    READY = "ready"
    RINGING = "ringing"
    ON_CALL = "on-call"
    WRAP_UP = "wrap-up"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    LOGGED_OUT = "logged-out"


# AST_DEVICE_*: https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Events/QueueMemberStatus/
_TALKING = frozenset({2, 3, 7, 8})  # in use, busy, ringing while in use, on hold
_RINGING = 6
_NOT_THERE = frozenset({4, 5})  # invalid, unavailable


@dataclass(frozen=True, slots=True)
class Member:
    """One membership: a device that takes calls of a queue, on one node.

    ``interface`` is the device, as PJSIP/1002; others than pbxbridge may have it called through the
    dialplan (Local/1002@extensions), and ``watched`` is then whose state counts. ``name`` is
    ``Agent/101`` of who is logged in.
    ``dynamic``: joined by logging in, not by a row of queue_members. ``reason`` is why it is
    paused, ``status`` the device's AST_DEVICE_*. ``last_call`` is when its last call ended (Unix
    time, 0: none), ``wrap_up`` the seconds after that in which it gets no call.
    """

    queue: str
    interface: str
    name: str
    dynamic: bool
    penalty: int
    paused: bool
    reason: str
    status: int
    in_call: bool
    last_call: float
    wrap_up: int = 0
    watched: str = ""

    @property
    def agent(self) -> str:
        """The number of the agent who is logged in, empty for another member."""
        return self.name.removeprefix(AGENT) if self.name.startswith(AGENT) else ""

    @property
    def number(self) -> str:
        """The extension at whose phone it is, empty if that is not known."""
        for device in (self.watched, self.interface):
            technology, _, rest = device.partition("/")
            if technology in _BY_NUMBER:
                return rest.partition("@")[0]
        return "" if self.agent else self.name

    @property
    def wraps_up_until(self) -> float:
        """When the time after its last call ends (Unix time), 0 if there is none."""
        return self.last_call + self.wrap_up if self.last_call and self.wrap_up else 0


def state_of(memberships: Sequence[Member], now: float, own: Member | None = None) -> AgentState:
    """Return what one device does; ``now`` is Unix time.

    A queue gives it no call while it is busy for any queue; whether it is paused, or wraps up,
    depends on ``own``, the membership of one queue. None for what holds in all, or in any.
    """
    each = memberships
    paused = own.paused if own else all(m.paused for m in each)
    wrapping = [own] if own else each
    ways = (
        (not each, AgentState.LOGGED_OUT),
        (any(m.in_call or m.status in _TALKING for m in each), AgentState.ON_CALL),
        (any(m.status == _RINGING for m in each), AgentState.RINGING),
        (paused, AgentState.PAUSED),
        (all(m.status in _NOT_THERE for m in each), AgentState.UNREACHABLE),
        (any(m.wraps_up_until > now for m in wrapping), AgentState.WRAP_UP),
    )
    return next((state for holds, state in ways if holds), AgentState.READY)


def reason_of(memberships: Sequence[Member]) -> str:
    """Return why a paused device is paused, empty if nothing was said."""
    return next((each.reason for each in memberships if each.reason), "")
