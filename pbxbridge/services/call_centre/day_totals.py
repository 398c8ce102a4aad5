"""What became of today's calls, queue by queue, counted from Asterisk's queue_log as it grows."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from pbxbridge.events import EventBus
from pbxbridge.services.call_centre.queue_tally import Totals


class DayTotals:
    """STUB (helper D)."""

    def __init__(self, bus: EventBus, zone: ZoneInfo | None) -> None:
        """``zone`` is whose midnight begins a day, None for the machine's."""
        self._bus = bus
        self._zone = zone

    def of(self, queue: str) -> Totals:
        """Return what is counted of a queue."""
        return Totals()

    async def run(self) -> None:
        """Follow the log, for ever; publishes QueuesChanged of what is other than before."""
        await asyncio.Event().wait()
