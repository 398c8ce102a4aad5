"""What Asterisk must be told waits until it was told."""

import asyncio
import sqlite3
from datetime import UTC, datetime

import pytest
from tortoise import Tortoise

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import Event, EventBus, LinkChanged, QueuesChanged
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.asterisk_outbox import AsteriskOutbox
from tests.db.statements import plans, statements
from tests.eventually import eventually


class Asterisk:
    """Takes what it is told, but for the subjects that it refuses."""

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.told: list[str] = []
        self.asked = 0
        self.breaks_at = ""

    async def tell(self, _kind: NoticeKind, subject: str) -> None:
        self.asked += 1
        if subject == self.breaks_at:
            raise KeyError("ID")
        if subject in self.refuses:
            raise AsteriskUnavailable("Asterisk answered: Permission denied.")
        self.told.append(subject)


@pytest.fixture
def asterisk() -> Asterisk:
    return Asterisk()


@pytest.fixture
async def outbox(database: str, bus: EventBus, asterisk: Asterisk) -> AsteriskOutbox:
    await AsteriskNotice.all().delete()
    for subject in ("1001", "1002", "1003"):
        await AsteriskNotice.create(kind=NoticeKind.FORGET_CONTACTS, subject=subject)
    return AsteriskOutbox(bus, asterisk.tell, retry_seconds=60)


async def test_notices_are_delivered_in_order_and_forgotten(
    outbox: AsteriskOutbox, asterisk: Asterisk
) -> None:
    assert await outbox.deliver()
    assert asterisk.told == ["1001", "1002", "1003"]
    assert not await AsteriskNotice.all().exists()


async def test_what_asterisk_refuses_waits_with_its_reason_and_holds_up_nothing(
    outbox: AsteriskOutbox, asterisk: Asterisk
) -> None:
    asterisk.refuses = {"1001"}
    assert not await outbox.deliver()
    assert asterisk.told == ["1002", "1003"]
    (waiting,) = await AsteriskNotice.all()
    assert (waiting.subject, waiting.attempts) == ("1001", 1)
    assert waiting.last_error == "Asterisk answered: Permission denied."


async def test_a_fault_of_ours_in_one_notice_neither_holds_up_the_others_nor_ends_the_bridge(
    outbox: AsteriskOutbox, asterisk: Asterisk
) -> None:
    asterisk.breaks_at = "1001"
    assert not await outbox.deliver()
    assert asterisk.told == ["1002", "1003"]


@pytest.mark.parametrize(
    "heard",
    [
        LinkChanged("asterisk", up=True, since=datetime.now(UTC), reason=""),
        QueuesChanged(None, None, None),
    ],
)
async def test_it_tries_again_as_soon_as_asterisk_or_its_queues_are_back(
    outbox: AsteriskOutbox, asterisk: Asterisk, bus: EventBus, heard: Event
) -> None:
    asterisk.refuses = {"1001", "1002", "1003"}
    running = asyncio.create_task(outbox.run(), name="outbox")
    await eventually(lambda: asterisk.asked == 3)
    asterisk.refuses = set()
    bus.publish(heard)
    await eventually(lambda: asterisk.told == ["1001", "1002", "1003"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.sqlite
async def test_more_reloads_than_a_statement_has_parameters_are_told_once(
    outbox: AsteriskOutbox, asterisk: Asterisk
) -> None:
    connection = Tortoise.get_connection("default")._connection
    # Other builds take more or fewer: https://www.sqlite.org/limits.html, 9.
    limit = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    await connection._execute(connection._conn.setlimit, limit, 999)
    await reloads(1500)
    await AsteriskNotice.create(kind=NoticeKind.RELOAD_DIALPLAN, subject="cos-internal")
    asterisk.refuses = {"1002", "cos-internal"}
    async with statements() as seen:
        assert not await outbox.deliver()
    # Of what is told together, however much it is, no more than two are read.
    steps = await plans(seen)
    assert not [step for step in steps if step.startswith("SCAN")]
    assert asterisk.told == ["1001", "1003", "1"]
    left = [notice.subject for notice in await AsteriskNotice.all().order_by("id")]
    assert left == ["1002", "cos-internal"]


async def test_while_asterisk_is_away_what_waits_is_written_only_if_the_reason_is_news(
    outbox: AsteriskOutbox, asterisk: Asterisk
) -> None:
    await reloads(50)
    asterisk.refuses = {"1001", "1002", "1003", "1"}
    assert not await outbox.deliver()
    # Of the reloads, of which one telling serves all, the oldest has the reason.
    told_why = {notice.subject for notice in await AsteriskNotice.filter(attempts=1)}
    assert told_why == {"1", "1001", "1002", "1003"}
    async with statements() as seen:
        assert not await outbox.deliver()
    assert [each for each in seen if each.startswith("UPDATE")] == []
    assert asterisk.asked == 8
    asterisk.breaks_at = "1002"
    await outbox.deliver()
    assert await AsteriskNotice.filter(attempts=2, last_error__contains="KeyError").count() == 1


async def reloads(count: int) -> None:
    """Have Asterisk reload its IAX2 peers for 1 to so many."""
    await AsteriskNotice.bulk_create(
        AsteriskNotice(kind=NoticeKind.RELOAD_PEERS, subject=str(one))
        for one in range(1, count + 1)
    )
