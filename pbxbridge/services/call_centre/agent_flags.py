"""Keeps the Agent flag of every extension: whether somebody takes calls of queues at its phone."""

from __future__ import annotations

import asyncio

from pbxbridge.events import EventBus
from pbxbridge.mirror.queue_board import QueueBoard


class AgentFlags:
    """STUB (helper C)."""

    def __init__(self, bus: EventBus, queues: QueueBoard) -> None:
        self._bus = bus
        self._queues = queues

    async def run(self) -> None:
        """Keep them, for ever."""
        await asyncio.Event().wait()
