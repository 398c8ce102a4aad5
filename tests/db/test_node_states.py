"""What a node's mirror says is stored, in few statements, once and whatever breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.exceptions import DBConnectionError

from pbxbridge.errors import Superseded
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import StateChange, StoredState
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.node_states import (
    AT_ONCE,
    stored_states,
)
from pbxbridge.settings import ONLY_NODE
from tests.db.node_rows import AWAY, BLANK, OK, SEEN, listening, stored
from tests.eventually import eventually


@pytest.mark.usefixtures("database")
async def test_the_last_state_is_stored_with_the_last_address() -> None:
    states = await listening()
    await stored(states, OK, AWAY)
    assert await stored_states(ONLY_NODE) == [AWAY]
    await stored(states, BLANK)
    assert await stored_states(ONLY_NODE) == [BLANK]
    row = await StoredState.get(endpoint="1001")
    assert (row.ip, row.last_ip, row.last_port) == ("", "192.0.2.1", 5060)
    await stored(states, OK)
    assert await stored_states(ONLY_NODE) == [OK]


@pytest.mark.usefixtures("database")
async def test_a_status_holds_since_it_began() -> None:
    states = await listening()
    await stored(states, OK)
    began = (await StoredState.get(endpoint="1001")).changed_at
    await stored(states, OK._replace(rtt_ms=9.0, port=5070))
    row = await StoredState.get(endpoint="1001")
    assert (row.changed_at, row.port, row.rtt_ms) == (began, 5070, 9.0)
    await stored(states, AWAY)
    assert (await StoredState.get(endpoint="1001")).changed_at > began


@pytest.mark.usefixtures("database")
async def test_the_history_has_every_change_of_status_and_address_in_order() -> None:
    states = await listening()
    await stored(states, OK, OK._replace(rtt_ms=5.0), AWAY, OK._replace(ip="192.0.2.9"))
    await stored(states, BLANK)
    rows = await StateChange.all().order_by("id")
    assert [(row.status, row.ip) for row in rows] == [
        ("OK", "192.0.2.1"),
        ("UNREACHABLE", "192.0.2.1"),
        ("OK", "192.0.2.9"),
        ("", ""),
    ]


@pytest.mark.usefixtures("database")
async def test_what_was_known_before_is_no_change() -> None:
    await stored(await listening(), OK)
    await stored(await listening(), OK)
    assert await StateChange.all().count() == 1


@pytest.mark.usefixtures("database")
async def test_who_follows_is_told_of_the_changes_in_the_same_transaction() -> None:
    told: list[Change] = []

    async def follow(transaction: TransactionalDBClient, changes: Sequence[Change]) -> None:
        found = await StoredState.all().using_db(transaction).count()
        assert found == 1
        told.extend(changes)

    states = await listening(follow)
    await stored(states, OK, AWAY)
    assert [(one.before, one.status, one.port) for one in told] == [
        ("", "OK", 5060),
        ("OK", "UNREACHABLE", 5060),
    ]
    await states.flush()
    assert len(told) == 2


@pytest.mark.usefixtures("database")
async def test_an_endpoint_that_is_gone_leaves_no_state_but_a_new_one_has_its_own() -> None:
    states = await listening()
    await stored(states, OK, EndpointState("1002", Status.OK))
    states.untracked(ONLY_NODE, "1001")
    await states.flush()
    assert [state.endpoint for state in await stored_states(ONLY_NODE)] == ["1002"]
    states.untracked(ONLY_NODE, "1002")
    await stored(states, EndpointState("1002", Status.UNREACHABLE))
    assert await stored_states(ONLY_NODE) == [EndpointState("1002", Status.UNREACHABLE)]


@pytest.mark.usefixtures("database")
async def test_ten_thousand_states_are_stored_in_parts() -> None:
    states = await listening()
    many = [EndpointState(str(number), Status.OK, "192.0.2.1", 1) for number in range(12_000)]
    await stored(states, *many)
    assert await StoredState.all().count() == await StateChange.all().count() == 12_000


@pytest.mark.usefixtures("database")
async def test_who_was_superseded_writes_nothing_more() -> None:
    earlier = await listening()
    later = await listening()
    await stored(later, OK)
    with pytest.raises(Superseded):
        await stored(earlier, AWAY)
    assert await stored_states(ONLY_NODE) == [OK]
    assert await StateChange.all().count() == 1


@pytest.mark.usefixtures("database")
async def test_what_gathered_is_stored_when_the_bridge_stops() -> None:
    states = await listening()
    task = asyncio.create_task(states.run(), name="states")
    await asyncio.sleep(0)
    states.states_changed(ONLY_NODE, [OK])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await stored_states(ONLY_NODE) == [OK]


@pytest.mark.usefixtures("database")
async def test_a_link_is_up_with_the_last_of_many_states_and_down_with_the_first() -> None:
    states = await listening()
    many = [EndpointState(str(number), Status.OK) for number in range(2 * AT_ONCE)]
    states.states_changed(ONLY_NODE, many)
    states.link_changed(ONLY_NODE, LinkState(True, SEEN))
    assert states._gathered.taken().link is None
    assert states._gathered.taken().link == LinkState(True, SEEN)
    states.states_changed(ONLY_NODE, many)
    states.link_changed(ONLY_NODE, LinkState(False, SEEN, "gone"))
    assert states._gathered.taken().link == LinkState(False, SEEN, "gone")


@pytest.mark.usefixtures("database")
async def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states, module = await listening(), "pbxbridge.services.states.node_states"
    answers = 0

    @asynccontextmanager
    async def losing_an_answer() -> AsyncIterator[TransactionalDBClient]:
        nonlocal answers
        async with write_transaction() as transaction:
            yield transaction
        answers += 1
        if answers == 1:
            raise DBConnectionError("the connection broke after the commit")

    monkeypatch.setattr(f"{module}.write_transaction", losing_an_answer)
    monkeypatch.setattr("pbxbridge.services.keep_trying.DATABASE_RETRY_SECONDS", 0)
    await stored(states, OK)
    await stored(states, AWAY)
    assert answers == 3
    assert [row.status for row in await StateChange.all().order_by("id")] == ["OK", "UNREACHABLE"]


@pytest.mark.usefixtures("database")
async def test_a_cancellation_amid_a_write_loses_nothing() -> None:
    begun, told = asyncio.Event(), list[Change]()

    async def follow(_: TransactionalDBClient, changes: Sequence[Change]) -> None:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        told.extend(changes)

    states = await listening(follow)
    task = asyncio.create_task(states.run(), name="states")
    states.states_changed(ONLY_NODE, [OK])
    await asyncio.wait_for(begun.wait(), 20)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert [one.status for one in told] == ["OK"]
    assert await stored_states(ONLY_NODE) == [OK]


@pytest.mark.usefixtures("database")
async def test_what_no_column_could_hold_is_stored_as_far_as_it_can_be() -> None:
    agent = "A\0\ud800" + "y" * 1000
    absurd = EndpointState("1001", Status.OK, "x" * 1000, 10**30, float("inf"), agent)
    await stored(await listening(), absurd)
    [state] = await stored_states(ONLY_NODE)
    assert (state.ip, state.port, state.rtt_ms) == ("x" * 255, 65535, None)
    assert state.user_agent.startswith("A??y")


@pytest.mark.usefixtures("database")
async def test_a_part_that_cannot_be_stored_does_not_hold_up_what_follows() -> None:
    states = await listening(_breaks_once())
    task = asyncio.create_task(states.run(), name="states")
    states.states_changed(ONLY_NODE, [OK])
    await asyncio.sleep(0)
    while not await StateChange.exists():
        states.states_changed(ONLY_NODE, [AWAY])
        await asyncio.sleep(0.05)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await stored_states(ONLY_NODE) == [AWAY]


def _breaks_once() -> object:
    broken = False

    async def follow(_: TransactionalDBClient, __: Sequence[Change]) -> None:
        nonlocal broken
        if not broken:
            broken = True
            raise KeyError("of ours")

    return follow


@pytest.mark.usefixtures("database")
async def test_states_are_stored_while_the_bridge_runs() -> None:
    states = await listening()
    task = asyncio.create_task(states.run(), name="states")
    states.states_changed(ONLY_NODE, [OK])
    found: list[EndpointState] = []

    async def look() -> None:
        while not found:
            found.extend(await stored_states(ONLY_NODE))

    await asyncio.wait_for(look(), 20)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert found == [OK]
    await eventually(task.done)
