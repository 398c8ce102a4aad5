"""Who watches a live stream, and which events are meant for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pbxbridge.events import (
    AlertsChanged,
    CallsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    MailboxChanged,
    OutboxChanged,
    TrunksChanged,
)


@dataclass(slots=True)
class Audience:
    """A person at a page.

    ``own`` are the numbers of their extensions, which may change while they watch. ``sees_all``
    is who looks after the PBX: of another's mailbox they are told no more than that it changed.
    """

    sees_all: bool
    own: frozenset[str] = frozenset()

    def share_of(self, event: Event) -> Event | None:
        """Return what of the event is meant for this person."""
        match event:
            case MailboxChanged(number) | ExtensionSaved(number) | ExtensionDeleted(number):
                is_meant = self.sees_all or number in self.own
            case EndpointsChanged(frozenset() as numbers) | CallsChanged(
                frozenset() as numbers
            ) if not self.sees_all:
                own = numbers & self.own
                return replace(event, numbers=own) if own else None
            case OutboxChanged() | TrunksChanged() | AlertsChanged() | InvitationsChanged():
                is_meant = self.sees_all
            case _:
                is_meant = True
        return event if is_meant else None
