"""Keeps the Agent flag of every extension: whether somebody takes calls of queues at its phone.

That is so for a static member of any queue, and where an agent is logged in. One bridge keeps it.
Of a node that is not heard any more what was known stays; before each was heard once, nobody's flag
is taken away.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from pbxbridge.events import (
    CallCentreSaved,
    Event,
    EventBus,
    ExtensionDeleted,
    ExtensionSaved,
    Overflowed,
    QueuesChanged,
)
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import QueueExtension
from pbxbridge.models.extension import Extension
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.transfer.lookup import AT_ONCE, batches

log = structlog.get_logger(__name__)


class AgentFlags:
    """Writes what is other than before."""

    def __init__(self, bus: EventBus, queues: QueueBoard) -> None:
        self._bus = bus
        self._queues = queues
        self._flagged: set[str] = set()
        self._static: set[str] = set()

    async def run(self) -> None:
        """Keep them, for ever."""
        with self._bus.subscribe() as events:
            await self._read()
            await self._keep()
            async for event in events:
                try:
                    await self._follow(event)
                except Exception:
                    # A fault of ours at one event must not end the bridge.
                    log.exception("agent_flags.broke", kind=type(event).__name__)

    async def _follow(self, event: Event) -> None:
        match event:
            case QueuesChanged(_, numbers, _) if numbers is None or numbers:
                pass
            case CallCentreSaved() | Overflowed():
                await self._read()
            case ExtensionDeleted(number):
                self._flagged.discard(number)
                self._static.discard(number)
            case ExtensionSaved(number):
                # It may be a new one of a number that somebody had before, without the flag.
                if number in self._wanted():
                    self._flagged.discard(number)
            case _:
                return
        await self._keep()

    async def _read(self) -> None:
        async def read() -> None:
            flagged = Extension.filter(agent=True).values_list("number", flat=True)
            static = QueueExtension.all().values_list("extension__number", flat=True)
            self._flagged, self._static = {*map(str, await flagged)}, {*map(str, await static)}

        await until_stored(read)

    async def _keep(self) -> None:
        wanted = self._wanted()
        gone = self._flagged - wanted if self._queues.is_complete else set()
        for numbers, flag in ((wanted - self._flagged, True), (gone, False)):
            if numbers:
                await self._store(numbers, flag=flag)
        self._flagged = (self._flagged | wanted) - gone

    def _wanted(self) -> set[str]:
        return self._static | self._queues.numbers()

    async def _store(self, numbers: Collection[str], *, flag: bool) -> None:
        async def store() -> None:
            for some in batches(sorted(numbers), AT_ONCE):
                # Not the version: nobody's edit is in the way of an agent who logs in.
                await Extension.filter(number__in=some).exclude(agent=flag).update(agent=flag)

        await until_stored(store)
        self._bus.publish(QueuesChanged(frozenset(), frozenset(numbers), frozenset()))
