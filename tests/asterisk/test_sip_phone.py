"""The tests' phone against a real Asterisk: if these fail, no other test with phones says much."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.asterisk.static_pbx import (
    ALICE,
    BOB,
    EARLY_MEDIA,
    ECHO,
    LEAVE_MESSAGE,
    PIN,
    READ_DIGITS,
    StaticPbx,
)
from tests.eventually import eventually
from tests.sip import Answer, Busy, Phone, Ring, run_demo_phone

RECORDED_BYTES = 2.5 * 16_000  # a message must be longer than minsecs of voicemail.conf


@pytest.fixture(scope="module")
async def pbx(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> AsyncIterator[StaticPbx]:
    running = StaticPbx(tmp_path_factory.mktemp("pbx"), migrated_file)
    async with running:
        yield running


@pytest.fixture
async def alice(pbx: StaticPbx) -> AsyncIterator[Phone]:
    async with Phone(ALICE, pbx.secret, "127.0.0.1", pbx.ports.sip) as phone:
        assert await phone.register() == 200
        yield phone


@pytest.fixture
async def bob(pbx: StaticPbx) -> AsyncIterator[Phone]:
    async with Phone(BOB, pbx.secret, "127.0.0.1", pbx.ports.sip) as phone:
        assert await phone.register() == 200
        yield phone


async def test_a_phone_registers_moves_and_unregisters(pbx: StaticPbx, alice: Phone) -> None:
    first_uri = alice.contact_uri
    assert first_uri in await pbx.cli("pjsip show contacts")
    assert await alice.rebind() == 200
    contacts = await pbx.cli("pjsip show contacts")
    assert alice.contact_uri in contacts
    assert first_uri not in contacts
    assert await alice.unregister() == 200
    assert "No objects found" in await pbx.cli("pjsip show contacts")


async def test_a_wrong_secret_is_refused(pbx: StaticPbx) -> None:
    async with Phone(ALICE, "wrong", "127.0.0.1", pbx.ports.sip) as phone:
        assert await phone.register() == 401


async def test_a_silent_phone_answers_no_options_until_it_speaks_again(
    pbx: StaticPbx, alice: Phone
) -> None:
    alice.go_silent()
    await pbx.cli(f"pjsip qualify {ALICE}")
    alice.speak_again()
    # Asterisk repeats the OPTIONS until it is answered, so the phone's return shows on the wire.
    await alice.wait_options(1)
    assert alice.options_seen == 1


async def test_an_answered_call_is_heard_in_both_directions_through_and_past_asterisk(
    alice: Phone, bob: Phone
) -> None:
    bob.on_incoming = Answer(after=0.2, tone_hz=600)
    call = await alice.call(BOB)
    await call.wait_ringing()
    await call.wait_answered()
    incoming = await bob.wait_incoming()
    assert (incoming.caller_number, incoming.caller_name) == (ALICE, "Alice")
    call.play_tone(1000)
    await asyncio.gather(call.wait_reinvited(), incoming.wait_reinvited())
    call.received.forget()
    incoming.received.forget()
    await asyncio.gather(call.wait_tone(600), incoming.wait_tone(1000))
    await call.hangup()
    await incoming.wait_ended()
    assert (call.status, incoming.ended_by) == (200, "remote")


async def test_the_demo_phone_answers_with_a_tone_and_unregisters_at_the_end(
    pbx: StaticPbx, alice: Phone
) -> None:
    statuses: list[int] = []
    demo = asyncio.create_task(
        run_demo_phone(
            BOB,
            pbx.secret,
            "127.0.0.1",
            pbx.ports.sip,
            tone_hz=750,
            answer_after=0.1,
            on_status=statuses.append,
        ),
        name="demo phone",
    )
    await eventually(lambda: statuses == [200])
    call = await alice.call(BOB)
    await call.wait_tone(750)
    demo.cancel()
    await call.wait_ended()
    with contextlib.suppress(asyncio.CancelledError):
        await demo
    assert f"sip:{BOB}@" not in await pbx.cli("pjsip show contacts")


async def test_the_called_side_hangs_up(alice: Phone, bob: Phone) -> None:
    call = await alice.call(BOB)
    await call.wait_answered()
    await (await bob.wait_incoming()).hangup()
    await call.wait_ended()
    assert call.ended_by == "remote"


async def test_the_echo_test_sends_the_own_tone_back(alice: Phone) -> None:
    call = await alice.call(ECHO)
    await call.wait_answered()
    call.play_tone(880)
    await call.wait_tone(880)
    call.silence()
    await call.hangup()


async def test_early_media_is_heard_before_the_answer(alice: Phone) -> None:
    call = await alice.call(EARLY_MEDIA)
    await call.wait_tone(650)
    assert (call.status, call.provisional) == (None, [183])
    await call.hangup()
    assert call.status == 487


async def test_busy_reaches_the_caller(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Busy()
    call = await alice.call(BOB)
    await call.wait_ended()
    assert call.status == 486


async def test_a_number_that_nobody_has_is_404(alice: Phone) -> None:
    call = await alice.call("9999")
    await call.wait_ended()
    assert call.status == 404


async def test_a_caller_who_gives_up_stops_the_ringing(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    call = await alice.call(BOB)
    await call.wait_ringing()
    incoming = await bob.wait_incoming()
    await call.hangup()
    await incoming.wait_ended()
    assert (call.status, incoming.status) == (487, 487)


async def test_asterisk_understands_the_keys(alice: Phone, bob: Phone) -> None:
    bob.on_incoming = Ring()
    call = await alice.call(READ_DIGITS)
    await call.wait_answered()
    await call.send_dtmf("1123*0")
    incoming = await bob.wait_incoming()
    assert incoming.caller_number == "1123*0"
    await call.hangup()


async def test_a_message_lights_the_lamp_and_listening_to_it_darkens_it(
    pbx: StaticPbx, alice: Phone, bob: Phone
) -> None:
    await bob.wait_mwi(lambda lamp: not lamp.waiting)
    call = await alice.call(LEAVE_MESSAGE)
    await call.wait_answered()
    call.play_tone(500)
    await _recorded(pbx.voicemail / "default" / BOB / "tmp")
    await call.hangup()
    lamp = await bob.wait_mwi(lambda lamp: lamp.waiting)
    assert (lamp.new, lamp.old) == (1, 0)

    call = await bob.call("*97")
    await call.wait_answered()
    await call.send_dtmf(PIN + "#")
    await call.send_dtmf("1")
    await call.wait_tone(500, 10)
    await call.hangup()
    lamp = await bob.wait_mwi(lambda lamp: not lamp.waiting)
    assert (lamp.new, lamp.old) == (0, 1)


async def _recorded(folder: Path) -> None:
    """Return once the message under way is long enough to be kept."""
    await eventually(
        lambda: any(wav.stat().st_size > RECORDED_BYTES for wav in folder.glob("*.wav")), 10
    )
