"""Phone groups, pickup and lamps: what phones do with each other, on the real Asterisk."""

from __future__ import annotations

import asyncio

import pytest

from tests.rig.system import RING_SECONDS, TESTER, System
from tests.sip import CallState, Phone, Ring

SALES, NUMBER = "Sales, no: Vertrieb & Co".replace(",", ""), "600"


@pytest.fixture(scope="module", autouse=True)
async def _extensions(system: System) -> None:
    await system.extension("2001", "Alice")
    for number in ("2002", "2003"):
        await system.extension(number, "In the group", phone_group=SALES)
    await system.extension("2004", "In another", phone_group="Support")
    await system.extension("2005", "Not to be disturbed", phone_group=SALES, do_not_disturb=True)
    await system.extension("2006", "Fallback", voicemail=True, voicemail_pin="8642")
    await system.calling.groups.create(
        TESTER, {"name": SALES, "number": NUMBER, "fallback": "2006"}
    )


def ringing(phone: Phone) -> None:
    phone.on_incoming = Ring()


async def test_all_members_ring_and_who_answers_has_the_call(system: System) -> None:
    async with system.registered("2001", "2002", "2003", "2005") as (alice, *members):
        for member in members:
            ringing(member)
        call = await alice.call(NUMBER)
        first, second = await members[0].wait_incoming(), await members[1].wait_incoming()
        assert first.caller_number == "2001"
        await second.answer()
        await call.wait_answered()
        await first.wait_ended()
        assert not members[2].incoming
        await call.hangup()


async def test_what_nobody_answers_goes_to_the_fallback(system: System) -> None:
    async with system.registered("2001", "2002") as (alice, member):
        ringing(member)
        call = await alice.call(NUMBER)
        await call.wait_answered(RING_SECONDS + 10)
        assert member.incoming
        await call.hangup()


async def test_a_member_that_leaves_the_group_does_not_ring(system: System) -> None:
    await system.extension("2010", "Comes and goes", phone_group=SALES)
    async with system.registered("2001", "2002", "2010") as (alice, member, leaver):
        ringing(member)
        ringing(leaver)
        call = await alice.call(NUMBER)
        await leaver.wait_incoming()
        await call.hangup()
        await system.extensions.update(TESTER, "2010", {"phone_group": ""})
        call = await alice.call(NUMBER)
        await member.wait_incoming(count=2)
        assert len(leaver.incoming) == 1
        await call.hangup()


@pytest.mark.parametrize("code", ["*8", "**2002"])
async def test_a_call_that_rings_in_ones_group_can_be_taken(system: System, code: str) -> None:
    async with system.registered("2001", "2002", "2003") as (alice, rings, taker):
        ringing(rings)
        call = await alice.call("2002")
        at_desk = await rings.wait_incoming()
        await at_desk.wait_ringing()
        taken = await taker.call(code)
        await taken.wait_answered()
        await call.wait_answered()
        await at_desk.wait_ended()
        taken.play_tone(620)
        await call.wait_tone(620)
        await call.hangup()


async def test_group_pickup_takes_no_call_of_another_group_but_directed_pickup_does(
    system: System,
) -> None:
    async with system.registered("2001", "2002", "2004") as (alice, rings, other):
        ringing(rings)
        call = await alice.call("2002")
        at_desk = await rings.wait_incoming()
        await at_desk.wait_ringing()
        refused = await other.call("*8")
        await refused.wait_ended(10)
        assert at_desk.state is CallState.RINGING
        taken = await other.call("**2002")
        await taken.wait_answered()
        await call.hangup()


async def test_a_lamp_follows_any_extension_without_a_reload(system: System) -> None:
    await system.extension("2020", "Brand new")
    async with system.registered("2001", "2002") as (alice, watcher):
        assert await watcher.watch_lamp("2020") == 200
        async with system.registered("2020") as (fresh,):
            fresh.on_incoming = Ring()
            await watcher.wait_lamp("2020", "terminated")
            call = await alice.call("2020")
            incoming = await fresh.wait_incoming()
            await watcher.wait_lamp("2020", "early")
            await incoming.answer()
            await watcher.wait_lamp("2020", "confirmed")
            await call.hangup()
            await watcher.wait_lamp("2020", "terminated")


async def test_any_mailbox_can_be_opened_with_its_pin(system: System) -> None:
    async with system.registered("2001") as (alice,):
        for code in ("*982006", "*98"):
            call = await alice.call(code)
            await call.wait_answered()
            await call.hangup()


async def test_no_feature_code_is_left_that_would_change_an_extension(system: System) -> None:
    async with system.registered("2001") as (alice,):
        calls = [await alice.call(code) for code in ("*72", "*78", "*21", "*90", "*52", "*69")]
        await asyncio.gather(*(call.wait_ended(10) for call in calls))
        assert {call.status for call in calls} == {404}
