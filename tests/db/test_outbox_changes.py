"""What administrators do with mails: send again, send now, read again, discard, and test."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pbxbridge.errors import Conflict, Invalid, MailError, NotFound, TooManyAttempts
from pbxbridge.events import EventBus, MailboxChanged, OutboxChanged
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import AfterSending
from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail, RecordingPart
from pbxbridge.services.actor import Actor
from pbxbridge.services.mailing.mail_test import MailTest
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.mailing.outbox_changes import OutboxChanges
from pbxbridge.services.mailing.server_health import MailServer
from pbxbridge.settings import SmtpSettings
from tests.db.mail_rows import Clock, failed, reached, running, sender, store
from tests.db.people import Ticks
from tests.rig.mail_catcher import MailCatcher, Refusal

ADA = Actor("ada", "127.0.0.1")


@pytest.fixture
def changes(database: str, bus: EventBus, clock: Clock) -> OutboxChanges:
    return OutboxChanges(bus, clock=clock)


@pytest.fixture
def mail_test(database: str, bus: EventBus, clock: Clock, ticks: Ticks) -> MailTest:
    return MailTest(bus, sender="portal@pbx.local", clock=clock, ticks=ticks)


async def stored(key: str = "one", mailbox: str = "1002", **columns: Any) -> OutgoingMail:
    mail = await store(key, mailbox)
    mail.update_from_dict({"size": len(mail.message), **columns})
    await mail.save()
    return mail


async def given_up(key: str = "one", mailbox: str = "1002", **columns: Any) -> OutgoingMail:
    why = {"state": MailState.DEAD, "attempts": 1, "last_error": "550 no such user"}
    return await stored(key, mailbox, **(why | columns))


async def audited() -> list[tuple[str, str]]:
    return [(entry.action, entry.subject) for entry in await AuditEntry.all().order_by("id")]


async def test_a_mail_that_was_given_up_arrives_once_it_is_sent_again(
    changes: OutboxChanges, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    catcher.script.append(Refusal("550 5.1.1 no such user"))
    mail = await stored()
    async with running(outbox):
        await reached(MailState.DEAD)
        await changes.send_again(ADA, mail.id)
        await reached(MailState.SENT)
    assert [caught.message["Message-ID"] for caught in catcher.mails] == [mail.message_id]
    assert await audited() == [("mail.sent-again", "1002")]


async def test_a_mail_that_is_sent_again_has_days_again(
    changes: OutboxChanges, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    old = await given_up(created_at=datetime.now(UTC) - timedelta(days=30))
    catcher.script.append(Refusal("451 greylisted"))
    await changes.send_again(ADA, old.id)
    async with running(outbox):
        await failed(old, 1)
    assert (old.state, old.last_error) == (MailState.WAITING, "451 greylisted")
    assert old.failed_at is not None


@pytest.mark.parametrize("state", [state for state in MailState if state is not MailState.DEAD])
async def test_only_what_was_given_up_is_sent_again(
    changes: OutboxChanges, state: MailState
) -> None:
    mail = await stored(state=state)
    with pytest.raises(Conflict):
        await changes.send_again(ADA, mail.id)
    await mail.refresh_from_db()
    assert (mail.state, mail.resent_at) == (state, None)
    assert await audited() == []


@pytest.mark.parametrize("columns", [{"size": 0}, {"kind": MailKind.PASSWORD_RESET}])
async def test_neither_an_empty_mail_nor_an_old_code_is_sent_again(
    changes: OutboxChanges, columns: dict[str, Any]
) -> None:
    mail = await given_up(**columns)
    with pytest.raises(Conflict, match="was given up"):
        await changes.send_again(ADA, mail.id)
    assert await changes.given_up() == 0


async def test_all_that_were_given_up_are_sent_again_or_those_of_one_box(
    changes: OutboxChanges, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    for key, mailbox in (("one", "1002"), ("two", "1003"), ("three", "1002")):
        await given_up(key, mailbox)
    assert await changes.given_up("1002") == 2
    assert await changes.send_all_again(ADA, "1002") == 2
    async with running(outbox):
        await reached(MailState.SENT, 2)
    assert await changes.send_all_again(ADA) == 1
    assert await changes.send_all_again(ADA) == 0
    assert await audited() == [("mail.all-sent-again", "1002"), ("mail.all-sent-again", "all")]


async def test_a_mail_that_waits_for_its_next_attempt_is_sent_now(
    changes: OutboxChanges, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    catcher.script.append(Refusal("451 greylisted"))
    mail = await stored()
    async with running(outbox):
        await failed(mail, 1)
        await changes.send_now(ADA, mail.id)
        await reached(MailState.SENT)
    with pytest.raises(Conflict, match="was sent meanwhile"):
        await changes.send_now(ADA, mail.id)


async def test_the_relay_is_told_to_read_a_held_recording_again(
    changes: OutboxChanges, bus: EventBus
) -> None:
    mail = await stored(state=MailState.HELD, size=0)
    with bus.subscribe() as events:
        await changes.read_again(ADA, mail.id)
        assert [await events.get(), await events.get()] == [
            OutboxChanged(),
            MailboxChanged("1002", "default"),
        ]


async def test_what_a_discarded_mail_says_is_deleted_and_its_row_stays(
    changes: OutboxChanges,
) -> None:
    mail = await given_up(recording="a", msg_id="7", ending=b"--end--")
    await RecordingPart.create(recording="a", place=0, content=b"RIFF")
    await changes.discard(ADA, mail.id)
    await mail.refresh_from_db()
    assert (mail.state, mail.message, mail.ending, mail.size) == (MailState.DROPPED, b"", b"", 0)
    assert mail.last_error == "Discarded by ada. Before: 550 no such user"
    assert await RecordingPart.all().count() == 0
    with pytest.raises(Conflict, match="discarded meanwhile"):
        await changes.discard(ADA, mail.id)
    assert await audited() == [("mail.discarded", "1002")]


async def test_the_recording_stays_for_the_mail_to_another_address(changes: OutboxChanges) -> None:
    keep = {"recording": "a", "msg_id": "7"}
    mine = await stored("one", **keep, after_sending=AfterSending.DELETE)
    other = await stored("two", **keep, after_sending=AfterSending.DELETE)
    await RecordingPart.create(recording="a", place=0, content=b"RIFF")
    await changes.discard(ADA, mine.id)
    assert await RecordingPart.all().count() == 1
    await other.refresh_from_db()
    # Somebody was not told of the message: it must not leave the box.
    assert (other.state, other.after_sending) == (MailState.WAITING, AfterSending.KEEP)


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_mail_that_fails_while_it_is_discarded_stays_discarded(
    changes: OutboxChanges, bus: EventBus, permanent: bool
) -> None:
    is_sending, is_discarded = asyncio.Event(), asyncio.Event()

    async def send(*_: object) -> None:
        is_sending.set()
        await is_discarded.wait()
        raise MailError("later or never", permanent=permanent)

    mail = await stored()
    async with running(MailOutbox(bus, send)):
        await is_sending.wait()
        await changes.discard(ADA, mail.id)
        is_discarded.set()
    await mail.refresh_from_db()
    assert (mail.state, mail.last_error) == (MailState.DROPPED, "Discarded by ada.")


async def test_what_is_gone_is_not_found(changes: OutboxChanges) -> None:
    for change in (changes.send_again, changes.send_now, changes.read_again, changes.discard):
        with pytest.raises(NotFound):
            await change(ADA, 7)


async def test_a_test_mail_arrives(
    mail_test: MailTest, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    await mail_test.send(ADA, " Grace@Example.org ")
    async with running(outbox):
        await catcher.wait_for(1)
        await reached(MailState.SENT)
    [caught] = catcher.mails
    assert caught.recipient == "Grace@example.org"
    assert "ada asked for this mail" in caught.message.get_content()
    last = await mail_test.last("ada")
    assert last
    assert (last.kind, last.login, last.state) == (MailKind.TEST, "ada", MailState.SENT)
    assert await audited() == [("mail.test-sent", "test:ada")]


async def test_a_test_mail_does_not_wait_behind_an_older_one(
    mail_test: MailTest, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    catcher.script.append(Refusal("451 greylisted"))
    await mail_test.send(ADA, "grace@example.org")
    older = await OutgoingMail.get()
    async with running(outbox):
        await failed(older, 1)
        await mail_test.send(ADA, "grace@example.org")
        await reached(MailState.SENT)
    await older.refresh_from_db()
    assert (older.state, older.last_error) == (
        MailState.DROPPED,
        "A newer test mail took its place.",
    )


async def test_a_person_has_so_many_test_mails_a_minute(mail_test: MailTest, ticks: Ticks) -> None:
    with pytest.raises(Invalid, match="address: Enter an e-mail address"):
        await mail_test.send(ADA, "nobody")
    for _ in range(5):
        await mail_test.send(ADA, "grace@example.org")
    with pytest.raises(TooManyAttempts):
        await mail_test.send(ADA, "grace@example.org")
    await mail_test.send(Actor("grace", ""), "grace@example.org")
    ticks.now += 61
    await mail_test.send(ADA, "grace@example.org")


async def test_the_servers_health_tells_of_the_last_success_and_the_last_failure(
    changes: OutboxChanges, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    catcher.script.append(Refusal("451 greylisted"))
    first = await stored("first", "1001")
    async with running(outbox):
        await failed(first, 1)
    await stored("second", "1002")
    async with running(outbox):
        await reached(MailState.SENT)
    health = await MailServer(SmtpSettings(host="mx", port=587), sender(catcher).probe).health()
    assert health.sent
    assert health.failed
    assert (health.address, health.sent.mailbox) == ("mx:587", "1002")
    assert (health.failed.mailbox, health.failed.last_error) == ("1001", "451 greylisted")
    assert (health.waiting, health.oldest_at) == (1, first.created_at)


async def test_the_server_is_asked_once_at_a_time(database: str) -> None:
    asked, may_answer = [], asyncio.Event()

    async def probe() -> str:
        asked.append(1)
        await may_answer.wait()
        return "answers"

    server = MailServer(SmtpSettings(), probe)
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(server.check()) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        may_answer.set()
    assert [task.result().sentence for task in both] == ["answers", "answers"]
    assert len(asked) == 1
    await server.check()
    assert len(asked) == 2


async def test_a_check_of_a_real_server_says_what_it_found(
    database: str, catcher: MailCatcher
) -> None:
    well = await MailServer(SmtpSettings(), sender(catcher).probe).check()
    assert (well.is_well, "answers" in well.sentence) == (True, True)
    nowhere = SmtpSender(SmtpSettings(host="127.0.0.1", port=1))
    assert not (await MailServer(SmtpSettings(), nowhere.probe).check()).is_well
