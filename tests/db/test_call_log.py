"""The log of calls in queues: searched, exported, pruned."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.models.call_centre import Agent
from pbxbridge.models.realtime import QueueLogEntry
from pbxbridge.services.call_centre import call_log
from pbxbridge.services.call_centre.call_log import CallLog
from pbxbridge.services.call_centre.call_log_filter import CallLogFilter, parse_call_filter
from pbxbridge.services.call_centre.queue_call import Outcome
from pbxbridge.services.stepwise import Pace
from tests.rig.queue_log import entered, logged

BERLIN = ZoneInfo("Europe/Berlin")
# Half past midnight in Berlin.
ADA = "Agent/101"
START = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
ALL = CallLogFilter()


@pytest.fixture
async def log(database: str) -> CallLog:
    """With a call that Ada answered, one that was abandoned the day before, and one that waits."""
    await Agent.create(number="101", first_name="Ada", last_name="Lovelace", pin_hash="")
    before = START - timedelta(hours=1)
    await entered("1.1", "0301234", at=before)
    await logged("ABANDON", "1", "1", "7", call="1.1", at=before + timedelta(seconds=7))
    await entered("1.2", "+49401111", at=START)
    await logged("CONNECT", "4", "1.3", "2", call="1.2", agent=ADA, at=START + timedelta(seconds=4))
    await logged("PAUSE", "Lunch", call="NONE", agent="Agent/101", at=START)
    await logged(
        "COMPLETECALLER", "4", "60", "1", call="1.2", agent=ADA, at=START + timedelta(seconds=64)
    )
    await entered("1.4", "1003", queue="support", at=START + timedelta(minutes=2))
    return CallLog(
        BERLIN, timedelta(days=30), clock=lambda: START + timedelta(days=29, hours=23, minutes=30)
    )


async def callers(log: CallLog, **wanted: str) -> list[str]:
    page = await log.page(parse_call_filter(wanted))
    return [call.caller for call in page.items]


async def test_calls_come_newest_first_each_with_what_became_of_it(log: CallLog) -> None:
    page = await log.page(ALL)
    told = [(call.caller, call.waited, call.member, call.outcome) for call in page.items]
    assert told == [
        ("1003", None, "", Outcome.WAITING),
        ("+49401111", 4, "Agent/101", Outcome.ANSWERED),
        ("0301234", 7, "", Outcome.ABANDONED),
    ]
    assert page.older is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"queue": "support"}, ["1003"]),
        ({"queue": "nowhere"}, []),
        ({"from": "2026-11-27"}, ["1003", "+49401111"]),
        ({"to": "2026-11-26"}, ["0301234"]),
        ({"from": "2026-11-26", "to": "2026-11-26"}, ["0301234"]),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ["1003", "+49401111", "0301234"]),
        ({"from": "2030-01-01"}, []),
        ({"search": "030"}, ["0301234"]),
        ({"search": "+494"}, ["+49401111"]),
        ({"search": "ada LOVE"}, ["+49401111"]),
        ({"search": "101"}, ["+49401111"]),
        ({"search": "%"}, []),
        ({"search": "100", "queue": "sales"}, []),
    ],
)
async def test_a_search(log: CallLog, wanted: dict[str, str], found: list[str]) -> None:
    assert await callers(log, **wanted) == found


@pytest.mark.parametrize(
    "wanted",
    [
        {"from": "x"},
        {"from": "2026-11-27", "to": "2026-11-26"},
        {"search": "a\nb"},
        {"queue": "a\nb"},
    ],
)
def test_what_cannot_be_searched_for_is_refused(wanted: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        parse_call_filter(wanted)


async def test_pages_follow_each_other(log: CallLog) -> None:
    first = await log.page(ALL, per_page=2)
    assert [call.caller for call in first.items] == ["1003", "+49401111"]
    rest = await log.page(ALL, per_page=2, older_than=first.older)
    assert [call.caller for call in rest.items] == ["0301234"]
    assert rest.older is None


async def test_a_search_that_takes_long_pauses_and_goes_on(log: CallLog) -> None:
    slow = CallLog(BERLIN, timedelta(days=30), pace=Pace(step=2, steps=1))
    older, found = None, []
    for _ in range(10):
        page = await slow.page(parse_call_filter({"search": "030"}), older_than=older)
        found += [call.caller for call in page.items]
        older = page.older
        if older is None:
            break
        assert page.searched_back_to is not None
    assert found == ["0301234"]


async def exported(log: CallLog, **wanted: str) -> list[list[str]]:
    data = b"".join([part async for part in log.export(parse_call_filter(wanted))])
    header, *rows = csv.reader(data.decode("utf-8-sig").splitlines())
    assert header[:5] == ["time", "callid", "queue", "agent", "event"]
    return rows


async def test_an_export_is_the_rows_of_the_log(
    log: CallLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_log, "CHUNK", 2)
    rows = await exported(log)
    assert [row[4] for row in rows] == [
        *("ENTERQUEUE", "ABANDON", "ENTERQUEUE", "CONNECT", "PAUSE", "COMPLETECALLER"),
        "ENTERQUEUE",
    ]
    assert rows[2] == [
        *(START.isoformat(), "1.2", "sales", "NONE", "ENTERQUEUE", "", "+49401111", "1", "", "")
    ]
    assert [row[1] for row in await exported(log, queue="support")] == ["1.4"]
    assert [row[1] for row in await exported(log, to="2026-11-26")] == ["1.1", "1.1"]
    assert {row[1] for row in await exported(log, search="ada")} == {"1.2"}


async def test_an_export_of_a_search_has_each_row_of_these_calls_once_the_oldest_first(
    log: CallLog,
) -> None:
    later = START + timedelta(minutes=5)
    await entered("1.9", "0777", at=later)
    await entered("1.8", "0777", at=later)
    await logged("EXITWITHTIMEOUT", "1", "1", "7", call="1.9", at=later)
    await entered("1.9", "0777", queue="support", at=later)
    await entered("1.9", "0777", at=later)
    steps = CallLog(BERLIN, timedelta(days=30), pace=Pace(step=1))
    for each in (log, steps):
        rows = await exported(each, queue="sales", search="0777")
        assert sorted((row[1], row[4]) for row in rows) == [
            ("1.8", "ENTERQUEUE"),
            ("1.9", "ENTERQUEUE"),
            ("1.9", "ENTERQUEUE"),
            ("1.9", "EXITWITHTIMEOUT"),
        ]
        assert {row[2] for row in rows} == {"sales"}
        assert rows[0][1] == "1.9"
        assert {row[2] for row in await exported(each, search="0777")} == {"sales", "support"}


async def test_a_callers_formula_is_not_run_by_a_spreadsheet(log: CallLog) -> None:
    await entered("1.9", "=cmd|' /C calc'!A0", at=START)
    assert (await exported(log))[-1][6] == "'=cmd|' /C calc'!A0"


async def test_what_is_too_old_is_deleted(log: CallLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "CHUNK", 1)
    await log.prune()
    assert await callers(log) == ["1003", "+49401111"]
    assert await QueueLogEntry.all().count() == 5


async def test_nothing_is_deleted_unless_it_is_wished(log: CallLog) -> None:
    before = await QueueLogEntry.all().count()
    await CallLog(None, None).prune()
    assert await QueueLogEntry.all().count() == before > 5
