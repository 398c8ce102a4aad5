"""Queues: what may be typed, the rows that Asterisk reads, and who is told of what changed."""

from __future__ import annotations

import pytest

from pbxbridge.errors import Conflict, NotFound
from pbxbridge.events import CallCentreSaved, EventBus, OutboxChanged
from pbxbridge.models.call_centre import CallQueue, QueueAgent, QueueExtension
from pbxbridge.models.realtime import DialplanRow, Queue, QueueMember, StaticConfigRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.extensions import Extensions
from tests.db.people import audited
from tests.db.queue_site import SALES, queues_to_be, refusal
from tests.fakes.recording_bus import RecordingBus
from tests.rig.asterisk_notices import taken_notices
from tests.rig.calling import calling_on


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
async def queues(database: str, bus: EventBus, extensions: Extensions, admin: Actor) -> Queues:
    return await queues_to_be(bus, extensions, admin)


async def steps(number: str = "600", context: str = "extensions") -> list[str]:
    rows = DialplanRow.filter(context=context, exten=number).order_by("priority")
    return [str(data) for data in await rows.values_list("appdata", flat=True)]


async def logins(agent: str) -> list[str]:
    """Return what an agent is told to log in to."""
    return (await steps(agent, "agents"))[:-1]


async def members(queue: str = "sales") -> dict[str, tuple[str, str, int]]:
    """Return what Asterisk reads of static members, by device."""
    rows = await QueueMember.filter(queue_name=queue).order_by("membername")
    return {row.interface: (row.membername, row.state_interface, row.penalty) for row in rows}


@pytest.mark.alembic
async def test_asterisk_reads_a_queue_as_it_was_typed(queues: Queues, admin: Actor) -> None:
    typed = {
        "strategy": "ringall",
        "timeout": "20",
        "wrap_up": "30",
        "music": "jazz",
        "max_wait": "300",
        "announce_every": "60",
        "service_level": "15",
        "join_empty": False,
        "fallback": "1003",
        "agents": "101, 102:5",
        "extensions": "1002:1 1001",
    }
    made = await queues.create(admin, {**SALES, **typed})
    assert made == await queues.get("sales")
    assert made.fields.agents == ["101", "102:5"]
    assert made.fields.extensions == ["1001", "1002:1"]
    assert await steps() == ["sub-queue,s,1(sales,300,1003)"]
    row = await Queue.get(name="sales").values()
    told = {
        "strategy": "ringall",
        "musiconhold": "jazz",
        "timeout": 20,
        "wrapuptime": 30,
        "servicelevel": 15,
        "announce_frequency": 60,
        "announce_position": "yes",
        "announce_holdtime": "no",
        "joinempty": "unavailable,invalid,unknown",
        "leavewhenempty": "unavailable,invalid,unknown",
        "ringinuse": "no",
        "autofill": "yes",
    }
    assert row | told == row
    assert await members() == {
        "PJSIP/1001": ("1001", "PJSIP/1001", 0),
        "IAX2/1002": ("1002", "IAX2/1002", 1),
    }
    assert await logins("101") == ["sub-agent-queues,s,1(sales:0)"]
    assert await logins("102") == ["sub-agent-queues,s,1(sales:5)"]
    assert await logins("103") == []
    assert await taken_notices() == [
        ("place-agent", "101"),
        ("place-agent", "102"),
        ("reread-queue", "sales"),
    ]


async def test_what_is_left_empty_is_as_usual(queues: Queues, admin: Actor) -> None:
    empty = dict.fromkeys(("wrap_up", "max_wait", "announce_every", "music", "fallback"), "")
    made = await queues.create(admin, {**SALES, **empty, "agents": "", "extensions": " , "})
    fields = made.fields
    assert (fields.wrap_up, fields.max_wait, fields.announce_every) == (0, 0, 0)
    assert (fields.agents, fields.extensions, fields.join_empty) == ([], [], True)
    assert await steps() == ["sub-queue,s,1(sales,,,r)"], "a ringing tone instead of music"
    row = await Queue.get(name="sales")
    assert (row.joinempty, row.leavewhenempty, row.announce_position) == ("yes", "no", "no")


