"""What one browser is yet to be told, gathered so that a burst of events is one message."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pbxbridge.events import (
    AlertsChanged,
    CallCentreSaved,
    CallsChanged,
    EndpointsChanged,
    Event,
    ExtensionDeleted,
    ExtensionSaved,
    InvitationsChanged,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
    QueuesChanged,
    TrunksChanged,
)


@dataclass(slots=True)
class Batch:
    """Endpoints and agents whose cells changed, and which other parts of the page did.

    ``states`` stands for more endpoints than are worth naming. ``queues`` are those whose figures
    changed, None for all.
    """

    numbers: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    queues: set[str] | None = field(default_factory=set)
    states: bool = False
    link: bool = False
    outbox: bool = False
    list: bool = False
    mailbox: bool = False


def everything() -> Batch:
    """Return what brings a browser up to date whatever it shows."""
    return Batch(queues=None, states=True, link=True, outbox=True, list=True, mailbox=True)


class LiveChanges:
    """Begins with everything. Names at most ``limit`` endpoints; beyond that, only that there are.

    Only *what* changed is kept; what it is now is read when it is sent, so nothing sent is old.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batch = everything()
        self._some = asyncio.Event()
        self._some.set()

    def note(self, event: Event) -> None:
        """Take an event from the bus."""
        match event:
            case CallsChanged(None):
                self._batch.numbers, self._batch.states = set(), True
            case EndpointsChanged(numbers) | CallsChanged(frozenset() as numbers):
                self._note_endpoints(numbers)
            case QueuesChanged():
                self._note_queues(event)
            case LinkChanged():
                # Every row says whether what it shows is old.
                self._batch.numbers, self._batch.states = set(), True
                self._batch.link = True
            case AlertsChanged():
                self._batch.outbox = self._batch.list = True
            case OutboxChanged():
                self._batch.outbox = True
            case (
                ExtensionSaved()
                | ExtensionDeleted()
                | TrunksChanged()
                | InvitationsChanged()
                | CallCentreSaved()
            ):
                self._batch.list = True
            case MailboxChanged():
                self._batch.mailbox = True
            case Overflowed():
                self._batch = everything()
        self._some.set()

    def _note_endpoints(self, numbers: frozenset[str]) -> None:
        batch = self._batch
        if not batch.states:
            batch.numbers |= numbers
            if len(batch.numbers) > self._limit:
                batch.numbers, batch.states = set(), True

    def _note_queues(self, event: QueuesChanged) -> None:
        batch = self._batch
        if event.numbers is None:
            batch.numbers, batch.states = set(), True
        else:
            self._note_endpoints(event.numbers)
        # There is a list of agents only, so it is read again where there are too many to name.
        if event.agents is None or len(batch.agents | event.agents) > self._limit:
            batch.agents, batch.list = set(), True
        else:
            batch.agents |= event.agents
        if event.queues is None or batch.queues is None:
            batch.queues = None
        else:
            batch.queues |= event.queues

    def note_list(self) -> None:
        """Have the list read again, and the mailboxes with it."""
        self._batch.list = self._batch.mailbox = True
        self._some.set()

    async def wait(self) -> None:
        """Wait until there is something to take."""
        await self._some.wait()

    def take(self) -> Batch:
        """Return what has gathered, and begin anew."""
        taken, self._batch = self._batch, Batch()
        self._some.clear()
        return taken
