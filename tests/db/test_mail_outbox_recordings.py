"""Mails with a recording in the database: sent whole, and the recording deleted with the last."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.mail_content import base64_length, base64_lines
from pbxbridge.models.outbox import MailState, OutgoingMail, RecordingPart
from pbxbridge.services.mailing import recordings
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.mailing.recordings import keep_recording
from tests.db.mail_rows import Clock, failed, keys, reached, running, store
from tests.rig.mail_catcher import MailCatcher, Refusal

RECORDING = bytes(range(256)) * 50
ENDING = b"--end--\r\n"


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "PART_BYTES", 57 * 10)


async def read() -> AsyncGenerator[bytes, None]:
    yield RECORDING


async def with_recording(key: str, *recipients: str) -> list[OutgoingMail]:
    """Store mails to these that share a recording."""
    name, size = await keep_recording(read())
    mails = []
    for recipient in recipients:
        mail = await store(f"{key}-{recipient}", recipient=recipient)
        mail.recording, mail.ending = name, ENDING
        mail.size = len(mail.message) + base64_length(size) + len(ENDING)
        await mail.save()
        mails.append(mail)
    return mails


async def test_the_recording_is_sent_and_deleted_with_the_state(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    (mail,) = await with_recording("one", "bob@example.org")
    async with running(outbox):
        (caught,) = await catcher.wait_for(1)
        await reached(MailState.SENT)
    assert caught.content == mail.message + base64_lines(RECORDING) + ENDING
    await mail.refresh_from_db()
    assert (mail.message, mail.ending, mail.recording) == (b"", b"", "")
    assert not await RecordingPart.exists()


async def test_a_recording_stays_until_the_last_of_its_mails_is_sent(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus
) -> None:
    await with_recording("one", "a@example.org", "b@example.org")
    catcher.script.append(Refusal("451 later"))
    async with running(outbox):
        await reached(MailState.SENT, 1)
        assert await RecordingPart.exists()
        clock.offset = timedelta(seconds=6)
        bus.publish(OutboxChanged())
        await reached(MailState.SENT, 2)
    assert not await RecordingPart.exists()
    assert len({mail.content.partition(b"\r\n\r\n")[2] for mail in catcher.mails}) == 1


async def test_a_mail_that_was_given_up_keeps_what_it_takes_to_send_it(
    outbox: MailOutbox, catcher: MailCatcher, bus: EventBus
) -> None:
    (mail,) = await with_recording("one", "bob@example.org")
    catcher.script.append(Refusal("550 no"))
    async with running(outbox):
        await reached(MailState.DEAD)
        await OutgoingMail.filter(id=mail.id).update(state=MailState.WAITING)
        bus.publish(OutboxChanged())
        (caught,) = await catcher.wait_for(1)
    assert caught.content == mail.message + base64_lines(RECORDING) + ENDING


@pytest.mark.parametrize("place", [0, 3, 22], ids=["first", "middle", "last"])
async def test_a_mail_is_never_sent_without_a_part_of_its_recording(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus, place: int
) -> None:
    (mail,) = await with_recording("one", "bob@example.org")
    assert await RecordingPart.all().count() == 23
    part = await RecordingPart.get(place=place)
    await part.delete()
    async with running(outbox):
        await failed(mail, 1)
        assert mail.state is MailState.WAITING
        assert mail.last_error == "The recording in the database is not whole."
        assert catcher.mails == []
        part.pk = None
        part._saved_in_db = False
        await part.save()
        clock.offset = timedelta(seconds=6)
        bus.publish(OutboxChanged())
        (caught,) = await catcher.wait_for(1)
    assert caught.content == mail.message + base64_lines(RECORDING) + ENDING


async def test_a_mail_that_is_held_neither_goes_nor_is_waited_for(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    held = await store("held")
    await OutgoingMail.filter(id=held.id).update(state=MailState.HELD)
    await store("next")
    async with running(outbox):
        await reached(MailState.SENT)
    assert keys(catcher.mails) == ["next"]
