"""The mail outbox on a real SQLite file, against a real SMTP server that fails on demand."""

import asyncio
from datetime import UTC, datetime, timedelta

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.mail.mail_content import Outgoing
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.mailing.outbox import CONCURRENCY, MailOutbox
from tests.db.mail_rows import DEADLINE, Clock, failed, keys, reached, running, sender, store
from tests.rig.mail_catcher import Fault, MailCatcher, Refusal


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


async def test_a_retry_needs_no_event(outbox: MailOutbox, catcher: MailCatcher) -> None:
    mail = await store("one")
    mail.next_attempt_at = datetime.now(UTC) + timedelta(seconds=0.4)
    await mail.save()
    async with running(outbox):
        await catcher.wait_for(1, within=3)
    await mail.refresh_from_db()
    assert mail.sent_at is not None
    assert mail.sent_at >= mail.next_attempt_at


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
    database: str, bus: EventBus, catcher: MailCatcher
) -> None:
    await store("one", mailbox="1001")
    await store("other", mailbox="1002")
    # Both set out together; whichever comes first is stuck.
    catcher.script.append(Fault.HANG)
    async with running(MailOutbox(bus, sender(catcher, limit=0.5).send)):
        await catcher.wait_for(1)
    assert keys(catcher.mails) in (["one"], ["other"])


async def test_a_recipient_in_trouble_does_not_hold_up_the_others_of_the_mailbox(
    outbox: MailOutbox, catcher: MailCatcher
) -> None:
    first = await store("a1", recipient="a@example.org")
    catcher.script.append(Refusal("451 greylisted"))
    async with running(outbox):
        await failed(first, 1)
    await store("a2", recipient="a@example.org")
    await store("b1", recipient="b@example.org")
    async with running(outbox):
        await reached(MailState.SENT)
    assert keys(catcher.mails) == ["b1"]


async def test_a_bug_in_sending_delays_that_mail_only(
    database: str, bus: EventBus, catcher: MailCatcher
) -> None:
    async def send(mail: Outgoing) -> None:
        if mail.recipient.startswith("1001"):
            raise RuntimeError("a bug")
        await sender(catcher).send(mail)

    broken = await store("broken", mailbox="1001")
    await store("fine", mailbox="1002")
    async with running(MailOutbox(bus, send)):
        await catcher.wait_for(1)
        await failed(broken, 1)
    assert (broken.state, broken.last_error) == (MailState.WAITING, "RuntimeError: a bug")


async def test_only_a_few_deliveries_run_at_once_and_all_mails_arrive(
    database: str, bus: EventBus
) -> None:
    active, most = 0, 0

    async def send(mail: Outgoing) -> None:
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


async def test_a_stop_lets_a_delivery_that_is_under_way_end(database: str, bus: EventBus) -> None:
    at_server, may_answer = asyncio.Event(), asyncio.Event()

    async def send(mail: Outgoing) -> None:
        at_server.set()
        await may_answer.wait()

    await store("one")
    async with running(MailOutbox(bus, send)) as task:
        async with asyncio.timeout(DEADLINE):
            await at_server.wait()
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, may_answer.set)
    assert await OutgoingMail.filter(state=MailState.SENT).count() == 1
