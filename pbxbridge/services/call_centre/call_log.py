"""The log of calls in queues, as Asterisk keeps it in queue_log: to read, to export, to prune."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfo

import structlog
from tortoise.expressions import Q, RawSQL
from tortoise.functions import Lower
from tortoise.queryset import QuerySet

from pbxbridge.models.call_centre import Agent, CallQueue
from pbxbridge.models.realtime import QueueLogEntry
from pbxbridge.services.call_centre.call_log_filter import CallLogFilter
from pbxbridge.services.call_centre.day import local, midnight
from pbxbridge.services.call_centre.queue_call import QueueCall, calls_of
from pbxbridge.services.call_centre.queue_tally import COLUMNS, ENTERED, LogRow, log_row
from pbxbridge.services.clock import utc_now
from pbxbridge.services.column import cases_of
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.stepwise import Pace, steps
from pbxbridge.services.transfer.csv_format import written

PER_PAGE = 50
# Rows of a part of an export, and rows deleted in one transaction: a small part of a second each.
CHUNK = 1000
PRUNE_EVERY_SECONDS = 3600.0
# Ids grow with time, but for rows that were written at the same time, or by clocks that differ.
SLACK = 1000
# Other days have no midnight in every zone; no call was, or will be, on them.
EARLIEST, LATEST = date(1970, 1, 2), date(2999, 12, 31)
EXPORTED = (
    "time",
    "callid",
    "queue",
    "agent",
    "event",
    "data1",
    "data2",
    "data3",
    "data4",
    "data5",
)

# Who answered. A channel comes into a queue seldom twice; then it is found by either.
_ANSWERED_BY = RawSQL(
    "(SELECT max(other.agent) FROM queue_log other WHERE other.callid = queue_log.callid"
    " AND other.queuename = queue_log.queuename AND other.event = 'CONNECT')"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, the newest first.

    ``older`` is what the next page is asked for with, None at the end. ``searched_back_to`` is set
    if the page is not full because the search paused: how far it came, in UTC.
    """

    items: list[QueueCall]
    older: int | None
    searched_back_to: datetime | None = None


