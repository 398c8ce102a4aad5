"""What an invitation is at a moment, and which extensions can have one. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pbxbridge.models.outbox import MailState
from pbxbridge.services.extension_input import SIP_TYPES
from pbxbridge.services.secret_links import may_hold_secrets


class InvitationState(StrEnum):
    """What the row shows. FAILED: its mail was given up, or discarded, and nobody came."""

    QUEUED = "queued"
    SENT = "sent"
    OPENED = "opened"
    CLAIMED = "claimed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FAILED = "failed"


# While it is one of these, the link of an invitation is good.
OPEN = frozenset(
    {InvitationState.QUEUED, InvitationState.SENT, InvitationState.OPENED, InvitationState.FAILED}
)
_OF_MAIL = {
    MailState.HELD: InvitationState.QUEUED,
    MailState.WAITING: InvitationState.QUEUED,
    MailState.SENT: InvitationState.SENT,
}


class Dates(Protocol):
    """The moments of an invitation, in UTC; None for what did not happen."""

    @property
    def expires_at(self) -> datetime: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def claimed_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...


class Invited(Protocol):
    """What decides whether an extension can have an invitation."""

    @property
    def device_type(self) -> str: ...
    @property
    def phone_make(self) -> str: ...
    @property
    def auth_username(self) -> str: ...


def settled_state(dates: Dates, now: datetime) -> InvitationState | None:
    """Return the state as far as it does not depend on the mail; None if it does."""
    if dates.claimed_at:
        return InvitationState.CLAIMED
    if dates.revoked_at:
        return InvitationState.REVOKED
    if dates.expires_at <= now:
        return InvitationState.EXPIRED
    return InvitationState.OPENED if dates.opened_at else None


def state_of(dates: Dates, mail: MailState | None, now: datetime) -> InvitationState:
    """Return the state of an invitation; ``mail`` is None if its mail is not in the outbox."""
    settled = settled_state(dates, now)
    if settled is not None:
        return settled
    return _OF_MAIL.get(mail, InvitationState.FAILED) if mail else InvitationState.FAILED


def why_not_for(extension: Invited, *, is_softphone: bool) -> str:
    """Return why nobody can be invited to an extension, as a sentence; empty if they can be."""
    if extension.device_type not in SIP_TYPES:
        return "Only extensions with a SIP device can be set up by an invitation."
    if not is_softphone:
        return (
            "An invitation is for a softphone: choose one as Phone Make first, such as "
            "IntellaPhone."
        )
    if extension.auth_username:
        return (
            f"The device logs in as {extension.auth_username}, not as the extension: an invitation "
            "could not give it the right password."
        )
    return ""


def why_no_link(public_url: str) -> str:
    """Return why a link to the portal cannot be mailed, as a sentence; empty if it can be."""
    if not public_url:
        return "No link can be mailed before PBXBRIDGE_WEB__PUBLIC_URL says the portal's address."
    if may_hold_secrets(public_url):
        return ""
    return (
        "The link of an invitation must be https: PBXBRIDGE_WEB__PUBLIC_URL is not. Over http "
        "anybody on the way could read the password."
    )