@pytest.mark.alembic
async def test_members_and_penalties_follow_and_who_is_concerned_is_told(
    queues: Queues, admin: Actor
) -> None:
    typed = {"agents": "101 102:5", "extensions": "1001 1002:1"}
    await queues.create(admin, {**SALES, **typed})
    await queues.create(admin, {"name": "support", "number": "601", "agents": "101"})
    await taken_notices()
    untouched = await QueueMember.get(interface="PJSIP/1001")
    await queues.update(admin, "sales", {"agents": "102:6 103", "extensions": "1001 1003:2"})
    assert await logins("101") == ["sub-agent-queues,s,1(support:0)"]
    assert await logins("102") == ["sub-agent-queues,s,1(sales:6)"]
    assert await logins("103") == ["sub-agent-queues,s,1(sales:0)"]
    assert await members() == {
        "PJSIP/1001": ("1001", "PJSIP/1001", 0),
        "PJSIP/1003": ("1003", "PJSIP/1003", 2),
    }
    kept = await QueueMember.get(interface="PJSIP/1001")
    assert kept.uniqueid == untouched.uniqueid, "what Asterisk wrote into its row stays"
    assert await taken_notices() == [
        *(("place-agent", number) for number in ("101", "102", "103")),
        ("reread-queue", "sales"),
    ]
    await queues.update(admin, "sales", {"agents": "102:6 103:1"})
    assert await taken_notices() == [("place-agent", "103"), ("reread-queue", "sales")]


async def test_a_pause_that_asterisk_wrote_outlives_a_change(queues: Queues, admin: Actor) -> None:
    await queues.create(admin, {**SALES, "extensions": "1001"})
    await QueueMember.all().update(paused=1, reason_paused="Lunch")
    await queues.update(admin, "sales", {"timeout": 30, "extensions": "1001:3"})
    row = await QueueMember.get(interface="PJSIP/1001")
    assert (row.paused, row.reason_paused, row.penalty) == (1, "Lunch", 3)


async def test_other_settings_concern_no_agent(queues: Queues, admin: Actor) -> None:
    await queues.create(admin, {**SALES, "agents": "101"})
    await taken_notices()
    changed = await queues.update(admin, "sales", {"wrap_up": 45})
    assert (changed.version, changed.fields.wrap_up) == (2, 45)
    assert await taken_notices() == [("reread-queue", "sales")]
    assert await queues.wrap_ups() == {"sales": 45}
    same = await queues.update(admin, "sales", {"wrap_up": 45})
    assert (same.version, await taken_notices()) == (2, [])


async def test_an_agent_of_many_queues_has_as_many_rows_as_it_takes(
    queues: Queues, admin: Actor
) -> None:
    for number in range(15):
        name = f"{'q' * 25}-{number:02}"
        await queues.create(admin, {"name": name, "number": str(600 + number), "agents": "101:20"})
    rows = await steps("101", "agents")
    assert [row.count(":") for row in rows] == [7, 7, 1, 0]
    assert all(len(row) <= 256 for row in rows)


async def test_another_number_moves_the_row_and_what_unknown_dids_ring(
    queues: Queues, bus: EventBus, admin: Actor
) -> None:
    inbound = calling_on(bus).inbound
    await queues.create(admin, SALES)
    await inbound.update(admin, {"unknown_did": "600"})
    await queues.update(admin, "sales", {"number": "601"})
    assert (await steps(), await steps("601")) == ([], ["sub-queue,s,1(sales)"])
    assert (await inbound.get()).fields.unknown_did == "601"
    row = await StaticConfigRow.get(category="did-unknown")
    assert row.var_val == "s,1,Goto(extensions,601,1)"


