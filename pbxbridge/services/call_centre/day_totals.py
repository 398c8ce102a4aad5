"""What became of today's calls, queue by queue, counted from Asterisk's queue_log as it grows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pbxbridge.events import EventBus


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls since midnight.

    ``answered``, of them ``in_time`` within the queue's service level; ``abandoned`` by callers who
    hung up; ``sent_on``: waited too long, or could not wait. Seconds: ``waited``, all answered
    calls' time in the queue together, and ``talked``.
    """

    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    sent_on: int = 0
    waited: int = 0
    talked: int = 0

    @property
    def service_level(self) -> float | None:
        """The share of calls that were answered in time, 0 to 1, None without calls."""
        offered = self.answered + self.abandoned + self.sent_on
        return self.in_time / offered if offered else None


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
