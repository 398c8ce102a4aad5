"""A message whose recording cannot be read or stored: the outbox says so, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbxbridge.events import EventBus, MailboxChanged
from pbxbridge.mail.voicemail_mail import VoicemailMails
from pbxbridge.models.extension import AfterSending, Extension
from pbxbridge.models.outbox import MailState, OutgoingMail, RecordingPart
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.mailing.outbox_changes import OutboxChanges
from pbxbridge.services.voicemail import relay as voicemail_relay
from pbxbridge.services.voicemail.relay import VoicemailRelay
from pbxbridge.services.voicemail.spool import VoicemailSpool
from tests.db.little_space import little_space
from tests.db.mail_rows import running, until, whole_mail
from tests.rig.mail_catcher import CaughtMail
from tests.rig.relaying import relay_for
from tests.rig.voicemail_files import leave_message, wav

BOX = "1002"
# A recording that does not fit into the free pages of a new database.
LONG = wav(60)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "voicemail"


@pytest.fixture
async def relay(
    extensions: Extensions,
    admin: Actor,
    bus: EventBus,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> VoicemailRelay:
    """The relay of a PBX on which 1002 has its voicemail mailed to two addresses."""
    monkeypatch.setattr(voicemail_relay, "LOOK_AGAIN_SECONDS", 0.05)
    box = {"number": BOX, "caller_id_name": "Bob", "voicemail": True, "voicemail_pin": "4321"}
    addresses = {"voicemail_email": "bob@example.org, ann@example.org"}
    await extensions.create(admin, parse_extension({**box, **addresses}))
    return relay_for(bus, VoicemailSpool(spool))


def without_recording(spool: Path, msg_id: str = "1-a") -> Path:
    """Leave a message; return where its recording should be."""
    audio = leave_message(spool, msg_id).with_suffix(".wav")
    audio.unlink()
    return audio


async def mails() -> list[OutgoingMail]:
    return await OutgoingMail.all().order_by("id")


async def recording_in(row: OutgoingMail) -> bytes:
    return CaughtMail("", "", await whole_mail(row), "").recording


async def looked(relay: VoicemailRelay) -> None:
    """Have the relay look as often as it does before it holds a mail, or gives one up."""
    for _ in range(voicemail_relay.LOOKS):
        await relay.sweep()


def states(mails: list[OutgoingMail]) -> set[MailState]:
    return {mail.state for mail in mails}


async def reached(state: MailState) -> list[OutgoingMail]:
    """Return both mails once they are in that state."""

    async def are() -> bool:
        return [mail.state for mail in await mails()] == [state, state]

    await until(are)
    return await mails()


async def changed(bus: EventBus) -> None:
    bus.publish(MailboxChanged(mailbox=BOX, context="default"))


async def test_a_recording_that_stays_unreadable_is_told_in_the_outbox_and_mailed_when_it_is_back(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    audio = without_recording(spool)
    async with running(relay):
        held = await reached(MailState.HELD)
        assert held[0].last_error.startswith("The recording cannot be read: ")
        audio.write_bytes(wav(0.3))
        await changed(bus)
        waiting = await reached(MailState.WAITING)
    assert [mail.id for mail in waiting] == [mail.id for mail in held], "they keep their place"
    assert [mail.last_error for mail in waiting] == ["", ""]
    assert await recording_in(waiting[1]) == wav(0.3)


async def test_a_recording_that_is_only_on_its_way_is_not_told_of(
    relay: VoicemailRelay, spool: Path
) -> None:
    audio = without_recording(spool)
    await relay.sweep()
    assert await mails() == []
    audio.write_bytes(wav(0.3))
    await relay.sweep()
    assert [mail.state for mail in await mails()] == [MailState.WAITING] * 2


async def test_looking_again_at_what_is_held_for_the_same_reason_changes_nothing(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    without_recording(spool)
    await looked(relay)
    before = await OutgoingMail.all().order_by("id").values()
    with bus.subscribe() as events:
        await relay.sweep()
        bus.publish(MailboxChanged("end", "default"))
        assert await events.get() == MailboxChanged("end", "default")
    assert await OutgoingMail.all().order_by("id").values() == before
    assert len(before) == 2


async def test_a_held_message_that_was_heard_by_phone_is_mailed_from_where_it_is(
    relay: VoicemailRelay, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    old = audio.parent.parent / "Old"
    old.mkdir()
    audio.with_suffix(".txt").rename(old / "msg0000.txt")
    (old / "msg0000.wav").write_bytes(wav())
    await relay.sweep()
    assert [mail.state for mail in await mails()] == [MailState.WAITING] * 2


async def test_a_held_message_that_is_gone_is_given_up_and_says_so(
    relay: VoicemailRelay, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    gone = audio.with_suffix(".txt").rename(spool / "gone.txt")
    await relay.sweep()
    assert states(await mails()) == {MailState.HELD}, "it may be on its way to another folder"
    await looked(relay)
    assert states(await mails()) == {MailState.DEAD}
    assert "not there any more" in (await mails())[0].last_error

    gone.rename(audio.with_suffix(".txt"))
    audio.write_bytes(wav())
    await relay.sweep()
    assert states(await mails()) == {MailState.WAITING}, "it was there after all"


async def test_a_bridge_that_never_saw_a_held_message_does_not_give_it_up(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    audio.with_suffix(".txt").unlink()
    await looked(relay_for(bus, VoicemailSpool(spool)))
    assert states(await mails()) == {MailState.HELD}


async def test_a_held_message_goes_to_the_addresses_that_the_box_has_then(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    await extensions.update(admin, BOX, {"voicemail_email": "ann@example.org, eve@example.org"})
    audio.write_bytes(wav())
    await relay.sweep()
    assert [(mail.recipient, mail.state) for mail in await mails()] == [
        ("ann@example.org", MailState.WAITING),
        ("eve@example.org", MailState.WAITING),
    ]


async def test_a_mail_that_was_discarded_while_it_was_held_is_sent_to_nobody_else(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, bus: EventBus, spool: Path
) -> None:
    await extensions.update(admin, BOX, {"voicemail_after_sending": "delete"})
    audio = without_recording(spool)
    await looked(relay)
    to_bob = (await mails())[0]
    await OutboxChanges(bus).discard(admin, to_bob.id)
    await extensions.update(admin, BOX, {"voicemail_email": "ann@example.org, bob@example.org"})
    audio.write_bytes(wav())
    await relay.sweep()
    assert {(mail.recipient, mail.state, mail.after_sending) for mail in await mails()} == {
        ("bob@example.org", MailState.DROPPED, AfterSending.KEEP),
        ("ann@example.org", MailState.WAITING, AfterSending.KEEP),
    }


async def test_a_held_message_from_before_the_present_address_is_not_mailed_to_it(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    await extensions.update(admin, BOX, {"voicemail_email": ""})
    await extensions.update(admin, BOX, {"voicemail_email": "stranger@example.org"})
    later = datetime.now(UTC) + timedelta(minutes=1)
    await Extension.filter(number=BOX).update(mail_since=later)
    audio.write_bytes(wav())
    await relay.sweep()
    await relay.sweep()
    assert states(await mails()) == {MailState.DEAD}
    assert await relay.settled(BOX, "1-a", is_new=True), "nobody waits for its mail any more"


async def test_a_message_whose_mail_is_held_may_not_be_deleted(
    relay: VoicemailRelay, spool: Path
) -> None:
    audio = without_recording(spool)
    await looked(relay)
    assert not await relay.settled(BOX, "1-a", is_new=True)
    old = audio.parent.parent / "Old"
    old.mkdir()
    audio.with_suffix(".txt").rename(old / "msg0000.txt")
    assert not await relay.settled(BOX, "1-a", is_new=False)
    (old / "msg0000.wav").write_bytes(wav())
    assert await relay.settled(BOX, "1-a", is_new=False)


async def test_a_recording_is_looked_at_again_however_busy_the_bridge_is(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    without_recording(spool)

    async def others_are_busy() -> None:
        while True:
            bus.publish(MailboxChanged(mailbox="1999", context="default"))
            await asyncio.sleep(0.01)

    busy = asyncio.create_task(others_are_busy())
    try:
        async with running(relay):
            await reached(MailState.HELD)
    finally:
        busy.cancel()


async def test_a_fault_of_ours_with_one_message_is_told_in_the_outbox_too(
    relay: VoicemailRelay, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError

    leave_message(spool, "1-a")
    monkeypatch.setattr(VoicemailMails, "content", broken)
    await looked(relay)
    assert (await mails())[0].last_error == "The mail cannot be stored: KeyError"
    monkeypatch.undo()
    await relay.sweep()
    assert states(await mails()) == {MailState.WAITING}


@pytest.mark.sqlite
async def test_without_space_for_a_recording_the_outbox_says_so_until_there_is(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    leave_message(spool, "1-a", recording=LONG)
    async with running(relay):
        async with little_space(40):
            held = await reached(MailState.HELD)
            assert held[0].last_error == "The database has no space left for the recording."
            assert await RecordingPart.all().count() == 0
            leave_message(spool, "1-b", recording=wav(0.1))
            await changed(bus)
            await until(has_small_one)
        await changed(bus)
        await until(all_wait)
    assert await recording_in((await mails())[0]) == LONG


async def has_small_one() -> bool:
    return await OutgoingMail.filter(msg_id="1-b", state=MailState.WAITING).count() == 2


async def all_wait() -> bool:
    return await OutgoingMail.filter(state=MailState.WAITING).count() == 4
