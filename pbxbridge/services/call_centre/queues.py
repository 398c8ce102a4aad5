"""Queues: Asterisk's rows of them and of their static members."""

from __future__ import annotations

from pbxbridge.events import EventBus


class Queues:
    """STUB (helper A makes it Records[CallQueue, QueueInput], what = "queue")."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
