"""The mail outbox on a real SQLite file, against a real SMTP server that fails on demand."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from tortoise.connection import get_connection

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.portal import MailState, OutgoingMail
from pbxbridge.services import keep_trying
from pbxbridge.services.mail_outbox import CONCURRENCY, GIVE_UP_AFTER, MailOutbox
from pbxbridge.settings import SmtpSettings
from tests.db.mail_rows import DEADLINE, reached, running, until
from tests.rig.mail_catcher import CaughtMail, Fault, MailCatcher, Refusal


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    async with MailCatcher().listening() as listening:
        yield listening


def sender(catcher: MailCatcher, limit: float = 5.0) -> SmtpSender:
    return SmtpSender(SmtpSettings(host=catcher.host, port=catcher.port, timeout=limit))


@pytest.fixture
def outbox(database: Path, bus: EventBus, catcher: MailCatcher, clock: Clock) -> MailOutbox:
    return MailOutbox(bus, sender(catcher).send, clock=clock, jitter=lambda: 0.5)


async def store(key: str, mailbox: str = "1002") -> OutgoingMail:
    return await OutgoingMail.create(
        dedupe_key=key,
        mailbox=mailbox,
        recipient=f"{mailbox}@example.org",
        message_id=f"<{key}@pbx.local>",
        message=f"Subject: {key}\r\nMessage-ID: <{key}@pbx.local>\r\n\r\nhello\r\n".encode(),
        next_attempt_at=datetime.now(UTC),
    )


async def failed(mail: OutgoingMail, times: int) -> OutgoingMail:
    """Return the row once it tells of so many attempts and is waiting for the next."""

    async def enough() -> bool:
        await mail.refresh_from_db()
        return mail.attempts == times

    await until(enough)
    return mail


def keys(mails: list[CaughtMail]) -> list[str]:
    return [str(mail.message["Subject"]) for mail in mails]


async def test_a_stored_mail_is_sent_and_its_content_forgotten(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    mail = await store("one")
    async with running(outbox):
        (caught,) = await catcher.wait_for(1)
        await reached(MailState.SENT)
    assert caught.recipient == "1002@example.org"
    assert caught.sender == "voicemail@localhost"
    assert caught.message_id == "<one@pbx.local>"
    await mail.refresh_from_db()
    assert (mail.message, mail.attempts, mail.last_error) == (b"", 1, "")
    assert mail.sent_at is not None


async def test_a_mail_stored_later_is_sent_at_once_when_the_bus_says_so(
    outbox: MailOutbox, catcher: MailCatcher, bus: EventBus
) -> None:
    async with running(outbox):
        await store("first")
        bus.publish(OutboxChanged())
        await catcher.wait_for(1, within=2)


async def test_every_state_a_mail_reaches_is_told_on_the_bus(
    outbox: MailOutbox, catcher: MailCatcher, bus: EventBus
) -> None:
    mail = await store("one")
    catcher.script.append(Refusal("550 5.1.1 no such user"))
    with bus.subscribe() as events:
        async with running(outbox), asyncio.timeout(DEADLINE):
            while not isinstance(await events.get(), OutboxChanged):
                pass
            await mail.refresh_from_db()
            assert mail.state is MailState.DEAD


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


async def test_a_retry_needs_no_event(outbox: MailOutbox, catcher: MailCatcher) -> None:
    mail = await store("one")
    mail.next_attempt_at = datetime.now(UTC) + timedelta(seconds=0.4)
    await mail.save()
    async with running(outbox):
        await catcher.wait_for(1, within=3)
    await mail.refresh_from_db()
    assert mail.sent_at is not None
    assert mail.sent_at >= mail.next_attempt_at


async def test_a_server_that_is_away_costs_nothing(
    database: Path, bus: EventBus, clock: Clock, catcher: MailCatcher
) -> None:
    async with MailCatcher().listening() as gone:
        settings = SmtpSettings(host=gone.host, port=gone.port)
    mail = await store("one")
    async with running(MailOutbox(bus, SmtpSender(settings).send, clock=clock)):
        await failed(mail, 1)
    assert mail.state is MailState.WAITING
    assert str(settings.port) in mail.last_error


async def test_a_server_that_hangs_is_left_after_the_time_limit(
    database: Path, bus: EventBus, clock: Clock, catcher: MailCatcher
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


async def test_the_mails_of_a_mailbox_keep_their_order_though_one_fails(
    outbox: MailOutbox, catcher: MailCatcher, clock: Clock, bus: EventBus
) -> None:
    first, *_ = [await store(key) for key in ("a", "b", "c")]
    catcher.script.append(Refusal("451 later"))
    async with running(outbox):
        await failed(first, 1)
        clock.offset = timedelta(seconds=6)
        bus.publish(OutboxChanged())
        await reached(MailState.SENT, 3)
    assert keys(catcher.mails) == ["a", "b", "c"]


async def test_a_dead_mail_does_not_hold_up_its_mailbox(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    for key in ("a", "b"):
        await store(key)
    catcher.script.append(Refusal("550 no"))
    async with running(outbox):
        await reached(MailState.SENT)
    assert keys(catcher.mails) == ["b"]


async def test_a_mailbox_in_trouble_does_not_hold_up_the_others(
    database: Path, bus: EventBus, catcher: MailCatcher
) -> None:
    await store("stuck", mailbox="1001")
    await store("fine", mailbox="1002")
    catcher.script.append(Fault.HANG)
    async with running(MailOutbox(bus, sender(catcher, limit=0.5).send)):
        await catcher.wait_for(1)
    assert keys(catcher.mails) == ["fine"]


async def test_a_bug_in_sending_delays_that_mail_only(
    database: Path, bus: EventBus, catcher: MailCatcher
) -> None:
    async def send(message: bytes, recipient: str) -> None:
        if recipient.startswith("1001"):
            raise RuntimeError("a bug")
        await sender(catcher).send(message, recipient)

    broken = await store("broken", mailbox="1001")
    await store("fine", mailbox="1002")
    async with running(MailOutbox(bus, send)):
        await catcher.wait_for(1)
        await failed(broken, 1)
    assert (broken.state, broken.last_error) == (MailState.WAITING, "RuntimeError: a bug")


async def test_only_a_few_deliveries_run_at_once_and_all_mails_arrive(
    database: Path, bus: EventBus
) -> None:
    active, most = 0, 0

    async def send(message: bytes, recipient: str) -> None:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.01)
        active -= 1

    for number in range(30):
        await store(str(number), mailbox=str(1000 + number))
    async with running(MailOutbox(bus, send)):
        await reached(MailState.SENT, 30)
    assert most == CONCURRENCY


async def test_a_restart_sends_nothing_twice(
    bus: EventBus, catcher: MailCatcher, outbox: MailOutbox
) -> None:
    for number in range(5):
        await store(str(number), mailbox=str(number % 2))
    async with running(outbox):
        await catcher.wait_for(2)
    async with running(MailOutbox(bus, sender(catcher).send)):
        await reached(MailState.SENT, 5)
    assert sorted(keys(catcher.mails)) == ["0", "1", "2", "3", "4"]


async def test_a_stop_lets_a_delivery_that_is_under_way_end(database: Path, bus: EventBus) -> None:
    at_server, may_answer = asyncio.Event(), asyncio.Event()

    async def send(message: bytes, recipient: str) -> None:
        at_server.set()
        await may_answer.wait()

    await store("one")
    async with running(MailOutbox(bus, send)) as task:
        async with asyncio.timeout(DEADLINE):
            await at_server.wait()
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, may_answer.set)
    assert await OutgoingMail.filter(state=MailState.SENT).count() == 1


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


async def test_a_locked_database_after_the_250_does_not_send_the_mail_again(
    database: Path, bus: EventBus, catcher: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_trying, "DATABASE_RETRY_SECONDS", 0.02)
    await get_connection("default").execute_query("PRAGMA busy_timeout=10")
    other = sqlite3.connect(database, isolation_level=None)

    async def send_and_lock(message: bytes, recipient: str) -> None:
        await sender(catcher).send(message, recipient)
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
