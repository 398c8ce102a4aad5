"""From a message in the spool to one stored mail, and to one mail at the server."""

import asyncio
import contextlib
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
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
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services import voicemail_relay
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import ExtensionInput
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.mail_outbox import CONCURRENCY, MailOutbox
from pbxbridge.services.voicemail_relay import VoicemailRelay
from pbxbridge.services.voicemail_spool import VoicemailSpool
from pbxbridge.settings import SmtpSettings
from tests.db.mail_rows import reached, running, until
from tests.db.statements import statements
from tests.rig.mail_catcher import MailCatcher
from tests.rig.voicemail_files import leave_message, wav

SENDER = "voicemail@pbx.local"
KILLS, MESSAGES = 5, 30


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "voicemail"


@pytest.fixture
async def relay(extensions: Extensions, admin: Actor, bus: EventBus, spool: Path) -> VoicemailRelay:
    """The relay of a PBX on which 1002 has its voicemail mailed."""
    await mailed(extensions, admin, "1002")
    return relay_of(bus, spool)


def relay_of(bus: EventBus, spool: Path, sweep_seconds: float = 300.0) -> VoicemailRelay:
    return VoicemailRelay(bus, VoicemailSpool(spool), sender=SENDER, sweep_seconds=sweep_seconds)


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
    """Return the dedupe keys of the outbox, in the order of storing."""
    rows = await OutgoingMail.all().order_by("id")
    return [row.dedupe_key for row in rows]


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
    mail = message_from_bytes(row.message, policy=default)
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
    assert sorted(await stored()) == [f"voicemail:1002@default:1-{number}" for number in range(5)]


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
    assert await stored() == [f"voicemail:1002@default:1-{number}" for number in range(3)]


async def test_messages_from_before_the_address_was_set_are_not_mailed(
    relay: VoicemailRelay, spool: Path
) -> None:
    leave_message(spool, "1-old", received_at=datetime.now(UTC) - timedelta(minutes=1))
    leave_message(spool, "1-new", received_at=datetime.now(UTC))
    await relay.sweep()
    assert await stored() == ["voicemail:1002@default:1-new"]


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
    assert await stored() == ["voicemail:1002@default:1-a"]


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


async def test_killed_at_any_moment_every_message_arrives(
    relay: VoicemailRelay,
    extensions: Extensions,
    admin: Actor,
    database: str,
    spool: Path,
) -> None:
    """Kill -9 at random moments; then all messages arrive, and nearly all of them once.

    A message may arrive again only if it was between the server's 250 and the commit at a kill.
    """
    chance = random.Random(2)  # noqa: S311 (a test that fails must fail again)
    for mailbox in ("1003", "1004"):
        await mailed(extensions, admin, mailbox)
    expected = set()
    for number in range(MESSAGES):
        mailbox = f"{1002 + number % 3}"
        leave_message(spool, f"1-{number:02}", mailbox=mailbox)
        expected.add(f"<voicemail.1-{number:02}.{mailbox}@localhost>")
    async with MailCatcher().listening() as catcher:
        command = (database, str(spool), catcher.host, str(catcher.port))
        for _ in range(KILLS):
            begun = min(catcher.deliveries + chance.randrange(0, 6), MESSAGES)
            async with pipeline(*command):
                await catcher.wait_for_deliveries(begun)
                await asyncio.sleep(chance.uniform(0, 0.03))
        async with pipeline(*command):
            await reached(MailState.SENT, MESSAGES)
        times = Counter(mail.message_id for mail in catcher.mails)
    assert set(times) == expected
    assert times.total() - MESSAGES <= KILLS * CONCURRENCY
    assert len(await stored()) == MESSAGES


@contextlib.asynccontextmanager
async def pipeline(*arguments: str) -> AsyncIterator[None]:
    """Run relay and outbox in another process, and kill it without warning."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.rig.mail_pipeline", *arguments
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


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
    assert sorted(await stored()) == [f"voicemail:{mailbox}@default:1-a" for mailbox in boxes]
    assert not [each for each in seen if "1002" in each]


@pytest.mark.parametrize("mailbox", ["reception.front.desk.1", "1" * 80])
async def test_a_mailbox_of_somebody_else_with_a_long_name_is_nobodys(
    relay: VoicemailRelay, spool: Path, mailbox: str
) -> None:
    leave_message(spool, "1-a", mailbox=mailbox)
    leave_message(spool, "1-a")
    await relay.sweep()
    await relay.relay(mailbox)
    assert await relay.settled(mailbox, "1-a")
    assert await stored() == ["voicemail:1002@default:1-a"]


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
        self: VoicemailSpool, context: str, mailbox: str
    ) -> Sequence[VoicemailMessage]:
        if mailbox == "1001":
            raise KeyError(mailbox)
        return await whole(self, context, mailbox)

    monkeypatch.setattr(VoicemailSpool, "messages", broken_at_1001)
    for mailbox in ("1001", "1002"):
        leave_message(spool, "1-a", mailbox=mailbox)
    async with running(relay):
        await stored_count(1)
        leave_message(spool, "1-b")
        for mailbox in ("1001", "1002"):
            bus.publish(MailboxChanged(mailbox=mailbox, context="default"))
        await stored_count(2)
