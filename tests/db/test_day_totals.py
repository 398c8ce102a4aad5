"""Today's figures, counted from queue_log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbxbridge.events import CallCentreSaved, EventBus, QueuesChanged
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.realtime import QueueLogEntry
from pbxbridge.services.call_centre import day_count, day_totals
from pbxbridge.services.call_centre.day_totals import DayTotals
from pbxbridge.services.call_centre.queue_tally import Totals
from tests.db.mail_rows import running
from tests.eventually import eventually
from tests.rig.call_centre import queue_row
from tests.rig.queue_log import logged

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 27, 11, 0, tzinfo=UTC)
DAY_BEGAN = datetime(2026, 11, 26, 23, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
async def totals(database: str, bus: EventBus, time: Clock) -> DayTotals:
    await queue_row("sales")
    return DayTotals(bus, BERLIN, clock=time)


async def connected(waited: int, *, queue: str = "sales", at: datetime = NOON) -> QueueLogEntry:
    return await logged("CONNECT", str(waited), queue=queue, agent="Agent/101", at=at)


async def test_what_came_since_the_last_time_is_added(totals: DayTotals) -> None:
    await totals.read()
    assert totals.of("sales") == Totals()
    await connected(5)
    await connected(30)
    await logged("ABANDON", at=NOON)
    await connected(1, queue="support")
    await totals.read()
    assert totals.of("sales") == Totals(answered=2, in_time=1, abandoned=1, waited=35)
    assert totals.of("support") == Totals(answered=1, waited=1)
    await logged("COMPLETEAGENT", "5", "60", at=NOON)
    await totals.read()
    assert totals.of("sales").talked == 60


async def test_a_day_begins_at_the_zones_midnight(totals: DayTotals, time: Clock) -> None:
    await connected(1, at=DAY_BEGAN - timedelta(seconds=1))
    await connected(2, at=DAY_BEGAN)
    await totals.read()
    assert totals.of("sales").waited == 2
    time.now = DAY_BEGAN + timedelta(days=1)
    await totals.read()
    assert totals.of("sales") == Totals()
    await connected(4, at=time.now)
    await totals.read()
    assert totals.of("sales").waited == 4


async def test_more_than_a_chunk_is_counted_once(
    totals: DayTotals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_count, "CHUNK", 7)
    for _ in range(20):
        await connected(1)
    for _ in range(2):
        await totals.read()
        assert totals.of("sales").answered == 20


async def test_a_row_with_a_lower_id_that_is_seen_later_is_counted(totals: DayTotals) -> None:
    for id_ in (1, 2, 5):
        await logged("ABANDON", id_=id_, at=NOON)
    await totals.read()
    await logged("ABANDON", id_=4, at=NOON)
    await totals.read()
    assert totals.of("sales").abandoned == 4


async def test_what_is_in_time_follows_the_service_level_that_is_set(
    totals: DayTotals, bus: EventBus
) -> None:
    await connected(25)
    async with running(totals):
        await eventually(lambda: totals.of("sales").answered == 1)
        assert totals.of("sales").in_time == 0
        await CallQueue.filter(name="sales").update(service_level=30)
        bus.publish(CallCentreSaved())
        await eventually(lambda: totals.of("sales").in_time == 1)
        assert totals.of("sales").answered == 1


async def test_it_looks_when_something_happens_in_a_queue_and_tells_what_changed(
    totals: DayTotals, bus: EventBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_totals, "EVERY_SECONDS", 3600)
    await logged("ABANDON", queue="support", at=NOON)
    with bus.subscribe() as told:
        async with running(totals):
            assert await told.get() == QueuesChanged(
                frozenset({"support"}), frozenset(), frozenset()
            )
            await logged("ABANDON", at=NOON)
            bus.publish(QueuesChanged(frozenset({"sales"}), frozenset(), frozenset()))
            await eventually(lambda: totals.of("sales").abandoned == 1)
            events = [await told.get() for _ in range(2)]
            assert events[0] == events[1]
            assert events[0] is not events[1]
