"""Agents log in, pause and log out at a phone of a real Asterisk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from pbxbridge.models.extension import Extension
from pbxbridge.models.realtime import QueueMember
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from tests.db.mail_rows import until
from tests.eventually import PATIENCE_SECONDS
from tests.rig.extensions import delete_knowingly
from tests.rig.system import TESTER, System
from tests.sip import Call, Phone

PIN, WRONG = "8642", "1111"
DESK, OTHER_DESK, NO_DESK = "1001", "1002", "1003"
# How long a caller waits before the next digits, so that Asterisk has begun to listen.
BETWEEN_SECONDS = 0.5


@pytest.fixture(scope="module")
async def queues(system: System) -> Queues:
    """Agent 101 is in two queues, 102 in one, 103 in none; at 1003 nobody may log in."""
    for number in (DESK, OTHER_DESK, NO_DESK):
        await system.extension(number, agent_logins=number != NO_DESK)
    agents, queues = Agents(system.bus, None, ()), Queues(system.bus)
    for number in ("101", "102", "103", "104"):
        person = {"number": number, "first_name": "Ada", "last_name": number, "pin": PIN}
        await agents.create(TESTER, person)
    sales = {"name": "sales", "number": "600", "agents": "101, 102:5, 104"}
    await queues.create(TESTER, sales)
    await queues.create(TESTER, {"name": "support", "number": "601", "agents": "101:3"})
    await system.told()
    return queues


@pytest.fixture
async def phones(system: System, queues: Queues) -> AsyncIterator[Mapping[str, Phone]]:
    """Registered phones; whoever is logged in at one at the end is logged out."""
    numbers = (DESK, OTHER_DESK, NO_DESK)
    async with system.registered(*numbers) as registered:
        phones = dict(zip(numbers, registered, strict=True))
        yield phones
        for number, phone in phones.items():
            if any(number in members for members in (await members_of(system)).values()):
                await dial(phone, "*45")


async def members_of(system: System) -> dict[str, dict[str, str]]:
    """Return who takes calls of each queue: device to agent and penalty, with the pause."""
    said = await system.asterisk.cli("queue show")
    found: dict[str, dict[str, str]] = {}
    for line in said.splitlines():
        if " strategy " in line:
            found[queue := line.split()[0]] = {}
        elif line.strip().startswith("Agent/"):
            words = line.split()
            device = words[1].strip("()").removeprefix("PJSIP/")
            penalty = line.partition("with penalty ")[2].split()
            pause = line.partition("(paused:")[2].partition(" was")[0]
            paused = f" paused {pause}".rstrip() if "(paused" in line else ""
            at = f"{words[0]}{':' + penalty[0].rstrip(')') if penalty else ''}{paused}"
            found[queue][device] = at
    return found


async def dial(phone: Phone, code: str, *typed: str) -> Call:
    """Dial a code, type each of these and a hash, and wait for the end of the call."""
    call = await phone.call(code)
    for digits in typed:
        await call.wait_answered()
        await asyncio.sleep(BETWEEN_SECONDS)
        await call.send_dtmf(f"{digits}#")
    await call.wait_ended(PATIENCE_SECONDS)
    return call


async def test_an_agent_logs_in_to_all_their_queues_and_out_again(
    system: System, phones: Mapping[str, Phone]
) -> None:
    await dial(phones[DESK], "*45", "101", PIN)
    assert await members_of(system) == {
        "sales": {DESK: "Agent/101"},
        "support": {DESK: "Agent/101:3"},
    }
    await dial(phones[DESK], "*45")
    assert await members_of(system) == {"sales": {}, "support": {}}
    assert "0 results" in await system.asterisk.cli("database show pbxbridge")


async def test_an_agent_who_logs_in_elsewhere_moves_there(
    system: System, phones: Mapping[str, Phone]
) -> None:
    await dial(phones[DESK], "*45", "101", PIN)
    await dial(phones[OTHER_DESK], "*45", "101", PIN)
    assert await members_of(system) == {
        "sales": {OTHER_DESK: "Agent/101"},
        "support": {OTHER_DESK: "Agent/101:3"},
    }
    # The first desk is free for somebody else.
    await dial(phones[DESK], "*45", "102", PIN)
    assert (await members_of(system))["sales"] == {
        OTHER_DESK: "Agent/101",
        DESK: "Agent/102:5",
    }


async def test_a_wrong_pin_an_unknown_agent_and_a_hostile_number_log_nobody_in(
    system: System, phones: Mapping[str, Phone]
) -> None:
    await dial(phones[DESK], "*45", "102", WRONG, "999", PIN, "1*2", PIN)
    assert await members_of(system) == {"sales": {}, "support": {}}
    # A mistake is forgiven.
    await dial(phones[DESK], "*45", "102", WRONG, "102", PIN)
    assert (await members_of(system))["sales"] == {DESK: "Agent/102:5"}


async def test_after_five_wrong_pins_the_right_one_is_refused_for_a_while(
    system: System, phones: Mapping[str, Phone]
) -> None:
    # Four were wrong until now.
    await system.asterisk.cli(f"database put pbxbridge wrong/104 4:{time.time():.0f}")
    await dial(phones[DESK], "*45", "104", WRONG, "104", PIN)
    assert await members_of(system) == {"sales": {}, "support": {}}
    # Five minutes later: the note that Asterisk has is of then.
    await system.asterisk.cli("database put pbxbridge wrong/104 5:1")
    await dial(phones[OTHER_DESK], "*45", "104", PIN)
    assert (await members_of(system))["sales"] == {OTHER_DESK: "Agent/104"}
    assert "wrong" not in await system.asterisk.cli("database show pbxbridge")


async def test_an_agent_without_queues_cannot_log_in(
    system: System, phones: Mapping[str, Phone]
) -> None:
    await dial(phones[DESK], "*45", "103", PIN)
    assert "0 results" in await system.asterisk.cli("database show pbxbridge")


async def test_a_phone_that_may_not_is_refused(system: System, phones: Mapping[str, Phone]) -> None:
    call = await dial(phones[NO_DESK], "*45")
    assert call.status == 403
    assert (await dial(phones[NO_DESK], "*46")).status == 403
    assert (await dial(phones[NO_DESK], "*47")).status == 403
    flags = await Extension.filter(agent=True).values_list("number", flat=True)
    assert NO_DESK not in {str(number) for number in flags}


async def test_an_agent_pauses_with_and_without_a_reason_and_is_ready_again(
    system: System, phones: Mapping[str, Phone]
) -> None:
    await dial(phones[DESK], "*45", "102", PIN)
    await dial(phones[DESK], "*462")
    assert "paused Lunch" in (await members_of(system))["sales"][DESK]
    assert (await dial(phones[DESK], "*469")).status == 403  # there is no such reason
    await dial(phones[DESK], "*47")
    assert "paused" not in (await members_of(system))["sales"][DESK]
    await dial(phones[DESK], "*46")
    assert "paused" in (await members_of(system))["sales"][DESK]


async def test_queues_that_an_agent_is_put_into_are_joined_at_once(
    system: System, phones: Mapping[str, Phone], queues: Queues
) -> None:
    await dial(phones[DESK], "*45", "102", PIN)
    await dial(phones[DESK], "*461")
    await queues.update(TESTER, "support", {"agents": "101:3, 102"})
    await system.told()
    joined = await members_of(system)
    assert joined["support"][DESK].startswith("Agent/102")
    assert "paused Break" in joined["support"][DESK]
    await queues.update(TESTER, "support", {"agents": "101:3"})
    await system.told()
    assert (await members_of(system))["support"] == {}


async def test_who_was_added_to_a_queue_by_others_counts_until_the_extension_is_deleted(
    system: System, queues: Queues
) -> None:
    await system.extension("1004")
    command = "queue add member Local/1004@extensions to sales penalty 0 as Guest state_interface "
    await system.asterisk.cli(f"{command}PJSIP/1004")
    await until_flagged("1004")
    row: dict[str, Any] = {
        "queue_name": "theirs",
        "interface": "Local/1004@x",
        "state_interface": "PJSIP/1004",
    }
    await QueueMember.create(uniqueid=900_000, membername="Guest", penalty=0, paused=0, **row)
    await delete_knowingly(system.extensions, TESTER, "1004")
    await system.told()
    assert "1004" not in await system.asterisk.cli("queue show")
    assert not await QueueMember.filter(queue_name="theirs").exists()


async def until_flagged(number: str) -> None:
    """Wait until the bridge has seen that somebody takes calls there."""
    await until(Extension.filter(number=number, agent=True).exists)
