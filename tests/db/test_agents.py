"""Agents: what may be typed, the rows by which they log in, and what is left of who is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from dialplan.pin import pin_hash
from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import CallCentreSaved, EventBus, OutboxChanged, Subscription
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.call_centre import Agent, QueueAgent
from pbxbridge.models.people import User
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queue_rows import ensure_pause_reasons
from pbxbridge.services.call_centre.queues import Queues
from pbxbridge.services.licences import LicenceView, count_licences
from tests.db.people import People, audited
from tests.rig.asterisk_notices import taken_notices

PIN = "90817263"
ADA = {"number": "101", "first_name": "Ada", "last_name": "Lovelace", "pin": PIN}


@pytest.fixture
def agents(database: str, bus: EventBus) -> Agents:
    return Agents(bus, None, {"101"})


@pytest.fixture
def queues(database: str, bus: EventBus) -> Queues:
    return Queues(bus)


@pytest.fixture
def told(bus: EventBus) -> Iterator[Subscription]:
    with bus.subscribe() as events:
        yield events


async def rows(number: str = "101", context: str = "agents") -> list[tuple[int, str, str]]:
    found = DialplanRow.filter(context=context, exten=number).order_by("priority")
    return [tuple(row) for row in await found.values_list("priority", "app", "appdata")]


async def refusal(asked: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await asked
    return refused.value.fields


def of_pin(pin: str, hashed: str) -> bool:
    """Whether the dialplan would let who types this PIN in."""
    return pin_hash(pin, hashed.partition(".")[0]) == hashed


@pytest.mark.alembic
async def test_an_agent_is_stored_with_the_row_that_knows_the_pin(
    agents: Agents, admin: Actor, people: People
) -> None:
    await people.add("ada")
    made = await agents.create(admin, {**ADA, "user": " ADA "})
    assert made == await agents.get("101")
    assert made.fields.model_dump() == {**ADA, "pin": "", "user": "ada"}
    ((priority, app, hashed),) = await rows()
    assert (priority, app) == (1, "Return")
    assert of_pin(PIN, hashed)
    assert not of_pin("90817264", hashed)
    assert await agents.agent_of("ada") == "101"
    assert await agents.agent_of("grace") is None
    assert await agents.names() == {"101": "Ada Lovelace"}
    assert (agents.is_manager("101"), agents.is_manager("102")) == (True, False)


async def test_the_same_pin_of_two_agents_does_not_look_the_same(
    agents: Agents, admin: Actor
) -> None:
    await agents.create(admin, ADA)
    await agents.create(admin, {**ADA, "number": "102"})
    assert await rows("101") != await rows("102")


async def test_shorter_numbers_come_first(agents: Agents, admin: Actor) -> None:
    for number in ("1001", "99", "101", "0099"):
        await agents.create(admin, {**ADA, "number": number})
    assert [each.name for each in await agents.all()] == ["99", "101", "0099", "1001"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("number", "", "Enter the number that the agent dials to log in."),
        ("number", "1a", "Use digits only, at most 20."),
        ("number", "1" * 21, "Use digits only, at most 20."),
        ("number", "\N{ARABIC-INDIC DIGIT ONE}", "Use digits only, at most 20."),
        ("first_name", " ", "Enter a name."),
        ("last_name", "x" * 41, "Use at most 40 characters."),
        ("last_name", "a\nb", "Line breaks and control characters cannot be part of a name."),
        ("pin", "", "Enter the PIN that the agent types to log in."),
        ("pin", "123", None),
        ("pin", "1" * 13, None),
        ("pin", "12a4", None),
        ("user", "nobody", "There is no user of that name."),
        ("user", "x" * 300, "There is no such user."),
        ("user", "a\0b", "There is no such user."),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    agents: Agents, admin: Actor, field: str, value: str, why: str | None
) -> None:
    wrong = await refusal(agents.create(admin, {**ADA, field: value}))
    assert wrong.keys() == {field}
    assert why is None or wrong[field] == why
    assert not value.isdecimal() or field != "pin" or value not in wrong[field]
    assert await Agent.all().count() == 0
    assert await DialplanRow.filter(context="agents").count() == 0


async def test_a_number_is_given_once_and_never_changes(agents: Agents, admin: Actor) -> None:
    await agents.create(admin, ADA)
    wrong = await refusal(agents.create(admin, ADA))
    assert wrong == {"number": "There is an agent 101 already."}
    await agents.update(admin, "101", {"number": "102", "first_name": "Augusta"})
    assert [each.name for each in await agents.all()] == ["101"]


async def test_a_user_is_one_agent_at_most(agents: Agents, admin: Actor, people: People) -> None:
    await people.add("ada")
    await agents.create(admin, {**ADA, "user": "ada"})
    grace = {**ADA, "number": "102", "user": "ada"}
    wrong = await refusal(agents.create(admin, grace))
    assert wrong == {"user": "This user is agent 101 already."}
    await agents.create(admin, {**grace, "user": ""})
    wrong = await refusal(agents.update(admin, "102", {"user": "ada"}))
    assert wrong == {"user": "This user is agent 101 already."}
    await agents.update(admin, "101", {"first_name": "Augusta"})  # who keeps their user
    await agents.update(admin, "101", {"user": ""})
    await agents.update(admin, "102", {"user": "ada"})
    assert await agents.agent_of("ada") == "102"


async def test_of_an_agent_whose_user_is_deleted_the_agent_stays(
    agents: Agents, admin: Actor, people: People
) -> None:
    await people.add("ada")
    await agents.create(admin, {**ADA, "user": "ada"})
    await User.filter(login="ada").delete()
    assert (await agents.get("101")).fields.user == ""


async def test_a_pin_left_empty_stays_and_another_one_is_another(
    agents: Agents, admin: Actor
) -> None:
    await agents.create(admin, ADA)
    before = await rows()
    await agents.update(admin, "101", {"first_name": "Augusta", "pin": ""})
    assert await rows() == before
    await agents.update(admin, "101", {"pin": "4711"})
    ((_, _, hashed),) = await rows()
    assert of_pin("4711", hashed)


async def test_no_pin_is_audited_nor_its_hash_but_that_it_was_changed(
    agents: Agents, admin: Actor
) -> None:
    await agents.create(admin, ADA)
    await agents.update(admin, "101", {"pin": "81726354"})
    await agents.update(admin, "101", {"last_name": "King"})
    await agents.delete(admin, "101")
    found = await AuditEntry.all().order_by("id")
    assert [entry.action for entry in found] == [
        "agent.created",
        "agent.pin-changed",
        "agent.pin-changed",
        "agent.changed",
        "agent.deleted",
    ]
    said = json.dumps([[entry.before, entry.after, entry.subject] for entry in found])
    assert PIN not in said
    assert "81726354" not in said
    assert "hash" not in said
    (change,) = await audited("agent.changed")
    assert (change.before, change.after) == ({"last_name": "Lovelace"}, {"last_name": "King"})


async def test_a_change_to_what_somebody_else_changed_meanwhile_is_refused(
    agents: Agents, admin: Actor
) -> None:
    await agents.create(admin, ADA)
    await agents.update(admin, "101", {"first_name": "Augusta"}, version=1)
    with pytest.raises(Conflict, match="Agent 101 was changed meanwhile"):
        await agents.update(admin, "101", {"first_name": "Ada"}, version=1)
    with pytest.raises(NotFound):
        await agents.update(admin, "999", {})


async def test_every_change_is_told_after_it_was_committed(
    agents: Agents, admin: Actor, told: Subscription
) -> None:
    await taken_notices()
    await agents.create(admin, ADA)
    assert [await told.get(), await told.get()] == [CallCentreSaved(), OutboxChanged()]
    assert await taken_notices() == [], "of who is logged in nowhere Asterisk need not hear"


@pytest.mark.alembic
async def test_who_is_deleted_leaves_nothing(agents: Agents, queues: Queues, admin: Actor) -> None:
    for number in ("101", "102"):
        await agents.create(admin, {**ADA, "number": number})
    await queues.create(admin, {"name": "sales", "number": "600", "agents": ["101", "102:5"]})
    await taken_notices()
    await agents.delete(admin, "101")
    assert await taken_notices() == [("place-agent", "101")]
    assert await rows() == []
    assert await QueueAgent.filter(agent_id="101").count() == 0
    assert (await queues.get("sales")).fields.agents == ["102:5"]
    assert len(await rows("102")) == 2
    with pytest.raises(NotFound):
        await agents.get("101")
    await agents.create(admin, ADA)
    assert await agents.queues_of("101") == [], "a new agent of that number is another one"


async def test_no_more_agents_than_the_licence_says_at_the_same_moment_either(
    bus: EventBus, database: str, admin: Actor
) -> None:
    agents = Agents(bus, 2, ())
    several = [agents.create(admin, {**ADA, "number": str(number)}) for number in range(101, 106)]
    results = await asyncio.gather(*several, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Invalid)]
    assert [each.fields for each in refused] == [{"number": "All 2 licences are in use."}] * 3
    assert await agents.licence() == LicenceView(2, 2)
    first, _ = await agents.all()
    await agents.delete(admin, first.name)
    await agents.create(admin, {**ADA, "number": "200"})
    await refusal(agents.create(admin, {**ADA, "number": "201"}))
    await count_licences()
    assert await agents.licence() == LicenceView(2, 2)


async def test_who_was_there_before_the_licence_shrank_can_be_changed(
    bus: EventBus, agents: Agents, admin: Actor
) -> None:
    await agents.create(admin, ADA)
    none_left = Agents(bus, 0, ())
    assert (await none_left.update(admin, "101", {"first_name": "Augusta"})).version == 2


async def test_why_agents_pause_is_written_and_follows_the_settings(database: str) -> None:
    await ensure_pause_reasons(["Break", "Lunch"])
    before = await DialplanRow.filter(context="pause-reasons").values_list("id", flat=True)
    await ensure_pause_reasons(["Break", "Lunch"])
    again = await DialplanRow.filter(context="pause-reasons").values_list("id", flat=True)
    assert sorted(before) == sorted(again), "nothing was to be written"
    await ensure_pause_reasons(["Lunch"])
    assert await rows("1", "pause-reasons") == [(1, "Return", "Lunch")]
    assert await rows("2", "pause-reasons") == []
