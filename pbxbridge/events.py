"""What changed: frozen events, and the in-process bus that carries them.

Every subscriber has a bounded queue of its own. One that falls behind loses its backlog and gets
a single ``Overflowed`` instead, so a slow browser can neither stall the bus nor be silently wrong:
it reads everything again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Technology(StrEnum):
    """Which of Asterisk's channel technologies reaches an extension's device."""

    PJSIP = "PJSIP"
    IAX2 = "IAX2"
    DAHDI = "DAHDI"
    NONE = ""  # no device: voicemail or forwards only


@dataclass(frozen=True, slots=True)
class ExtensionSaved:
    """An extension was created or changed, and the change is committed."""

    number: str
    monitored: bool
    technology: Technology = Technology.PJSIP


@dataclass(frozen=True, slots=True)
class ExtensionDeleted:
    """An extension is gone, and the deletion is committed."""

    number: str


@dataclass(frozen=True, slots=True)
class TrunksChanged:
    """A trunk was created, changed or deleted, and that is committed."""


@dataclass(frozen=True, slots=True)
class EndpointsChanged:
    """What Asterisk says of these endpoints is other than it was."""

    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class CallsChanged:
    """The phones of these extensions do something else than before; None: maybe those of all."""

    numbers: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class QueuesChanged:
    """What happens in queues is other than it was, seen live.

    ``queues`` are named, ``numbers`` are extensions whose phones take calls of queues, ``agents``
    agents' numbers. None: maybe all.
    """

    queues: frozenset[str] | None
    numbers: frozenset[str] | None
    agents: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class CallCentreSaved:
    """An agent or a queue was created, changed or deleted, and that is committed."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A node's AMI link came up or went down; ``reason`` is a sentence for the screen when down."""

    node: str
    up: bool
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NodeChanged:
    """Another bridge stored something new of the node that it listens to."""

    node: str


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """Asterisk says that the messages of a mailbox changed (AMI MessageWaiting)."""

    mailbox: str
    context: str


@dataclass(frozen=True, slots=True)
class OutboxChanged:
    """An outbox (mail, or what Asterisk must be told) gained, sent or gave up a row."""


@dataclass(frozen=True, slots=True)
class InvitationsChanged:
    """An invitation was sent, opened, claimed or revoked, and that is committed."""


@dataclass(frozen=True, slots=True)
class AlertsChanged:
    """An alert opened or ended, and that is committed."""


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The subscriber was too slow and missed events; it must read the present state again."""


Event = (
    ExtensionSaved
    | ExtensionDeleted
    | TrunksChanged
    | EndpointsChanged
    | CallsChanged
    | QueuesChanged
    | CallCentreSaved
    | LinkChanged
    | NodeChanged
    | MailboxChanged
    | OutboxChanged
    | InvitationsChanged
    | AlertsChanged
    | Overflowed
)


class Subscription:
    """One subscriber's bounded view of the bus: iterate it to receive events in order."""

    def __init__(self, size: int) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(maxsize=size)

    def offer(self, event: Event) -> None:
        """Queue the event; when the queue is full, replace the backlog by one ``Overflowed``."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            event = Overflowed()
        self._queue.put_nowait(event)

    async def get(self) -> Event:
        """Wait for the next event."""
        return await self._queue.get()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            yield await self._queue.get()


class EventBus:
    """Carries events from who changed something to everyone who watches, in publishing order."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, event: Event) -> None:
        """Hand the event to every subscriber; never blocks and never raises."""
        for subscription in self._subscriptions:
            subscription.offer(event)

    @contextmanager
    def subscribe(self, size: int = 1000) -> Iterator[Subscription]:
        """Receive every event published inside the ``with`` block; ``size`` bounds the backlog."""
        subscription = Subscription(size)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
