"""A person's voicemail: what is listed, and what may be lost by deleting (never a mail)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.errors import AsteriskUnavailable, Conflict, NotFound
from pbxbridge.events import EventBus
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.services.voicemail.store import MessageMoved
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.relaying import relay_for
from tests.rig.voicemail_files import leave_message, wav

BOX = "1002"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def link(tmp_path: Path, bus: EventBus) -> VoicemailLink:
    return VoicemailLink(tmp_path / "voicemail", bus)


@pytest.fixture
def inbox(database: str, link: VoicemailLink, bus: EventBus) -> VoicemailInbox:
    spool = VoicemailSpool(link.spool)
    relay = relay_for(bus, spool)
    return VoicemailInbox(spool, MailboxActions(link), relay.settled)


@pytest.fixture
async def mailed(extensions: Extensions, admin: Actor) -> None:
    """1002 has its voicemail mailed."""
    await extensions.create(
        admin,
        ExtensionInput(
            number=BOX,
            caller_id_name="Bob",
            voicemail=True,
            voicemail_pin="8642",
            voicemail_email="bob@example.org",
        ),
    )


def leave(link: VoicemailLink, msg_id: str, *, folder: str = "INBOX", age: int = 0) -> Path:
    """Leave a message ``age`` minutes before now."""
    moment = datetime.now(UTC) - timedelta(minutes=age)
    return leave_message(link.spool, msg_id, folder=folder, received_at=moment)


async def ids(inbox: VoicemailInbox) -> list[str]:
    return [message.msg_id for message in await inbox.messages(BOX)]


async def test_every_folder_is_listed_newest_first(
    inbox: VoicemailInbox, link: VoicemailLink
) -> None:
    for age, folder in enumerate(("Old", "INBOX", "Family", "Urgent", "Work", "Friends")):
        leave(link, folder, folder=folder, age=age)
    found = await inbox.messages(BOX)
    assert [(one.msg_id, one.folder, one.heard) for one in found] == [
        ("Old", "Old", True),
        ("INBOX", "New", False),
        ("Family", "Family", True),
        ("Urgent", "Urgent", False),
        ("Work", "Work", True),
        ("Friends", "Friends", True),
    ]
    assert await inbox.new_messages(BOX) == 2


async def test_a_message_tells_who_called_when_and_for_how_long(
    inbox: VoicemailInbox, link: VoicemailLink
) -> None:
    leave_message(link.spool, "one", callerid='"Zoë O\'Neil" <0171>', received_at=NOW)
    (message,) = await inbox.messages(BOX)
    assert (message.caller_name, message.caller_number) == ("Zoë O'Neil", "0171")
    assert (message.received_at, message.seconds) == (NOW, 12)
    assert message.playable


async def test_an_empty_box_and_one_that_never_was(inbox: VoicemailInbox) -> None:
    assert await inbox.messages(BOX) == []
    assert await inbox.new_messages(BOX) == 0


async def test_a_recording_comes_as_asterisk_stored_it(
    inbox: VoicemailInbox, link: VoicemailLink
) -> None:
    leave_message(link.spool, "one", recording=wav(2), received_at=NOW)
    recording = await inbox.recording(BOX, "one")
    assert recording.content == wav(2)
    assert recording.content_type == "audio/wav"
    assert recording.file_name == "voicemail-1002-20260301-120000.wav"


async def test_gsm_is_offered_for_download_only(inbox: VoicemailInbox, link: VoicemailLink) -> None:
    audio = leave(link, "one").with_suffix(".wav")
    audio.rename(audio.with_suffix(".WAV"))
    assert not (await inbox.messages(BOX))[0].playable
    assert (await inbox.recording(BOX, "one")).content == wav()


@pytest.mark.parametrize("msg_id", ["other", "", "../one", "*"])
async def test_a_message_that_is_not_there(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor, msg_id: str
) -> None:
    leave(link, "one")
    for asked in (
        inbox.recording(BOX, msg_id),
        inbox.delete(admin, BOX, msg_id),
        inbox.mark_heard(admin, BOX, msg_id),
    ):
        with pytest.raises(NotFound):
            await asked
    assert await ids(inbox) == ["one"]


async def test_deleting_is_audited_without_who_called(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one")
    leave(link, "two", age=1)
    await inbox.delete(admin, BOX, "one")
    assert await ids(inbox) == ["two"]
    entry = await AuditEntry.get(action="voicemail.deleted")
    assert (entry.actor, entry.address, entry.subject) == ("admin", "127.0.0.1", BOX)
    assert entry.before["msg_id"] == "one"
    assert "Alice" not in str(entry.before)


async def test_marking_as_heard_moves_to_the_old_ones(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one", folder="Urgent")
    await inbox.mark_heard(admin, BOX, "one")
    assert [(one.folder, one.heard) for one in await inbox.messages(BOX)] == [("Old", True)]
    await inbox.mark_heard(admin, BOX, "one")
    assert await AuditEntry.filter(action="voicemail.heard").count() == 1


@pytest.mark.parametrize("action", ["delete", "mark_heard"])
async def test_what_is_taken_out_before_the_relay_saw_it_is_mailed_all_the_same(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor, mailed: None, action: str
) -> None:
    leave(link, "one")
    await getattr(inbox, action)(admin, BOX, "one")
    mail = await OutgoingMail.get()
    assert (mail.mailbox, mail.msg_id) == (BOX, "one")
    assert b"audio" in mail.message


async def test_what_was_mailed_is_not_mailed_again(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor, mailed: None
) -> None:
    leave(link, "one")
    leave(link, "two")
    await inbox.delete(admin, BOX, "one")
    await inbox.delete(admin, BOX, "two")
    assert await OutgoingMail.all().count() == 2


async def test_a_message_whose_mail_cannot_be_stored_stays(
    link: VoicemailLink, admin: Actor, mailed: None, bus: EventBus
) -> None:
    class Unreadable(VoicemailSpool):
        async def recording(self, message: VoicemailMessage) -> AsyncGenerator[bytes, None]:
            if message:
                raise MessageMoved
            yield b""

    spool = Unreadable(link.spool)
    relay = relay_for(bus, spool)
    inbox = VoicemailInbox(spool, MailboxActions(link), relay.settled)
    leave(link, "one")
    with pytest.raises(Conflict):
        await inbox.delete(admin, BOX, "one")
    assert await ids(inbox) == ["one"]
    assert await AuditEntry.filter(action="voicemail.deleted").count() == 0


async def test_old_messages_are_deleted_without_a_mail(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor, mailed: None
) -> None:
    leave(link, "one", folder="Old")
    leave(link, "earlier", age=60)
    await inbox.delete(admin, BOX, "one")
    await inbox.delete(admin, BOX, "earlier")
    assert await ids(inbox) == []
    assert await OutgoingMail.all().count() == 0


async def test_without_asterisk_nothing_is_changed(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one")
    link.up = False
    for asked in (inbox.delete(admin, BOX, "one"), inbox.mark_heard(admin, BOX, "one")):
        with pytest.raises(AsteriskUnavailable):
            await asked
    assert [(one.msg_id, one.heard) for one in await inbox.messages(BOX)] == [("one", False)]
    assert await AuditEntry.all().count() == 0


async def test_a_locked_box_is_a_conflict(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one")
    link.locked = True
    with pytest.raises(Conflict, match="in use"):
        await inbox.delete(admin, BOX, "one")
    assert await ids(inbox) == ["one"]


@pytest.mark.parametrize("arguments", ["1002@default", "1002", "1002@default,s", "", "@default,s"])
async def test_nothing_is_taken_out_while_somebody_listens_by_phone(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor, arguments: str
) -> None:
    leave(link, "one")
    link.listening = ["1003@default", arguments]
    with pytest.raises(Conflict, match="by phone"):
        await inbox.delete(admin, BOX, "one")
    assert await ids(inbox) == ["one"]


async def test_listening_to_another_box_does_not_matter(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one")
    link.listening = ["1003@default", "1002@elsewhere"]
    await inbox.delete(admin, BOX, "one")
    assert await ids(inbox) == []


async def test_a_deletion_whose_answer_was_lost_is_recorded(
    inbox: VoicemailInbox, link: VoicemailLink, admin: Actor
) -> None:
    leave(link, "one")
    link.loses_answers = True
    await inbox.delete(admin, BOX, "one")
    assert await AuditEntry.filter(action="voicemail.deleted").count() == 1


async def test_a_spool_that_cannot_be_read(inbox: VoicemailInbox, link: VoicemailLink) -> None:
    link.spool.mkdir()
    (link.spool / "default").symlink_to(link.spool / "default")  # a loop: OSError for everybody
    with pytest.raises(AsteriskUnavailable):
        await inbox.messages(BOX)
