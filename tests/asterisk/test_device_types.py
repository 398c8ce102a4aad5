"""Each type of device is reachable as it should be, and each forward goes where it says."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.rig.iax2_device import Iax2Device
from tests.rig.portal_client import portal_client
from tests.rig.system import TESTER, System
from tests.sip import Answer, Busy, Decline, Phone, Policy, Ring

MAC = "0004f2a1b2c3"
RINGS = Ring()


@pytest.fixture(scope="module", autouse=True)
async def _extensions(system: System) -> None:
    await system.extension("5001", "Caller")
    await system.extension("5002", "Target")
    await system.extension("5999", "Must not be reached")


async def final_status(caller: Phone, number: str) -> int | None:
    call = await caller.call(number)
    await call.wait_ended(15)
    return call.status


async def rings_target(system: System, number: str, *present: str, answer: Policy = RINGS) -> None:
    """A call to ``number`` rings 5002 and shows who calls; ``present`` are registered."""
    async with system.registered("5001", "5002", *present) as (caller, target, *others):
        target.on_incoming = Ring()
        for other in others:
            other.on_incoming = answer
        call = await caller.call(number)
        incoming = await target.wait_incoming(15)
        assert (incoming.caller_number, incoming.caller_name) == ("5001", "Caller")
        await call.hangup()


async def test_a_virtual_extension_takes_voicemail_without_ringing(system: System) -> None:
    await system.extension(
        "5100", "Box only", device_type="VIRTUAL", voicemail=True, voicemail_pin="8642"
    )
    async with system.registered("5001") as (caller,):
        call = await caller.call("5100")
        await call.wait_answered(5)
        await call.hangup()


async def test_a_virtual_extension_goes_straight_to_its_forward(system: System) -> None:
    await system.extension("5101", "Forward only", device_type="VIRTUAL", forward_all="5002")
    await rings_target(system, "5101")


async def test_an_extension_of_letters_is_reachable(system: System) -> None:
    await system.extension("Lobby", "Lobby")
    async with system.registered("5001", "lobby") as (caller, lobby):
        lobby.on_incoming = Answer()
        call = await caller.call("lobby")
        await call.wait_answered()
        await call.hangup()


async def test_a_sip_virtual_rings_on_the_device_of_its_primary(system: System) -> None:
    await system.extension("5110", "First line", mac=MAC)
    await system.extension(
        "5111", "Second line", device_type="SIP-VIRTUAL", mac=MAC, registration_number=2
    )
    async with system.registered("5001", "5110", "5111") as (caller, first, second):
        for number, rung, silent in (("5110", first, second), ("5111", second, first)):
            rung.on_incoming, silent.on_incoming = Answer(), Busy()
            call = await caller.call(number)
            await call.wait_answered()
            await call.hangup()


async def test_an_auth_override_is_what_the_device_registers_with(system: System) -> None:
    await system.extension(
        "5120", "Override", auth_username="frontdesk", auth_secret="a-secret-of-its-own"
    )
    sip = system.asterisk.ports.sip
    plain = await system.extensions.secret(TESTER, "5120")
    async with Phone("5120", plain, "127.0.0.1", sip) as phone:
        assert await phone.register() == 401
    async with Phone(
        "5120", "a-secret-of-its-own", "127.0.0.1", sip, auth_user="frontdesk"
    ) as phone:
        assert await phone.register() == 200
    await system.extensions.update(TESTER, "5120", {"auth_username": ""})
    async with Phone("5120", plain, "127.0.0.1", sip) as phone:
        assert await phone.register() == 200


async def test_a_dahdi_channel_that_is_not_there_ends_in_the_box(system: System) -> None:
    await system.extension(
        "5130",
        "Analogue",
        device_type="DAHDI",
        dahdi_channel="1",
        voicemail=True,
        voicemail_pin="8642",
    )
    async with system.registered("5001") as (caller,):
        call = await caller.call("5130")
        await call.wait_answered(5)
        await call.hangup()


async def test_a_busy_extension_forwards_where_busy_calls_go(system: System) -> None:
    await system.extension("5200", "Busy", forward_busy="5002", forward_no_answer="5999")
    await rings_target(system, "5200", "5200", answer=Busy())


async def test_a_declined_call_is_forwarded_where_busy_calls_go(system: System) -> None:
    await system.extension("5204", "Declines", forward_busy="5002", forward_unregistered="5999")
    await rings_target(system, "5204", "5204", answer=Decline())


async def test_an_unanswered_call_is_forwarded_after_the_ring_time(system: System) -> None:
    await system.extension("5201", "Away", forward_no_answer="5002", forward_busy="5999")
    await rings_target(system, "5201", "5201")


async def test_a_call_for_an_unregistered_device_is_forwarded_at_once(system: System) -> None:
    await system.extension(
        "5202", "Unplugged", forward_unregistered="5002", forward_no_answer="5999"
    )
    await rings_target(system, "5202")


async def test_who_is_not_to_be_disturbed_is_busy_and_does_not_ring(system: System) -> None:
    await system.extension("5203", "Do not disturb", do_not_disturb=True)
    async with system.registered("5001", "5203") as (caller, phone):
        phone.on_incoming = Answer()
        assert await final_status(caller, "5203") == 486
        await system.extensions.update(TESTER, "5203", {"do_not_disturb": False})
        call = await caller.call("5203")
        await call.wait_answered()
        await call.hangup()


async def test_an_iax2_extension_saved_in_the_portal_registers_shows_and_rings(
    system: System, tmp_path: Path
) -> None:
    async with portal_client(system.address) as client:
        await client.sign_in("admin", system.admin_password)
        status, _ = await client.post(
            "/extensions",
            number="5300",
            device_type="IAX2",
            caller_id_name="IAX",
            monitored="on",
            forward_unregistered="5002",
        )
        assert status == 200
        await system.told()
        await rings_target(system, "5300")
        device = Iax2Device(
            tmp_path / "device",
            tmp_path / "none.sqlite3",
            number="5300",
            secret=await system.extensions.secret(TESTER, "5300"),
            port=system.asterisk.ports.iax,
        )

        async def cell(name: str) -> str:
            shown = await client.page("/extensions?search=5300")
            found = re.search(rf'id="{name}-5300"[^>]*>(?:<span[^>]*>)?([^<]*)<', shown)
            return found[1] if found else ""

        async with device, system.registered("5001") as (caller,):
            deadline, seen = time.monotonic() + 20, ("", "")
            while seen != ("OK", str(device.address[1])):
                assert time.monotonic() < deadline, seen
                seen = (await cell("status"), await cell("port"))
            call = await caller.call("5300")
            await call.wait_answered()
            await call.hangup()
