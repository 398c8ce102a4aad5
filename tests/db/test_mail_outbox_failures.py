"""What goes wrong between the mail outbox, the SMTP server and the database."""

import contextlib
import sqlite3
from datetime import timedelta

import pytest
import structlog
from tortoise.connection import get_connection

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.mail_content import Outgoing
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.database import sqlite_path
from pbxbridge.models.outbox import MailState
from pbxbridge.services import keep_trying
from pbxbridge.services.mailing.outbox import GIVE_UP_AFTER, MailOutbox
from pbxbridge.settings import SmtpSettings
from tests.db.mail_rows import Clock, failed, keys, reached, running, sender, store, until
from tests.rig.mail_catcher import Fault, MailCatcher, Refusal


@pytest.mark.parametrize(
    "trouble",
    [
        Refusal("451 4.3.0 try again later"),
        Refusal("421 4.3.2 going down", "MAIL"),
        Refusal("450 4.2.1 greylisted", "RCPT"),
        Refusal("553 5.7.1 sender not allowed", "MAIL"),
        Fault.DROP_IN_DATA,
    ],
    ids=str,
)
async def test_after_a_passing_trouble_the_mail_arrives_exactly_once(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus, trouble: Fault | Refusal
) -> None:
    mail = await store("one")
    catcher.script.append(trouble)
    async with running(outbox):
        await failed(mail, 1)
        assert (mail.state, len(catcher.mails)) == (MailState.WAITING, 0)
        if isinstance(trouble, Refusal):
            assert mail.last_error == trouble.answer
        assert timedelta() < mail.next_attempt_at - clock() <= timedelta(seconds=5)
        clock.offset = timedelta(seconds=6)
        bus.publish(OutboxChanged())
        await reached(MailState.SENT)
    assert keys(catcher.mails) == ["one"]
    assert catcher.deliveries == 2


async def test_a_server_that_is_away_costs_nothing(
    database: str, bus: EventBus, clock: Clock, catcher: MailCatcher
) -> None:
    async with MailCatcher().listening() as gone:
        settings = SmtpSettings(host=gone.host, port=gone.port)
    mail = await store("one")
    async with running(MailOutbox(bus, SmtpSender(settings).send, clock=clock)):
        await failed(mail, 1)
    assert mail.state is MailState.WAITING
    assert str(settings.port) in mail.last_error


async def test_a_server_that_hangs_is_left_after_the_time_limit(
    database: str, bus: EventBus, clock: Clock, catcher: MailCatcher
) -> None:
    mail = await store("one")
    catcher.script.append(Fault.HANG)
    async with running(MailOutbox(bus, sender(catcher, limit=0.3).send, clock=clock)):
        await failed(mail, 1)
    assert (mail.state, mail.last_error) == (MailState.WAITING, "no answer within 0 s")


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("550 5.1.1 no such user", "RCPT"),
        Refusal("554 5.7.1 refused by policy", "DATA"),
        Refusal("552 5.3.4 too big", "MAIL"),
    ],
    ids=str,
)
async def test_a_mail_refused_for_good_is_kept_with_the_servers_answer(
    outbox: MailOutbox, catcher: MailCatcher, refusal: Refusal
) -> None:
    mail = await store("one")
    catcher.script.append(refusal)
    async with running(outbox):
        await reached(MailState.DEAD)
    await mail.refresh_from_db()
    assert (mail.last_error, mail.attempts) == (refusal.answer, 1)
    assert mail.message.startswith(b"Subject: one")


async def test_a_mail_that_fails_for_days_is_given_up(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus
) -> None:
    mail = await store("one")
    catcher.script.extend([Refusal("451 later"), Refusal("451 later")])
    async with running(outbox):
        await failed(mail, 1)
        assert mail.state is MailState.WAITING
        clock.offset = GIVE_UP_AFTER + timedelta(minutes=1)
        bus.publish(OutboxChanged())
        await reached(MailState.DEAD)


async def test_an_answer_lost_on_the_way_makes_a_duplicate_with_the_same_message_id(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus
) -> None:
    mail = await store("one")
    catcher.script.append(Fault.DROP_BEFORE_ANSWER)
    async with running(outbox):
        await failed(mail, 1)
        clock.offset = timedelta(seconds=6)
        bus.publish(OutboxChanged())
        await reached(MailState.SENT)
    assert [mail.message_id for mail in catcher.mails] == ["<one@pbx.local>"] * 2


@pytest.mark.sqlite
async def test_a_locked_database_after_the_250_does_not_send_the_mail_again(
    database: str, bus: EventBus, catcher: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_trying, "DATABASE_RETRY_SECONDS", 0.02)
    path = sqlite_path(database)
    assert path is not None
    await get_connection("default").execute_query("PRAGMA busy_timeout=10")
    other = sqlite3.connect(path, isolation_level=None)

    async def send_and_lock(mail: Outgoing) -> None:
        await sender(catcher).send(mail)
        other.execute("BEGIN IMMEDIATE")

    await store("one")
    with contextlib.closing(other), structlog.testing.capture_logs() as logs:
        async with running(MailOutbox(bus, send_and_lock)):

            async def refused_twice() -> bool:
                return [entry["event"] for entry in logs].count("database.failed") >= 2

            await until(refused_twice)
            other.execute("ROLLBACK")
            await reached(MailState.SENT)
    assert catcher.deliveries == 1


@pytest.mark.sqlite
async def test_a_full_disk_after_the_250_does_not_send_the_mail_again(
    database: str, bus: EventBus, catcher: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_trying, "DATABASE_RETRY_SECONDS", 0.02)
    ask = get_connection("default").execute_query
    await ask("CREATE TABLE large (content)")
    await ask(
        "CREATE TRIGGER more AFTER UPDATE ON portal_outgoing_mail "
        "BEGIN INSERT INTO large VALUES (zeroblob(100000)); END"
    )
    mail = await store("one")
    await ask("PRAGMA max_page_count=1")  # SQLite makes it the present size
    with structlog.testing.capture_logs() as logs:
        async with running(MailOutbox(bus, sender(catcher).send)):

            async def refused_twice() -> bool:
                reasons = [entry["reason"] for entry in logs if entry["event"] == "database.failed"]
                return ["disk is full" in reason for reason in reasons].count(True) >= 2

            await until(refused_twice)
            await mail.refresh_from_db()
            assert mail.state is MailState.WAITING
            await ask("PRAGMA max_page_count=1000000")
            await reached(MailState.SENT)
    assert catcher.deliveries == 1


async def test_what_a_server_says_can_be_stored_whatever_it_is(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    mail = await store("one")
    catcher.script.append(Refusal("550 no\x00 such\tuser\x1b[1m"))
    async with running(outbox):
        await reached(MailState.DEAD)
    await mail.refresh_from_db()
    assert mail.last_error == "550 no such user [1m"
