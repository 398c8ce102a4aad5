"""What became of today's calls, queue by queue, counted from Asterisk's queue_log.

Nothing else counts: so the figures are those of queue_log, whatever was missed on the way here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from pbxbridge.events import CallCentreSaved, EventBus, Overflowed, QueuesChanged, Subscription
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.services.call_centre.day import local
from pbxbridge.services.call_centre.day_count import DayCount
from pbxbridge.services.call_centre.queue_tally import Totals
from pbxbridge.services.clock import utc_now
from pbxbridge.services.keep_trying import until_stored

# The log is looked at whenever something happens in a queue, and this often anyway.
EVERY_SECONDS = 5.0
# A row may come a moment after the event that tells of it: it is looked for twice.
PAUSES = (0.1, 0.25)


class DayTotals:
    """Today's figures."""

    def __init__(
        self, bus: EventBus, zone: ZoneInfo | None, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """``zone`` is whose midnight begins a day, None for the machine's."""
        self._bus = bus
        self._zone = zone
        self._clock = clock
        self._wake = asyncio.Event()
        self._told: QueuesChanged | None = None
        self._levels: Mapping[str, int] = {}
        self._are_levels_old = True
        self._count = DayCount(local(clock(), zone).date(), zone, {})

    def of(self, queue: str) -> Totals:
        """Return what is counted of a queue."""
        return self._count.totals.get(queue, Totals())

    async def run(self) -> None:
        """Follow the log, for ever; publishes QueuesChanged of what is other than before."""
        with self._bus.subscribe() as subscription:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(subscription), name="day-totals.listen")
                await until_stored(self.read)
                while True:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), EVERY_SECONDS)
                    self._wake.clear()
                    for pause in PAUSES:
                        await asyncio.sleep(pause)
                        await until_stored(self.read)

    async def read(self) -> None:
        """Count what came since the last time; another day, or by other levels, all anew."""
        if self._are_levels_old:
            await self._read_levels()
        day, count = local(self._clock(), self._zone).date(), self._count
        if count.day != day or count.levels != self._levels:
            count = DayCount(day, self._zone, self._levels)
        changed = await count.read()
        if count is not self._count:
            # Only now: until all was counted it would have shown too little.
            changed |= self._count.totals.keys()
            self._count = count
        if changed:
            self._told = QueuesChanged(frozenset(changed), frozenset(), frozenset())
            self._bus.publish(self._told)

    async def _listen(self, subscription: Subscription) -> None:
        async for event in subscription:
            match event:
                case QueuesChanged() if event is not self._told:
                    self._wake.set()
                case CallCentreSaved() | Overflowed():
                    self._are_levels_old = True
                    self._wake.set()

    async def _read_levels(self) -> None:
        # A change that comes while they are read has them read again.
        self._are_levels_old = False
        try:
            rows = await CallQueue.all().values_list("name", "service_level")
        except BaseException:
            self._are_levels_old = True
            raise
        self._levels = {str(name): int(level) for name, level in rows}
