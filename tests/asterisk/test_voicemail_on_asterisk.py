"""A message left on a real Asterisk, by a real call, becomes one e-mail with a playable WAV."""

from __future__ import annotations

import array
import asyncio
import contextlib
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.events import EventBus
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.voicemail.relay import VoicemailRelay
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import AsteriskSettings, SmtpSettings
from tests.db.mail_rows import reached, running
from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.rig.mail_catcher import CaughtMail, MailCatcher
from tests.rig.relaying import relay_for
from tests.rig.voicemail_calls import (
    BYTES_PER_SECOND,
    LONG_ENOUGH_SECONDS,
    TONE_HZ,
    call_mailbox,
    length_so_far,
    speak_to,
)
from tests.sip import Phone
from tests.sip.tone import goertzel_share

NAME = "Zoë; ${EPOCH}, O'Neil"


@dataclass
class Pbx:
    """A real Asterisk with 1001 (a phone) and the mailboxes 1002 and 1003, mailed by the bridge."""

    asterisk: AsteriskInstance
    catcher: MailCatcher
    phone: Phone
    relay: VoicemailRelay

    async def wait_for_mails(self, count: int) -> list[CaughtMail]:
        """Return the mails once so many came; and no more are to come."""
        await self.catcher.wait_for(count, within=20)
        await reached(MailState.SENT, count)
        await self.relay.sweep()
        assert await OutgoingMail.all().count() == count
        return list(self.catcher.mails)


@pytest.fixture
async def pbx(
    database: Path, bus: EventBus, extensions: Extensions, admin: Actor, tmp_path: Path
) -> AsyncIterator[Pbx]:
    async with contextlib.AsyncExitStack() as stack:
        catcher = await stack.enter_async_context(MailCatcher().listening())
        asterisk = await stack.enter_async_context(
            AsteriskInstance(tmp_path / "asterisk", database)
        )
        for number, voicemail in (("1001", False), ("1002", True), ("1003", True)):
            await extensions.create(admin, _extension(number, voicemail=voicemail))
        smtp = SmtpSettings(host=catcher.host, port=catcher.port)
        # What is found is found by Asterisk's own event, before any sweep.
        relay = relay_for(bus, VoicemailSpool(asterisk.voicemail))
        mirror = Mirror("asterisk", Board(bus, ["asterisk"]))
        for service in (
            relay,
            MailOutbox(bus, SmtpSender(smtp).send),
            AmiLink(_ami(asterisk), mirror, HANDLERS),
        ):
            await stack.enter_async_context(running(service))
        await eventually(lambda: mirror.link.up, 20)
        secret = await extensions.secret(admin, "1001")
        phone = await stack.enter_async_context(
            Phone("1001", secret, asterisk.bind, asterisk.ports.sip)
        )
        assert await phone.register() == 200
        yield Pbx(asterisk, catcher, phone, relay)


async def test_a_call_nobody_answers_becomes_one_mail_with_the_caller_s_voice(pbx: Pbx) -> None:
    call = await pbx.phone.call("1002")
    call.play_tone(TONE_HZ)
    await call.wait_answered(10)
    await call.send_dtmf("#")  # skips the greeting
    under_way = pbx.asterisk.voicemail / "default" / "1002" / "tmp"
    await eventually(lambda: length_so_far(under_way) > LONG_ENOUGH_SECONDS * BYTES_PER_SECOND)
    await call.hangup()
    (mail,) = await pbx.wait_for_mails(1)

    assert mail.recipient == "1002@example.org"
    subject = str(mail.message["Subject"])
    assert subject.startswith(f"Voicemail from {NAME} <1001> (0:0")
    assert subject.endswith(" for 1002")
    stored = (pbx.asterisk.voicemail / "default" / "1002" / "INBOX" / "msg0000.wav").read_bytes()
    assert mail.recording == stored
    _assert_tone(mail.recording, at_least=2.5)


async def test_a_message_for_several_mailboxes_is_mailed_to_each(pbx: Pbx) -> None:
    # Asterisk copies the message, msg_id and all.
    await speak_to(pbx.asterisk, pbx.phone, "1002@default&1003@default,s")
    mails = await pbx.wait_for_mails(2)
    ids = {row.msg_id for row in await OutgoingMail.all()}
    assert len(ids) == 1
    assert {mail.recipient for mail in mails} == {"1002@example.org", "1003@example.org"}
    assert len({mail.message_id for mail in mails}) == 2
    for mail in mails:
        _assert_tone(mail.recording, at_least=2.5)


async def test_an_urgent_message_is_mailed_once(pbx: Pbx) -> None:
    await speak_to(pbx.asterisk, pbx.phone, "1002@default,sU")
    (mail,) = await pbx.wait_for_mails(1)
    urgent = pbx.asterisk.voicemail / "default" / "1002" / "Urgent" / "msg0000.wav"
    assert mail.recording == urgent.read_bytes()


async def test_somebody_who_hangs_up_at_the_beep_leaves_no_mail(pbx: Pbx) -> None:
    call = await call_mailbox(pbx.phone, "1002@default,s")
    await asyncio.sleep(0.5)  # the caller's part, not a wait
    await call.hangup()
    await speak_to(pbx.asterisk, pbx.phone, "1002@default,s")
    await pbx.wait_for_mails(1)


def _assert_tone(recording: bytes, *, at_least: float) -> None:
    """Check that the recording plays, has that many seconds, and the caller's tone in it."""
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        seconds = file.getnframes() / file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))
    assert at_least <= seconds < 15
    middle = samples[len(samples) // 2 : len(samples) // 2 + 4000]
    assert goertzel_share(middle, TONE_HZ) > 0.8


def _extension(number: str, *, voicemail: bool) -> ExtensionInput:
    return ExtensionInput(
        number=number,
        caller_id_name=NAME,
        voicemail=voicemail,
        voicemail_pin="4321" if voicemail else "",
        voicemail_email=f"{number}@example.org" if voicemail else "",
    )


def _ami(asterisk: AsteriskInstance) -> AsteriskSettings:
    return AsteriskSettings(
        ami_port=asterisk.ports.ami,
        ami_user=asterisk.ami_user,
        ami_secret=SecretStr(asterisk.ami_secret),
    )
