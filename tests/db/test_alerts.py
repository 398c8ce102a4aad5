"""Alerts open and end by what is in the database, and by nothing else."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError

from pbxbridge.events import AlertsChanged, EventBus
from pbxbridge.models.alert import Alert, AlertKind, DownPhone
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import StoredState
from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.states.alert_list import open_alerts, recent_alerts
from pbxbridge.services.states.alert_rules import Limits
from pbxbridge.services.states.alerts import SETTLE, Alerts
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.history import forget
from pbxbridge.services.states.phones_down import follow_phones_down, phones_down
from pbxbridge.services.states.webhooks import Webhooks
from tests.db.mail_rows import DEADLINE
from tests.db.told_states import START, Told
from tests.fakes.recording_bus import RecordingBus

LIMITS = Limits(timedelta(minutes=5), 3)
FOUR = ("1001", "1002", "1003", "1004")


@pytest.fixture
async def told(database: str) -> Told:
    told = Told()
    await told.link()
    return told


def job(told: Told, bus: EventBus | None = None) -> Alerts:
    """What a bridge that has just started looks with."""
    return Alerts(bus or EventBus(), LIMITS, Webhooks({"alerts"}), clock=told.clock)


async def named() -> list[str]:
    """What is open: numbers, and how many where many are meant."""
    rows = await Alert.filter(ended_at=None).order_by("id")
    return [row.endpoint or str(row.phones) for row in rows]


async def test_a_phone_is_named_once_it_is_down_for_long(told: Told) -> None:
    await told.say({"1001": "OK", "1002": "OK"})
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=4, seconds=59)
    await job(told).look()
    assert await named() == []
    told.after(seconds=1)
    await job(told).look()
    (alert,) = await recent_alerts()
    assert (alert.kind, alert.endpoint, alert.node) == (AlertKind.PHONE_DOWN, "1001", "asterisk")
    assert (alert.since, alert.opened_at) == (START, told.now)


async def test_who_takes_over_neither_names_it_again_nor_forgets_it(told: Told) -> None:
    await told.say({"1001": "OK"})
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=6)
    for _ in range(3):
        await job(told).look()
        told.after(seconds=5)
    assert await Alert.all().count() == 1
    await told.say({"1001": "OK"})
    await job(told).look()
    (alert,) = await recent_alerts()
    assert alert.ended_at == told.now
    assert await open_alerts() == 0
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=6)
    await job(told).look()
    assert await open_alerts() == 1
    assert await Alert.all().count() == 2


async def test_giving_up_goes_on_from_when_it_fell_silent(told: Told) -> None:
    for status in ("OK", "UNREACHABLE", "UNKNOWN"):
        await told.say({"1001": status})
        told.after(minutes=3)
    await job(told).look()
    (alert,) = await recent_alerts()
    assert alert.since == START + timedelta(minutes=3)


@pytest.mark.parametrize(
    "statuses",
    [
        ("OK", ""),  # it un-registered
        ("OK", "UNREACHABLE", ""),
        ("OK", "UNREACHABLE", "UNMONITORED"),
        ("OK", "UNREACHABLE", "UNKNOWN", "OK"),
        ("", "UNKNOWN"),  # it registered, and was not yet asked
        ("OK", "UNKNOWN"),
    ],
)
async def test_what_is_not_down_is_not_named(told: Told, statuses: tuple[str, ...]) -> None:
    for status in statuses:
        await told.say({"1001": status})
    told.after(hours=1)
    await job(told).look()
    assert await named() == []


async def test_a_phone_that_comes_back_for_a_moment_begins_anew(told: Told) -> None:
    for status in ("OK", "UNREACHABLE"):
        await told.say({"1001": status})
    told.after(minutes=4)
    await told.say({"1001": "OK"})
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=2)
    await job(told).look()
    assert await named() == []


async def test_coming_back_and_falling_silent_in_one_batch_begins_anew(told: Told) -> None:
    await told.say({"1001": "UNREACHABLE", "1002": "OK"})
    steps = [
        ("1001", "UNREACHABLE", "OK"),
        ("1001", "OK", "UNREACHABLE"),
        ("1002", "OK", "UNREACHABLE"),
        ("1002", "UNREACHABLE", "OK"),
        ("1002", "OK", "UNREACHABLE"),
        ("1003", "OK", "UNREACHABLE"),
        ("1003", "UNREACHABLE", "OK"),
    ]
    async with write_transaction() as transaction:
        changes = [
            Change("asterisk", number, before, status, "", 0, START + timedelta(minutes=minute))
            for minute, (number, before, status) in enumerate(steps)
        ]
        await follow_phones_down(transaction, changes)
    found = {phone.endpoint: phone.since for phone in await DownPhone.all()}
    assert found == {
        "1001": START + timedelta(minutes=1),
        "1002": START + timedelta(minutes=4),
    }


async def test_many_are_one_alert_until_no_more_than_the_limit_are_down(told: Told) -> None:
    await told.say(dict.fromkeys(FOUR, "OK"))
    await told.say(dict.fromkeys(FOUR, "UNREACHABLE"))
    told.after(seconds=20)
    await told.say({"1005": "UNREACHABLE"})
    await job(told).look()
    assert await named() == ["5"]
    told.after(minutes=10)
    await job(told).look()
    assert await named() == ["5"]
    await told.say({"1001": "OK", "1002": "OK"})
    await job(told).look()
    assert await named() == ["1003", "1004", "1005"]
    ended = (await recent_alerts())[-1]
    assert (ended.kind, ended.phones, ended.ended_at) == (AlertKind.MANY_DOWN, 5, told.now)


async def test_while_the_link_is_down_nothing_is_named_and_soon_after_it_came_back(
    told: Told,
) -> None:
    await told.say({"1001": "UNREACHABLE"})
    await told.link(up=False)
    told.after(minutes=10)
    await job(told).look()
    await told.link(since=told.now)
    told.after(seconds=SETTLE.total_seconds() - 1)
    await job(told).look()
    assert await named() == []
    told.after(seconds=1)
    await job(told).look()
    assert await named() == ["1001"]


async def test_the_alert_of_an_extension_that_is_deleted_ends(told: Told) -> None:
    await told.say({"1001": "UNREACHABLE", "1002": "UNREACHABLE"})
    told.after(minutes=6)
    await job(told).look()
    async with write_transaction() as transaction:
        await forget(transaction, "1001")
    await StoredState.filter(endpoint="1002").delete()  # it is not followed any more
    await job(told).look()
    assert await named() == []
    assert await Alert.all().count() == 2


async def test_a_phone_that_was_not_followed_for_a_while_begins_anew(told: Told) -> None:
    await told.say({"1001": "UNREACHABLE"})
    await StoredState.all().delete()
    told.known.clear()
    told.after(hours=1)
    await told.say({"1001": "UNREACHABLE"})
    (phone,) = await phones_down()
    assert phone.since == told.now


async def test_two_bridges_that_look_at_once_name_it_once(told: Told) -> None:
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=6)
    await job(told).look()
    open_key = (await Alert.get()).open_key
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await Alert.create(
            kind=AlertKind.PHONE_DOWN,
            node="asterisk",
            endpoint="1001",
            phones=1,
            since=told.now,
            until=told.now,
            opened_at=told.now,
            open_key=open_key,
        )


async def test_an_alert_is_logged_and_told_to_screens_and_receivers(
    told: Told, bus: EventBus
) -> None:
    structlog.reset_defaults()
    await told.say({"1001": "UNREACHABLE"})
    told.after(minutes=6)
    with bus.subscribe() as events, capture_logs() as logs:
        async with asyncio.timeout(DEADLINE):
            await job(told, bus).look()
            assert await events.get() == AlertsChanged()
            await told.say({"1001": "OK"})
            await job(told, bus).look()
            assert await events.get() == AlertsChanged()
    assert [(line["event"], line["log_level"], line["endpoint"]) for line in logs] == [
        ("alert.opened", "warning", "1001"),
        ("alert.ended", "warning", "1001"),
    ]
    opened, ended = [json.loads(row.body) for row in await OutgoingWebhook.all().order_by("id")]
    assert (opened["event"], ended["event"]) == ("alerts.opened", "alerts.ended")
    (alert,) = opened["alerts"]
    assert (alert["kind"], alert["endpoint"], alert["ended_at"]) == ("phone-down", "1001", None)
    assert ended["alerts"][0]["ended_at"] == told.now.isoformat()


async def test_nothing_to_tell_writes_nothing(told: Told) -> None:
    await told.say({"1001": "OK"})
    heard = RecordingBus()
    await job(told, heard).look()
    assert heard.published == []
    assert not await DownPhone.exists()
    assert not await OutgoingWebhook.exists()


async def test_a_storm_of_phones_is_stored_and_named_as_one(told: Told) -> None:
    numbers = [str(n) for n in range(10_000, 15_000)]
    await told.say(dict.fromkeys(numbers, "OK"))
    await told.say(dict.fromkeys(numbers, "UNREACHABLE"))
    await job(told).look()
    assert await named() == ["5000"]
    await told.say(dict.fromkeys(numbers, "OK"))
    assert not await DownPhone.exists()
    await job(told).look()
    assert await named() == []
