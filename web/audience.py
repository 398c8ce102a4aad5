"""Who watches a live stream, and which events are meant for them."""

from __future__ import annotations

from dataclasses import dataclass

from pbxbridge.events import (
    EndpointStateChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    MailboxChanged,
    OutboxChanged,
    TrunksChanged,
)


@dataclass(slots=True)
class Audience:
    """A person at a page.

    ``own`` are the numbers of their extensions, which may change while they watch. ``sees_all``
    is who looks after the PBX; but nobody is told of a mailbox that is not their own.
    """

    sees_all: bool
    own: frozenset[str] = frozenset()

    def may_know(self, event: Event) -> bool:
        """Whether the event is meant for this person."""
        match event:
            case MailboxChanged(number):
                return number in self.own
            case ExtensionSaved(number) | ExtensionDeleted(number):
                return self.sees_all or number in self.own
            case EndpointStateChanged(state):
                return self.sees_all or state.endpoint in self.own
            case OutboxChanged() | TrunksChanged():
                return self.sees_all
            case _:
                return True
