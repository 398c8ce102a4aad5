"""What the screen says is what a call does."""

import pytest

from dialplan.extension_row import CallRules, extension_row
from pbxbridge.models.realtime import DialplanRow
from tests.rig.campaign import times
from tests.rig.databases import ENGINES
from tests.rig.system import TESTER, System
from tests.sip import Answer, Busy, Phone, Ring

# That the rows of either engine are read, test_postgres_realtime.py shows.
pytestmark = pytest.mark.parametrize("system", times(ENGINES, ("sqlite",)), indirect=True)


@pytest.fixture(scope="module", autouse=True)
async def _extensions(system: System) -> None:
    await system.extension("2001", "Alice")
    await system.extension("2002", "Bob", voicemail=True, voicemail_pin="8642")
    await system.extension("2003", "Without a box")
    await system.extension("2006", "Goes to 2003", forward_all="2003")
    # As an earlier release stored them: a save refuses circles, and numbers that are not there.
    for number, target, box in (
        ("2004", "2005", ""),
        ("2005", "2004", ""),
        ("2007", "2999", ""),
        ("2008", "2999", "2008@default"),
    ):
        await system.extension(number, "Forwards", voicemail=bool(box), voicemail_pin="8642")
        rules = CallRules(f"PJSIP/{number}", box, 5, "internal", forward_all=target)
        row = DialplanRow.filter(context="extensions", exten=number)
        await row.update(appdata=extension_row(number, rules).appdata)


async def final_status(caller: Phone, number: str) -> int | None:
    call = await caller.call(number)
    await call.wait_ended(15)
    return call.status


async def test_a_saved_extension_is_callable_at_once(system: System) -> None:
    async with system.registered("2001") as (alice,):
        assert await final_status(alice, "2100") == 404
        await system.extension("2100", "Brand new")
        async with system.registered("2100") as (fresh,):
            fresh.on_incoming = Answer()
            call = await alice.call("2100")
            await call.wait_answered()
            await call.hangup()


async def test_a_changed_secret_holds_from_the_next_registration(system: System) -> None:
    await system.extension("2101", "Changes its secret")
    async with system.registered("2101") as (phone,):
        await system.extensions.regenerate_secret(TESTER, "2101")
        assert await phone.register() == 401
        async with await system.phone("2101") as again:
            assert await again.register() == 200


async def test_without_voicemail_busy_no_answer_and_absent_are_told_apart(system: System) -> None:
    async with system.registered("2001") as (alice,):
        assert await final_status(alice, "2003") == 480
        async with system.registered("2003") as (other,):
            other.on_incoming = Busy()
            assert await final_status(alice, "2003") == 486
            other.on_incoming = Ring()
            assert await final_status(alice, "2003") == 480


@pytest.mark.parametrize("present", [True, False], ids=["busy", "not registered"])
async def test_with_voicemail_the_box_answers(system: System, present: bool) -> None:
    async with system.registered("2001", *(["2002"] if present else [])) as (alice, *others):
        for bob in others:
            bob.on_incoming = Busy()
        call = await alice.call("2002")
        await call.wait_answered()
        await call.hangup()


async def test_a_forward_rings_its_target_and_shows_the_caller(system: System) -> None:
    async with system.registered("2001", "2003") as (alice, target):
        target.on_incoming = Ring()
        call = await alice.call("2006")
        incoming = await target.wait_incoming()
        assert (incoming.caller_number, incoming.caller_name) == ("2001", "Alice")
        await call.hangup()


async def test_two_extensions_that_forward_to_each_other_do_not_ring_for_ever(
    system: System,
) -> None:
    async with system.registered("2001") as (alice,):
        status = await final_status(alice, "2004")
        assert status is not None
        assert status >= 400
    assert "0 active calls" in await system.asterisk.cli("core show channels")


async def test_a_forward_to_a_number_that_does_not_exist_loses_no_call(system: System) -> None:
    async with system.registered("2001") as (alice,):
        assert await final_status(alice, "2007") == 480
        call = await alice.call("2008")
        await call.wait_answered()
        await call.hangup()


async def test_the_echo_test_returns_ones_own_tone(system: System) -> None:
    async with system.registered("2001") as (alice,):
        call = await alice.call("*43")
        await call.wait_answered()
        call.play_tone(620)
        await call.wait_tone(620)
        await call.hangup()


async def test_nobody_calls_without_an_extension(system: System) -> None:
    async with Phone("2999", "guess", "127.0.0.1", system.asterisk.ports.sip) as stranger:
        assert await stranger.register() == 401
        assert await final_status(stranger, "2001") == 401