class CallLog:
    """All calls that are kept."""

    def __init__(
        self,
        zone: ZoneInfo | None,
        keep: timedelta | None,
        *,
        clock: Callable[[], datetime] = utc_now,
        pace: Pace | None = None,
    ) -> None:
        """``zone`` is whose days are meant, None for the machine's.

        ``keep`` is how long rows stay, None for ever: the table is Asterisk's, and others may have
        begun it, and read it.
        """
        self._zone = zone
        self._keep = keep
        self._clock = clock
        self._pace = pace or Pace()

    @property
    def zone_name(self) -> str:
        """Whose days and times are meant, for people."""
        return str(self._zone) if self._zone else local(self._clock(), None).tzname() or ""

    def local(self, at: datetime) -> datetime:
        """Return a moment as the call centre's clocks show it."""
        return local(at, self._zone)

    async def page(
        self, wanted: CallLogFilter, *, older_than: int | None = None, per_page: int = PER_PAGE
    ) -> CallPage:
        """Return the newest calls, of those whose id is below ``older_than``."""
        first, end = await self._bounds(wanted)
        if older_than is not None:
            end = min(end, older_than)
        calls = await self._calls(wanted)
        found: list[int] = []
        for start, stop in steps(first, end, self._pace):
            some = calls.filter(id__gte=start, id__lt=stop).order_by("-id")
            some = some.limit(per_page + 1 - len(found))
            found += [int(str(id_)) for id_ in await some.values_list("id", flat=True)]
            end = start
            if len(found) > per_page:
                return CallPage(await _read(found[:per_page]), older=found[per_page - 1])
        items = await _read(found)
        if end <= first:
            return CallPage(items, older=None)
        reached = await QueueLogEntry.filter(id__gte=end).order_by("id").first()
        return CallPage(items, older=end, searched_back_to=reached.time if reached else None)

    async def queues(self) -> list[str]:
        """Return the queues that there are."""
        names = CallQueue.all().order_by("name").values_list("name", flat=True)
        return [str(name) for name in await names]

    async def export(self, wanted: CallLogFilter) -> AsyncIterator[bytes]:
        """Yield the log's own rows as CSV, in parts: all of that queue and those days.

        Where something is searched for, those of the calls that are found.
        """
        yield written([EXPORTED], mark=True)
        parts = self._rows_of_calls(wanted) if wanted.search else self._rows(wanted)
        async for rows in parts:
            yield written(
                [row.time.isoformat(), row.callid, row.queue, row.agent, row.event, *row.data]
                for row in rows
            )

    async def run(self) -> NoReturn:
        """Prune for ever. One bridge at a time does."""
        while True:
            await until_stored(self.prune)
            await asyncio.sleep(PRUNE_EVERY_SECONDS)

    async def prune(self) -> None:
        """Delete what is too old."""
        if self._keep is None:
            return
        old = QueueLogEntry.filter(time__lt=self._clock() - self._keep).order_by("time")
        deleted = 0
        while ids := await old.limit(CHUNK).values_list("id", flat=True):
            deleted += await QueueLogEntry.filter(id__in=list(ids)).delete()
        if deleted:
            log.info("call_log.pruned", rows=deleted)

    async def _rows(self, wanted: CallLogFilter) -> AsyncIterator[list[LogRow]]:
        cursor, end = await self._bounds(wanted)
        while cursor < end:
            rows = self._of_days(wanted).filter(id__gte=cursor, id__lt=end).order_by("id")
            found = [log_row(one) for one in await rows.limit(CHUNK).values_list(*COLUMNS)]
            if not found:
                return
            yield found
            cursor = found[-1].id + 1

    async def _rows_of_calls(self, wanted: CallLogFilter) -> AsyncIterator[list[LogRow]]:
        first, end = await self._bounds(wanted)
        calls, done = await self._calls(wanted), set[tuple[str, str]]()
        every = list(steps(first, end, Pace(self._pace.step, steps=end)))
        for start, stop in reversed(every):
            found = calls.filter(id__gte=start, id__lt=stop).order_by("id")
            named = await found.values_list("callid", "queuename")
            begun = [(str(callid or ""), str(queue or "")) for callid, queue in named]
            for place in range(0, len(begun), CHUNK):
                # A channel may come into other queues, or into the same one again.
                new = set(begun[place : place + CHUNK]) - done
                done |= new
                rows = await _rows_of({callid for callid, _ in new})
                yield [row for row in rows if (row.callid, row.queue) in new]

    async def _bounds(self, wanted: CallLogFilter) -> tuple[int, int]:
        """Return between which ids the days lie: the first, and the one after the last."""
        newest = await QueueLogEntry.all().order_by("-id").first()
        end = newest.id + 1 if newest else 1
        since = await _first_since(self._begin(wanted.first_day)) if wanted.first_day else 1
        until = await _first_since(self._end(wanted.last_day)) if wanted.last_day else None
        return max(1, (since or end) - SLACK), min(end, until + SLACK) if until else end

    def _begin(self, day: date) -> datetime:
        return midnight(min(max(day, EARLIEST), LATEST), self._zone)

    def _end(self, day: date) -> datetime:
        return midnight(min(max(day, EARLIEST), LATEST) + timedelta(days=1), self._zone)

    def _of_days(self, wanted: CallLogFilter) -> QuerySet[QueueLogEntry]:
        found = QueueLogEntry.all()
        if wanted.queue:
            found = found.filter(queuename=wanted.queue)
        if wanted.first_day:
            found = found.filter(time__gte=self._begin(wanted.first_day))
        if wanted.last_day:
            found = found.filter(time__lt=self._end(wanted.last_day))
        return found

    async def _calls(self, wanted: CallLogFilter) -> QuerySet[QueueLogEntry]:
        """Return the rows with which the calls begin."""
        found = self._of_days(wanted).filter(event=ENTERED)
        if not wanted.search:
            return found
        found = found.annotate(caller=Lower("data2"), answered_by=_ANSWERED_BY)
        either = Q()
        for case in cases_of(wanted.search):
            either |= Q(caller__contains=case)
        if members := await _members(wanted.search):
            either |= Q(answered_by__in=members)
        return found.filter(either)


async def _members(part: str) -> list[str]:
    """Return who may be meant by a part of a number or name, as queue_log calls them."""
    typed = part.lower()
    rows = await Agent.all().values_list("number", "first_name", "last_name")
    agents = [
        f"Agent/{number}"
        for number, first, last in rows
        if typed in number or typed in f"{first} {last}".lower()
    ]
    # Of agents who are no more there is the number, and of static members there is no other.
    return sorted({*agents, f"Agent/{part}", part})


async def _first_since(moment: datetime) -> int | None:
    rows = QueueLogEntry.filter(time__gte=moment).order_by("time", "id").limit(1)
    found = await rows.values_list("id", flat=True)
    return int(str(found[0])) if found else None


async def _rows_of(channels: Iterable[object]) -> list[LogRow]:
    """Return all rows of these channels, by id; what is empty names none."""
    known = sorted({str(channel) for channel in channels if channel})
    rows = QueueLogEntry.filter(callid__in=known).order_by("id")
    return [log_row(one) for one in await rows.values_list(*COLUMNS)]


async def _read(ids: Sequence[int]) -> list[QueueCall]:
    if not ids:
        return []
    wanted = set(ids)
    begun = await QueueLogEntry.filter(id__in=list(ids)).values_list("callid", flat=True)
    return [call for call in calls_of(await _rows_of(begun)) if call.id in wanted]
