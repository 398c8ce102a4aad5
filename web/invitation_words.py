"""What the portal calls the states of an invitation."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.services.invitations.state import InvitationState

WORDS: Mapping[str, str] = {
    InvitationState.QUEUED: "Invitation queued",
    InvitationState.SENT: "Invitation sent",
    InvitationState.OPENED: "Invitation opened",
    InvitationState.CLAIMED: "Invitation claimed",
    InvitationState.EXPIRED: "Invitation expired",
    InvitationState.REVOKED: "Invitation revoked",
    InvitationState.FAILED: "Invitation not sent",
}


def invitation_words(state: str) -> str:
    """Return the state in words."""
    return WORDS[state]