async def test_a_queue_that_calls_are_sent_to_stays(
    queues: Queues, bus: EventBus, extensions: Extensions, admin: Actor
) -> None:
    inbound = calling_on(bus).inbound
    await queues.create(admin, SALES)
    await extensions.update(admin, "1003", {"forward_busy": "600"})
    with pytest.raises(Conflict, match="extension 1003"):
        await queues.delete(admin, "sales")
    wrong = await refusal(queues.update(admin, "sales", {"number": "601"}))
    assert wrong == {"number": "Calls are sent to 600 by extension 1003."}
    await extensions.update(admin, "1003", {"forward_busy": ""})
    await inbound.update(admin, {"unknown_did": "600"})
    with pytest.raises(Conflict, match="unknown DIDs"):
        await queues.delete(admin, "sales")
    await inbound.update(admin, {"unknown_did": ""})
    await queues.delete(admin, "sales")


async def test_calls_cannot_go_round_between_a_queue_and_its_fallback(
    queues: Queues, extensions: Extensions, admin: Actor
) -> None:
    await queues.create(admin, {**SALES, "fallback": "1003"})
    wrong = await refusal(extensions.update(admin, "1003", {"forward_all": "600"}))
    assert "1003 → 600 (all calls) → 1003 (no answer)" in wrong["forward_all"]
    await queues.update(admin, "sales", {"fallback": ""})
    await extensions.update(admin, "1003", {"forward_all": "600"})
    wrong = await refusal(queues.update(admin, "sales", {"fallback": "1003"}))
    circle = "600 → 1003 (no answer) → 600 (all calls)"
    assert wrong == {"fallback": f"Calls could go round in circles: {circle}."}


@pytest.mark.alembic
async def test_what_is_deleted_leaves_nothing_and_agents_and_asterisk_are_told(
    queues: Queues, admin: Actor
) -> None:
    typed = {"agents": "101", "extensions": "1001"}
    await queues.create(admin, {**SALES, **typed})
    await queues.create(admin, {"name": "support", "number": "601", **typed})
    await taken_notices()
    await queues.delete(admin, "sales")
    assert await taken_notices() == [("place-agent", "101"), ("reread-queue", "sales")]
    assert await steps() == []
    assert await logins("101") == ["sub-agent-queues,s,1(support:0)"]
    for model, column in (
        (CallQueue, "name"),
        (QueueAgent, "queue_id"),
        (QueueExtension, "queue_id"),
        (Queue, "name"),
        (QueueMember, "queue_name"),
    ):
        left = [row[column] for row in await model.all().values(column)]
        assert left == ["support"], model
    with pytest.raises(NotFound):
        await queues.get("sales")


async def test_it_is_audited_in_full_and_told_to_the_bus(
    queues: Queues, bus: RecordingBus, admin: Actor
) -> None:
    bus.published.clear()
    await queues.create(admin, {**SALES, "agents": "101"})
    assert bus.published == [CallCentreSaved(), OutboxChanged()]
    await queues.update(admin, "sales", {"agents": "101:5", "timeout": 30})
    await queues.delete(admin, "sales", version=2)
    (changed,) = await audited("queue.changed")
    assert (changed.subject, changed.before, changed.after) == (
        "sales",
        {"agents": ["101"], "timeout": 15},
        {"agents": ["101:5"], "timeout": 30},
    )
    assert [len(await audited(f"queue.{verb}")) for verb in ("created", "deleted")] == [1, 1]


async def test_a_change_to_what_somebody_else_changed_meanwhile_is_refused(
    queues: Queues, admin: Actor
) -> None:
    await queues.create(admin, SALES)
    await queues.update(admin, "sales", {"timeout": 30}, version=1)
    with pytest.raises(Conflict, match="Queue sales was changed meanwhile"):
        await queues.update(admin, "sales", {"timeout": 40}, version=1)
    with pytest.raises(Conflict):
        await queues.delete(admin, "sales", version=1)
