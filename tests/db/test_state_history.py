"""What is kept of an extension's device, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbxbridge.mirror.endpoint import Status
from pbxbridge.models.alert import DownPhone
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import StateChange, StoredState
from pbxbridge.services.states.history import BUCKETS, SHOWN_CHANGES, History, NodeHistory, forget
from pbxbridge.services.states.pruning import Pruning
from tests.db.told_states import START, Told

KEEP = timedelta(days=30)


@pytest.fixture
async def told(database: str) -> Told:
    told = Told()
    await told.link()
    return told


async def history(told: Told, number: str = "1001") -> NodeHistory:
    (found,) = await History(KEEP, clock=told.clock).of(number)
    return found


async def test_of_what_was_never_told_there_is_no_history(told: Told) -> None:
    assert await History(KEEP).of("1001") == []


async def test_last_seen_address_and_since_when(told: Told) -> None:
    await told.say({"1001": "OK"}, ip="192.0.2.7")
    told.after(hours=1)
    await told.say({"1001": "UNREACHABLE"}, ip="192.0.2.7")
    told.after(hours=1)
    await told.say({"1001": ""})
    found = await history(told)
    assert (found.status, found.since) == (Status.BLANK, START + timedelta(hours=2))
    assert found.last_seen == START + timedelta(hours=1)
    assert (found.last_ip, found.last_port) == ("192.0.2.7", 5060)


async def test_a_flap_is_an_ok_that_ended(told: Told) -> None:
    for status in ("OK", "UNREACHABLE", "UNKNOWN", "OK", "OK", "", "OK"):
        await told.say({"1001": status, "1002": "OK"})
        told.after(minutes=1)
    assert (await history(told)).flaps == 2
    assert (await history(told, "1002")).flaps == 0


async def test_the_last_changes_come_newest_first_and_are_few(told: Told) -> None:
    for minute in range(SHOWN_CHANGES + 5):
        await told.say({"1001": "OK" if minute % 2 else "UNREACHABLE"}, ip=f"192.0.2.{minute}")
        told.after(minutes=1)
    changes = (await history(told)).changes
    assert len(changes) == SHOWN_CHANGES
    assert [change.ip for change in changes[:2]] == ["192.0.2.24", "192.0.2.23"]
    assert [change.status for change in changes[:2]] == [Status.UNREACHABLE, Status.OK]


async def test_shares_of_the_last_day(told: Told) -> None:
    await told.say({"1001": "OK"})
    told.after(hours=30)
    await told.say({"1001": "UNREACHABLE"})
    told.after(hours=6)
    found = await history(told)
    assert len(found.shares) == BUCKETS
    assert found.total.answers == pytest.approx(0.75)
    assert found.total.silent == pytest.approx(0.25)


async def test_what_a_node_last_said_counts_until_its_link_went_down(told: Told) -> None:
    await told.say({"1001": "OK"})
    told.after(hours=24)
    await told.link(up=False, since=told.now - timedelta(hours=12))
    total = (await history(told)).total
    assert (total.answers, total.unknown) == pytest.approx((0.5, 0.5))


async def test_where_the_device_is_comes_first(told: Told) -> None:
    other = Told(node="branch")
    await other.link()
    await told.say({"1001": "OK"})
    told.after(hours=1)
    await told.say({"1001": ""})
    await other.say({"1001": "OK"})
    assert [one.node for one in await History(KEEP).of("1001")] == ["branch", "asterisk"]


async def test_nothing_is_left_of_an_extension_that_is_forgotten(told: Told) -> None:
    await told.say({"1001": "UNREACHABLE", "1002": "UNREACHABLE"})
    async with write_transaction() as transaction:
        await forget(transaction, "1001")
    for model in (StateChange, DownPhone):
        assert [row.endpoint for row in await model.all()] == ["1002"]


async def test_what_is_too_old_is_pruned_but_for_the_last_of_each_endpoint(told: Told) -> None:
    for status in ("OK", "UNREACHABLE", "OK"):
        await told.say({"1001": status, "1002": status})
        told.after(minutes=1)
    told.after(days=31)
    await told.say({"1001": "UNREACHABLE"})
    await Pruning(KEEP, clock=told.clock).prune()
    left = await StateChange.all().order_by("id").values_list("endpoint", "status")
    assert left == [("1001", "OK"), ("1002", "OK"), ("1001", "UNREACHABLE")]
    assert (await history(told)).total.answers == pytest.approx(1.0)


async def test_of_an_endpoint_that_is_gone_nothing_is_kept(told: Told) -> None:
    await told.say({"1001": "OK"})
    await StoredState.all().delete()
    told.after(days=31)
    await Pruning(KEEP, clock=told.clock).prune()
    assert not await StateChange.exists()


async def test_many_changes_are_pruned_in_several_slices(told: Told) -> None:
    numbers = [str(1001 + n) for n in range(700)]
    for status in ("OK", "UNREACHABLE", "OK", "UNREACHABLE"):
        await told.say(dict.fromkeys(numbers, status))
        told.after(seconds=1)
    told.after(days=31)
    await Pruning(KEEP, clock=told.clock).prune()
    assert await StateChange.all().count() == 700
    await Pruning(KEEP, clock=told.clock).prune()
    assert {row.status for row in await StateChange.all()} == {"UNREACHABLE"}
