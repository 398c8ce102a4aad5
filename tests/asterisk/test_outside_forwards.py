"""Forwards, twins and registering trunks by way of a carrier, asserted at both ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pbxbridge.errors import Invalid
from pbxbridge.models.extension import Extension
from tests.asterisk.carrier_calls import (
    DEFAULT_CALLER_ID,
    Outside,
    is_ringing,
    reaches,
    refused,
    running_outside,
    says,
)
from tests.rig.carrier import CUSTOMER, CUSTOMER_SECRET
from tests.rig.system import RING_SECONDS, TESTER
from tests.sip import Answer, Busy, Decline, Phone, Ring

CELL = "01701234"
FORWARDS = {
    "forward_all": ("2010", "unconditional"),
    "forward_busy": ("2011", "user-busy"),
    "forward_no_answer": ("2012", "no-answer"),
    "forward_unregistered": ("2013", "unavailable"),
}


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with running_outside(tmp_path_factory.mktemp("outside")) as running:
        system = running.system
        await running.route("national", "_0Z.", "carrier", strip=1, prepend="0049")
        await running.route("broken", "_77X.", "dead")
        await running.class_of_service("national", "national")
        await running.class_of_service("broken", "broken")
        await system.extension("2001", "Alice")
        await system.extension("2002", "Bob", voicemail=True, voicemail_pin="8642")
        for name, (number, _) in FORWARDS.items():
            await system.extension(
                number, "Forwards", class_of_service="national", dids=[f"+49302{number}"],
                **{name: CELL},
            )  # fmt: skip
        await system.extension(
            "2020", "Own ID", class_of_service="national", forward_all=CELL,
            external_caller_id="+4930777",
        )  # fmt: skip
        await system.extension(
            "2021", "Has a twin", class_of_service="national", twinning_number=CELL,
            voicemail=True, voicemail_pin="8642",
        )  # fmt: skip
        await system.extension("2022", "Twin inside", twinning_number="2002")
        await system.extension(
            "2023", "Line is down", class_of_service="broken", forward_all="77301",
            voicemail=True, voicemail_pin="8642",
        )  # fmt: skip
        await system.extension(
            "2024", "To the box", forward_busy="voicemail", forward_no_answer="2001",
            voicemail=True, voicemail_pin="8642",
        )  # fmt: skip
        await system.told()
        yield running


@pytest.fixture
async def cell(outside: Outside) -> AsyncIterator[Phone]:
    async with outside.carrier.subscriber() as phone:
        phone.on_incoming = Ring()
        yield phone


@pytest.mark.parametrize("name", FORWARDS)
async def test_each_forward_to_the_outside_keeps_the_caller_and_says_who_diverted(
    outside: Outside, cell: Phone, name: str
) -> None:
    number, reason = FORWARDS[name]
    present = [] if name == "forward_unregistered" else [number]
    async with outside.system.registered("2001", *present) as (alice, *phones):
        for phone in phones:
            phone.on_incoming = Busy() if name == "forward_busy" else Ring()
        incoming = await reaches(alice, number, cell)
        assert incoming.caller_name == f"0049{CELL[1:]}"
        # Alice has no caller ID for the outside: the carrier sees the trunk's.
        assert incoming.caller_number == DEFAULT_CALLER_ID
        diversion = incoming.headers.get("Diversion") or ""
        assert DEFAULT_CALLER_ID in diversion
        assert f"reason={reason}" in diversion


@pytest.mark.parametrize("name", FORWARDS)
async def test_a_call_from_outside_is_forwarded_with_its_callers_number(
    outside: Outside, cell: Phone, name: str
) -> None:
    number, reason = FORWARDS[name]
    present = [] if name == "forward_unregistered" else [number]
    async with outside.system.registered(*present) as phones:
        for phone in phones:
            phone.on_incoming = Busy() if name == "forward_busy" else Ring()
        incoming = await reaches(cell, f"491701234*49302{number}", cell)
        assert incoming.caller_number == "491701234"
        assert f"reason={reason}" in (incoming.headers.get("Diversion") or "")


async def test_a_forwarder_with_an_external_caller_id_diverts_by_that(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2001") as (alice,):
        incoming = await reaches(alice, "2020", cell)
        assert "+4930777" in (incoming.headers.get("Diversion") or "")
        assert incoming.caller_number == DEFAULT_CALLER_ID


async def test_without_a_caller_id_of_trunk_or_forwarder_the_carrier_sees_no_internal_number(
    outside: Outside, cell: Phone
) -> None:
    trunks = outside.system.calling.trunks
    await trunks.update(TESTER, "carrier", {"caller_id": ""})
    await outside.system.told()
    async with outside.system.registered("2001") as (alice,):
        incoming = await reaches(alice, "2010", cell)
        assert "2010" not in (incoming.headers.get("Diversion") or "")
        assert "2001" not in str(incoming.headers.get("From"))
    await trunks.update(TESTER, "carrier", {"caller_id": DEFAULT_CALLER_ID})
    await outside.system.told()


async def test_a_call_that_is_forwarded_inside_shows_the_forwarder_to_the_phone(
    outside: Outside,
) -> None:
    async with outside.system.registered("2001", "2002", "2024") as (alice, bob, other):
        other.on_incoming = Ring()
        alice.on_incoming = Ring()
        incoming = await reaches_after_ringing(bob, "2024", alice)
        assert incoming == ("2002", "2024", "no-answer")


async def reaches_after_ringing(caller: Phone, number: str, target: Phone) -> tuple[str, str, str]:
    found = await reaches(caller, number, target)
    diversion = found.headers.get("Diversion") or ""
    reason = diversion.partition("reason=")[2].partition(";")[0]
    return found.caller_number, diversion.partition("sip:")[2].partition("@")[0], reason


async def test_a_forward_to_the_mailbox_answers_there(outside: Outside) -> None:
    async with outside.system.registered("2001", "2024") as (alice, other):
        other.on_incoming = Busy()
        call = await alice.call("2024")
        await call.wait_answered(10)
        await call.hangup()


async def test_a_forward_whose_trunks_are_down_ends_in_the_mailbox(outside: Outside) -> None:
    async with outside.system.registered("2001") as (alice,):
        call = await alice.call("2023")
        await call.wait_answered(10)
        await call.hangup()


async def test_a_caller_cannot_use_somebodys_forward_beyond_that_ones_class(
    outside: Outside, cell: Phone
) -> None:
    # As if the class had lost its route by another way than the portal, which would refuse.
    await Extension.filter(number="2020").update(class_of_service_id="internal")
    await outside.system.extensions.update(TESTER, "2020", {"caller_id_name": "Changed"})
    async with outside.system.registered("2001") as (alice,):
        assert await refused(alice, "2020") == 403
        assert not cell.incoming
    await outside.system.extensions.update(TESTER, "2020", {"class_of_service": "national"})


async def test_a_forward_that_the_class_may_not_dial_is_refused_at_save(outside: Outside) -> None:
    with pytest.raises(Invalid) as refusal:
        await outside.system.extensions.update(TESTER, "2001", {"forward_all": CELL})
    assert "route national is not in it" in refusal.value.fields["forward_all"]


async def test_a_device_cannot_forward_by_itself(outside: Outside, cell: Phone) -> None:
    async with outside.system.registered("2001", "2022") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2022")
        incoming = await other.wait_incoming()
        await incoming.redirect(f"sip:{CELL}@127.0.0.1:{outside.system.asterisk.ports.sip}")
        await call.wait_ended(RING_SECONDS + 10)
        assert not cell.incoming


async def test_extension_and_twin_ring_together_and_the_extensions_answer_stops_the_twin(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2001", "2021") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2021")
        at_desk, at_cell = await other.wait_incoming(), await cell.wait_incoming(10)
        assert is_ringing(at_desk)
        assert at_cell.caller_number == DEFAULT_CALLER_ID
        await at_desk.answer()
        await call.wait_answered()
        await at_cell.wait_ended()
        assert at_cell.status != 200
        await call.hangup()


async def test_a_twin_that_presses_1_has_the_call_and_the_extension_stops(
    outside: Outside, cell: Phone
) -> None:
    async with outside.system.registered("2001", "2021") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2021")
        at_desk, at_cell = await other.wait_incoming(), await cell.wait_incoming(10)
        await at_cell.answer()
        assert is_ringing(at_desk)
        await at_cell.send_dtmf("1")
        await call.wait_answered(10)
        await at_desk.wait_ended()
        at_cell.play_tone(620)
        await call.wait_tone(620, 10)
        await call.hangup()
        await at_cell.wait_ended()


async def test_a_twins_voicemail_does_not_swallow_the_call(outside: Outside, cell: Phone) -> None:
    cell.on_incoming = Answer()  # and presses nothing
    async with outside.system.registered("2001", "2021") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2021")
        at_desk, at_cell = await other.wait_incoming(), await cell.wait_incoming(10)
        await at_cell.wait_answered()
        assert is_ringing(at_desk)
        # After the extension's ring time its own box takes the call.
        await call.wait_answered(RING_SECONDS + 10)
        await at_cell.wait_ended(10)
        await call.hangup()


async def test_a_twin_that_declines_leaves_the_extension_ringing(
    outside: Outside, cell: Phone
) -> None:
    cell.on_incoming = Decline()
    async with outside.system.registered("2001", "2021") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2021")
        at_desk, at_cell = await other.wait_incoming(), await cell.wait_incoming(10)
        await at_cell.wait_ended()
        await at_desk.answer()
        await call.wait_answered()
        await call.hangup()


async def test_a_twin_inside_rings_and_its_mailbox_does_not_take_the_call(outside: Outside) -> None:
    async with outside.system.registered("2001", "2022") as (alice, other):
        other.on_incoming = Ring()
        call = await alice.call("2022")
        at_desk = await other.wait_incoming()
        await call.wait_ended(RING_SECONDS + 10)  # 2002 is away, and has a box: it must not answer
        assert call.status == 480
        assert at_desk.status != 200
    async with outside.system.registered("2001", "2022", "2002") as (alice, other, bob):
        other.on_incoming, bob.on_incoming = Ring(), Answer()
        call = await alice.call("2022")
        await call.wait_answered(10)
        assert bob.incoming
        await call.hangup()


async def test_a_trunk_registers_and_its_calls_come_in(outside: Outside, cell: Phone) -> None:
    system = outside.system
    registering = {"registers": True, "username": CUSTOMER, "secret": CUSTOMER_SECRET}
    await system.calling.trunks.update(TESTER, "carrier", registering)
    await system.told()
    await says(system.asterisk, "pjsip show registrations", " Registered ")
    async with system.registered("2001", "2011") as (alice, other):
        other.on_incoming = Ring()
        await reaches(cell, "*491701234*493022011", other)
        await reaches(alice, "2010", cell)
    plain = {"registers": False, "username": ""}
    await system.calling.trunks.update(TESTER, "carrier", plain)
    await system.told()
    assert "carrier" not in await system.asterisk.cli("pjsip show registrations")
