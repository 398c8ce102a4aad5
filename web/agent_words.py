"""What agents do, in words."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.mirror.queue_board import Presence
from pbxbridge.mirror.queue_member import AgentState

# In the order in which they are shown.
STATES: Mapping[AgentState, str] = {
    AgentState.READY: "Ready",
    AgentState.RINGING: "Ringing",
    AgentState.ON_CALL: "On call",
    AgentState.WRAP_UP: "Wrap-up",
    AgentState.PAUSED: "Paused",
    AgentState.UNREACHABLE: "Unreachable",
    AgentState.LOGGED_OUT: "Logged out",
}


def state_words(presence: Presence) -> str:
    """Return what an agent or a static member does, with the reason of a pause."""
    words = STATES[presence.state]
    is_told = presence.reason and presence.state is AgentState.PAUSED
    return f"{words} ({presence.reason})" if is_told else words
