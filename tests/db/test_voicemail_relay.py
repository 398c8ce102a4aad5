"""From a message in the spool to one stored mail, and to one mail at the server."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from pbxbridge.events import (
    Event,
    EventBus,
    LinkChanged,
    MailboxChanged,
    OutboxChanged,
    Overflowed,
)
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.mail.voicemail_message import VoicemailMessage
from pbxbridge.models.extension import Extension, VoicemailAudio
from pbxbridge.models.outbox import MailState, OutgoingMail, RecordingPart
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.voicemail import relay as voicemail_relay
from pbxbridge.services.voicemail.relay import VoicemailRelay
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import SmtpSettings
from tests.db.mail_rows import running, until, whole_mail
from tests.db.statements import statements
from tests.rig.mail_catcher import MailCatcher
from tests.rig.relaying import relay_for
from tests.rig.voicemail_files import leave_message, wav


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "voicemail"


@pytest.fixture
async def relay(extensions: Extensions, admin: Actor, bus: EventBus, spool: Path) -> VoicemailRelay:
    """The relay of a PBX on which 1002 has its voicemail mailed."""
    await mailed(extensions, admin, "1002")
    return relay_of(bus, spool)


def relay_of(bus: EventBus, spool: Path, sweep_seconds: float = 300.0) -> VoicemailRelay:
    return relay_for(bus, VoicemailSpool(spool), sweep_seconds=sweep_seconds)


def voicemail_user(number: str, email: str = "{}@example.org") -> ExtensionInput:
    return ExtensionInput(
        number=number,
        caller_id_name="Bob",
        voicemail=True,
        voicemail_pin="4321",
        voicemail_email=email.format(number),
    )


async def mailed(extensions: Extensions, admin: Actor, number: str) -> None:
    await extensions.create(admin, voicemail_user(number))


async def stored() -> list[str]:
    """Return the box and msg_id of each mail of the outbox, in the order of storing."""
    rows = await OutgoingMail.all().order_by("id")
    return [f"{row.mailbox}:{row.msg_id}" for row in rows]


async def stored_count(count: int) -> None:
    async def enough() -> bool:
        return await OutgoingMail.all().count() == count

    await until(enough)


async def test_a_message_is_stored_once_as_a_whole_mail(relay: VoicemailRelay, spool: Path) -> None:
    recording = wav(0.3)
    leave_message(spool, "1-a", callerid='"Zoë" <1001>', recording=recording)
    await relay.sweep()
    await relay.sweep()
    await relay.relay("1002")
    (row,) = await OutgoingMail.all()
    assert (row.mailbox, row.recipient) == ("1002", "1002@example.org")
    assert (row.state, row.attempts) == (MailState.WAITING, 0)
    mail = message_from_bytes(await whole_mail(row), policy=default)
    assert mail["Subject"] == "Voicemail from Zoë <1001> (0:12) for 1002"
    assert mail["Message-ID"] == row.message_id
    assert isinstance(mail, EmailMessage)
    (attachment,) = mail.iter_attachments()
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content() == recording


async def test_found_by_two_at_the_same_moment_it_is_stored_once(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    for number in range(5):
        leave_message(spool, f"1-{number}")
    await asyncio.gather(*(relay_of(bus, spool).relay("1002") for _ in range(4)))
    assert sorted(await stored()) == [f"1002:1-{number}" for number in range(5)]


async def test_a_message_left_for_two_mailboxes_is_mailed_to_both(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    await mailed(extensions, admin, "1003")
    for mailbox in ("1002", "1003"):
        leave_message(spool, "1-a", mailbox=mailbox)
    await relay.sweep()
    rows = await OutgoingMail.all().order_by("mailbox")
    assert [row.recipient for row in rows] == ["1002@example.org", "1003@example.org"]
    assert len({row.message_id for row in rows}) == 2


async def test_each_address_of_a_box_gets_a_mail_and_they_share_the_recording(
    relay: VoicemailRelay, spool: Path
) -> None:
    await Extension.all().update(voicemail_email="bob@example.org, ann@example.org")
    leave_message(spool, "1-a")
    await relay.sweep()
    await relay.sweep()
    first, second = await OutgoingMail.all().order_by("id")
    assert (first.recipient, second.recipient) == ("bob@example.org", "ann@example.org")
    assert first.message_id == second.message_id
    assert await whole_mail(first) == await whole_mail(second)
    assert first.size == len(await whole_mail(first))
    assert {part.recording for part in await RecordingPart.all()} == {first.recording}


async def test_an_address_that_is_added_later_gets_no_older_messages(
    relay: VoicemailRelay, spool: Path
) -> None:
    leave_message(spool, "1-a")
    await relay.sweep()
    await Extension.all().update(voicemail_email="1002@example.org, ann@example.org")
    await relay.sweep()
    assert len(await stored()) == 1


async def test_a_box_that_wants_a_link_has_no_recording_stored(
    relay: VoicemailRelay, spool: Path
) -> None:
    await Extension.all().update(voicemail_audio=VoicemailAudio.LINK)
    leave_message(spool, "1-a")
    await relay.sweep()
    (row,) = await OutgoingMail.all()
    assert (row.recording, await RecordingPart.all().count()) == ("", 0)
    assert b"message=3D1002-1-a" in row.message or b"message=1002-1-a" in row.message


async def test_an_answer_goes_to_the_caller_if_it_was_their_phone_that_called(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    await mailed(extensions, admin, "1001")
    leave_message(spool, "1-a", callerid='"Alice" <1001>')
    # Somebody whose caller ID says so, on another's phone.
    leave_message(spool, "1-b", callerid='"Alice" <1003>')
    await relay.sweep()
    answers = [
        message_from_bytes(await whole_mail(row), policy=default)["Reply-To"]
        for row in await OutgoingMail.all().order_by("id")
    ]
    assert answers == ["1001@example.org", None]


async def test_a_message_that_was_moved_or_renumbered_is_not_stored_again(
    relay: VoicemailRelay, spool: Path
) -> None:
    leave_message(spool, "1-a", number=3)
    await relay.sweep()
    leave_message(spool, "1-a", number=0)
    leave_message(spool, "1-a", folder="Urgent")
    await relay.sweep()
    assert len(await stored()) == 1


async def test_messages_are_stored_oldest_first(relay: VoicemailRelay, spool: Path) -> None:
    now = datetime.now(UTC)
    for number in (2, 0, 1):
        leave_message(spool, f"1-{number}", received_at=now + timedelta(seconds=number))
    await relay.sweep()
    assert await stored() == [f"1002:1-{number}" for number in range(3)]


async def test_messages_from_before_the_address_was_set_are_not_mailed(
    relay: VoicemailRelay, spool: Path
) -> None:
    leave_message(spool, "1-old", received_at=datetime.now(UTC) - timedelta(minutes=1))
    leave_message(spool, "1-new", received_at=datetime.now(UTC))
    await relay.sweep()
    assert await stored() == ["1002:1-new"]


async def test_without_an_address_a_box_or_an_extension_nothing_is_mailed(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    await extensions.create(admin, voicemail_user("1003", email=""))
    await extensions.update(admin, "1002", {"voicemail_email": ""})
    for mailbox in ("1002", "1003", "9999"):
        leave_message(spool, "1-a", mailbox=mailbox)
    await relay.sweep()
    for mailbox in ("1002", "1003", "9999", "../default"):
        await relay.relay(mailbox)
    assert await stored() == []


async def test_an_unfinished_message_is_taken_at_a_later_look(
    relay: VoicemailRelay, spool: Path
) -> None:
    path = leave_message(spool, "1-a")
    whole = path.read_text()
    path.write_text(whole.removesuffix("2\n"))
    await relay.sweep()
    assert await stored() == []
    path.write_text(whole)
    await relay.sweep()
    assert len(await stored()) == 1


async def test_a_mailbox_that_cannot_be_read_does_not_stop_the_others(
    relay: VoicemailRelay, extensions: Extensions, admin: Actor, spool: Path
) -> None:
    await mailed(extensions, admin, "1001")
    (spool / "default" / "1001" / "INBOX").mkdir(parents=True)
    (spool / "default" / "1001" / "Urgent").symlink_to("Urgent")  # listing it is an OSError
    leave_message(spool, "1-a")
    await relay.sweep()
    assert await stored() == ["1002:1-a"]


async def test_what_waits_at_the_start_is_stored_and_told(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    leave_message(spool, "1-a")
    with bus.subscribe() as events:
        async with running(relay), asyncio.timeout(5):
            assert await events.get() == OutboxChanged()
    assert len(await stored()) == 1


@pytest.mark.parametrize(
    "event",
    [
        MailboxChanged(mailbox="1002", context="default"),
        LinkChanged("asterisk", up=True, since=datetime.now(UTC), reason=""),
        Overflowed(),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_an_event_that_may_mean_a_message_is_acted_on_at_once(
    relay: VoicemailRelay, bus: EventBus, spool: Path, event: Event
) -> None:
    leave_message(spool, "1-a")
    async with running(relay):
        await stored_count(1)
        leave_message(spool, "1-b")
        bus.publish(event)
        await stored_count(2)


async def test_without_any_event_the_sweep_finds_it(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    async with running(relay_of(bus, spool, sweep_seconds=0.1)):
        leave_message(spool, "1-a")
        await stored_count(1)


async def test_a_message_deleted_by_phone_before_it_was_sent_is_still_mailed(
    relay: VoicemailRelay, bus: EventBus, spool: Path
) -> None:
    path = leave_message(spool, "1-a", recording=wav(0.3))
    await relay.sweep()
    path.unlink()
    path.with_suffix(".wav").unlink()
    async with MailCatcher().listening() as catcher:
        smtp = SmtpSettings(host=catcher.host, port=catcher.port)
        async with running(MailOutbox(bus, SmtpSender(smtp).send)):
            (mail,) = await catcher.wait_for(1)
    assert mail.recording == wav(0.3)


async def test_only_extensions_whose_mailbox_has_a_folder_are_looked_up(
    relay: VoicemailRelay,
    extensions: Extensions,
    admin: Actor,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voicemail_relay, "AT_ONCE", 2)
    boxes = [f"20{number:02}" for number in range(5)]
    for mailbox in boxes:
        await mailed(extensions, admin, mailbox)
    async with statements() as seen:
        await relay.sweep()
    assert seen == []
    for mailbox in boxes:
        leave_message(spool, "1-a", mailbox=mailbox)
    async with statements() as seen:
        await relay.sweep()
    assert sorted(await stored()) == [f"{mailbox}:1-a" for mailbox in boxes]
    assert not [each for each in seen if "'1002'" in each]


@pytest.mark.parametrize("mailbox", ["reception.front.desk.1", "1" * 80])
async def test_a_mailbox_of_somebody_else_with_a_long_name_is_nobodys(
    relay: VoicemailRelay, spool: Path, mailbox: str
) -> None:
    leave_message(spool, "1-a", mailbox=mailbox)
    leave_message(spool, "1-a")
    await relay.sweep()
    await relay.relay(mailbox)
    assert await relay.settled(mailbox, "1-a", is_new=True)
    assert await stored() == ["1002:1-a"]


async def test_a_fault_of_ours_at_one_mailbox_or_event_ends_nothing(
    relay: VoicemailRelay,
    extensions: Extensions,
    admin: Actor,
    bus: EventBus,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await mailed(extensions, admin, "1001")
    whole = VoicemailSpool.messages

    async def broken_at_1001(
        self: VoicemailSpool, context: str, mailbox: str, folders: Sequence[str]
    ) -> Sequence[VoicemailMessage]:
        if mailbox == "1001":
            raise KeyError(mailbox)
        return await whole(self, context, mailbox, folders)

    monkeypatch.setattr(VoicemailSpool, "messages", broken_at_1001)
    for mailbox in ("1001", "1002"):
        leave_message(spool, "1-a", mailbox=mailbox)
    async with running(relay):
        await stored_count(1)
        leave_message(spool, "1-b")
        for mailbox in ("1001", "1002"):
            bus.publish(MailboxChanged(mailbox=mailbox, context="default"))
        await stored_count(2)
