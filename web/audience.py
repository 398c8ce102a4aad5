"""Who watches a live stream, and which events are meant for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pbxbridge.events import (
    AlertsChanged,
    CallCentreSaved,
    CallsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    MailboxChanged,
    OutboxChanged,
    QueuesChanged,
    TrunksChanged,
)


@dataclass(slots=True)
class Audience:
    """A person at a page.

    ``own`` are the numbers of their extensions, which may change while they watch. ``sees_all``
    is who looks after the PBX: of another's mailbox they are told no more than that it changed.
    ``queues`` is the queue whose wallboard they look at, ``*`` for that of all, empty for another
    page: a wallboard shows nothing but queues, and no other page does.
    """

    sees_all: bool
    own: frozenset[str] = frozenset()
    queues: str = ""

    def share_of(self, event: Event) -> Event | None:
        """Return what of the event is meant for this person."""
        if self.queues:
            return self._at_wallboard(event)
        match event:
            case MailboxChanged(number) | ExtensionSaved(number) | ExtensionDeleted(number):
                is_meant = self.sees_all or number in self.own
            case EndpointsChanged(frozenset() as numbers) | CallsChanged(
                frozenset() as numbers
            ) if not self.sees_all:
                own = numbers & self.own
                return replace(event, numbers=own) if own else None
            case QueuesChanged():
                return self._outside_wallboard(event)
            case (
                OutboxChanged()
                | TrunksChanged()
                | AlertsChanged()
                | InvitationsChanged()
                | CallCentreSaved()
            ):
                is_meant = self.sees_all
            case _:
                is_meant = True
        return event if is_meant else None

    def _at_wallboard(self, event: Event) -> Event | None:
        match event:
            case QueuesChanged(queues):
                wanted = queues if self.queues == "*" or queues is None else queues & {self.queues}
                is_meant = wanted is None or bool(wanted)
                return QueuesChanged(wanted, frozenset(), frozenset()) if is_meant else None
            case (
                EndpointsChanged()
                | CallsChanged()
                | MailboxChanged()
                | ExtensionSaved()
                | ExtensionDeleted()
                | TrunksChanged()
                | InvitationsChanged()
            ):
                return None
            case OutboxChanged() | AlertsChanged():
                return event if self.sees_all else None
            case _:
                return event

    def _outside_wallboard(self, event: QueuesChanged) -> QueuesChanged | None:
        numbers, agents = event.numbers, event.agents
        if not self.sees_all:
            numbers = None if numbers is None else numbers & self.own
            agents = frozenset()
        if numbers == agents == frozenset():
            return None
        return QueuesChanged(frozenset(), numbers, agents)
