"""One day of queue_log, counted as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from pbxbridge.models.realtime import QueueLogEntry
from pbxbridge.services.call_centre.day import midnight
from pbxbridge.services.call_centre.queue_tally import (
    COLUMNS,
    COUNTED,
    LogRow,
    Totals,
    log_row,
    tally,
)

CHUNK = 2000
# Of rows that are written at the same time the one with the higher id may be seen first. What came
# within one to two of these periods is read again, but no more than a chunk.
SETTLE_SECONDS = 5.0


class DayCount:
    """The totals of a day by queue, in which calls are in time by ``levels`` (seconds by queue)."""

    def __init__(self, day: date, zone: ZoneInfo | None, levels: Mapping[str, int]) -> None:
        self.day = day
        self.levels = levels
        self.totals: dict[str, Totals] = {}
        self._start = midnight(day, zone)
        self._changed: set[str] = set()
        # The ids that are counted, as far back as they are read again: behind ``_settled``.
        self._seen: set[int] = set()
        self._newest = self._settled = self._settles_next = 0
        self._settled_at = 0.0

    async def read(self) -> set[str]:
        """Count what is new; return the queues whose totals changed."""
        cursor = self._settled or await self._before_the_day()
        if cursor is not None:
            while rows := await self._after(cursor):
                self._count(rows)
                cursor = rows[-1].id
            self._newest = max(self._newest, cursor)
            self._settle()
        changed, self._changed = self._changed, set()
        return changed

    async def _before_the_day(self) -> int | None:
        """Return an id before all rows of the day, None if it has no row yet."""
        rows = QueueLogEntry.filter(time__gte=self._start).order_by("time", "id").limit(1)
        first = await rows.values_list("id", flat=True)
        # Clocks of several nodes differ: the row with the first time need not have the first id.
        return max(0, int(str(first[0])) - CHUNK) if first else None

    async def _after(self, id_: int) -> list[LogRow]:
        rows = QueueLogEntry.filter(id__gt=id_, event__in=sorted(COUNTED), time__gte=self._start)
        found = await rows.order_by("id").limit(CHUNK).values_list(*COLUMNS)
        return [log_row(values) for values in found]

    def _count(self, rows: Iterable[LogRow]) -> None:
        for row in rows:
            if row.id in self._seen:
                continue
            self._seen.add(row.id)
            # A queue that Asterisk has beside the portal's promises nothing.
            if more := tally(row, self.levels.get(row.queue, -1)):
                self.totals[row.queue] = self.totals.get(row.queue, Totals()) + more
                self._changed.add(row.queue)

    def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._settled_at >= SETTLE_SECONDS:
            self._settled, self._settles_next = self._settles_next, self._newest
            self._settled_at = now
        self._settled = max(self._settled, self._newest - CHUNK)
        self._seen = {id_ for id_ in self._seen if id_ > self._settled}
