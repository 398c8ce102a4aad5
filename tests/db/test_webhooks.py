"""Webhooks: stored with what they tell, sent to a real receiver that fails on demand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from pbxbridge.errors import WebhookError
from pbxbridge.events import EventBus
from pbxbridge.models.database import write_transaction
from pbxbridge.models.webhook import OutgoingWebhook
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.webhook_outbox import KEEP, POLL_SECONDS, WebhookOutbox
from pbxbridge.services.states.webhooks import MOST_IN_ONE, Webhooks
from pbxbridge.settings import WebhookSettings
from pbxbridge.webhook_sender import WebhookSender, signature
from tests.db.mail_rows import running, until
from tests.db.told_states import START, Told
from tests.db.webhook_receiver import SECRET, TOKEN, Receiver
from tests.rig.ports import free_ports


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture
async def told(database: str) -> Told:
    told = Told()
    told.followers = [Webhooks({"states"}, clock=told.clock).states]
    await told.link()
    return told


def outbox(told: Told, receiver: Receiver, timeout: float = 5.0, **more: int) -> WebhookOutbox:
    send = WebhookSender(receiver.settings(timeout)).send
    return WebhookOutbox(EventBus(), send, clock=told.clock, jitter=lambda: 0.5, **more)


def numbers(receiver: Receiver) -> list[str]:
    """The endpoints that were told of, in the order of arrival."""
    return [change["endpoint"] for body in receiver.taken for change in body["changes"]]


async def waiting() -> int:
    return await OutgoingWebhook.all().count()


async def test_a_change_is_told_with_all_that_is_known_of_it(
    told: Told, receiver: Receiver
) -> None:
    await told.say({"1001": "OK"})
    assert await outbox(told, receiver).step() == 0.0
    ((key, body),) = receiver.came
    assert (body["id"], body["event"], body["created_at"]) == (
        key,
        "states.changed",
        START.isoformat(),
    )
    assert body["changes"] == [
        {
            "node": "asterisk",
            "endpoint": "1001",
            "before": "",
            "status": "OK",
            "ip": "192.0.2.1",
            "port": 5060,
            "at": START.isoformat(),
        }
    ]
    assert await waiting() == 0
    assert await outbox(told, receiver).step() == POLL_SECONDS


async def test_what_is_rolled_back_is_not_told(told: Told) -> None:
    change = Change("asterisk", "1001", "", "OK", "", 0, START)
    with pytest.raises(ZeroDivisionError):
        async with write_transaction() as transaction:
            await told.followers[0](transaction, [change])
            raise ZeroDivisionError
    assert await waiting() == 0


async def test_what_nobody_wants_to_hear_is_not_stored(told: Told) -> None:
    for topics in ((), ("alerts",)):
        told.followers = [Webhooks(topics).states]  # type: ignore[arg-type]
        await told.say({"1001": "OK"})
    assert await waiting() == 0


async def test_many_changes_go_in_several_messages_in_their_order(
    told: Told, receiver: Receiver
) -> None:
    names = [str(1000 + n) for n in range(2 * MOST_IN_ONE + 1)]
    await told.say(dict.fromkeys(names, "OK"))
    assert await waiting() == 3
    sending = outbox(told, receiver)
    while await sending.step() == 0.0:
        pass
    assert numbers(receiver) == names


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (500, "it answered 500"),
        (404, "it answered 404"),
        (302, "it answered 302"),
        ("hang", "no answer within 0.2 s"),
    ],
)
async def test_what_is_not_taken_is_sent_again_later_and_holds_back_what_came_after(
    told: Told, receiver: Receiver, answer: int | str, reason: str
) -> None:
    await told.say({"1001": "OK"})
    await told.say({"1002": "OK"})
    receiver.script = [answer, answer]
    sending = outbox(told, receiver, timeout=0.2)
    assert await sending.step() == 5.0
    assert await sending.step() == 30.0
    first = await OutgoingWebhook.all().order_by("id").first()
    assert first
    assert first.last_error == reason
    assert await sending.step() == 0.0
    assert await sending.step() == 0.0
    assert numbers(receiver) == ["1001", "1002"]
    assert receiver.elsewhere == 0


async def test_the_pause_does_not_grow_beyond_ten_minutes(told: Told, receiver: Receiver) -> None:
    await told.say({"1001": "OK"})
    receiver.script = [503] * 6
    sending = outbox(told, receiver)
    assert [await sending.step() for _ in range(6)] == [5, 30, 120, 600, 600, 600]


async def test_the_same_message_has_the_same_id_whenever_it_comes(
    told: Told, receiver: Receiver
) -> None:
    """It was taken, but whoever sent it was killed before that was stored."""
    await told.say({"1001": "OK"})
    row = await OutgoingWebhook.get()
    await outbox(told, receiver).step()
    await OutgoingWebhook.create(
        key=row.key, event=row.event, created_at=row.created_at, body=row.body
    )
    await outbox(told, receiver).step()
    assert len(receiver.came) == 2
    assert len(receiver.taken) == 1


async def test_a_receiver_that_is_gone_is_not_asked_again(told: Told, receiver: Receiver) -> None:
    await told.say({"1001": "OK"})
    receiver.script = [410]
    with capture_logs() as logs:
        assert await outbox(told, receiver).step() == 0.0
    assert await waiting() == 0
    assert [line["event"] for line in logs] == ["webhook.given_up"]


async def test_what_nobody_took_for_days_is_dropped_and_counted(
    told: Told, receiver: Receiver
) -> None:
    await told.say({"1001": "OK"})
    told.after(seconds=KEEP.total_seconds() + 1)
    await told.say({"1002": "OK"})
    with capture_logs() as logs:
        await outbox(told, receiver).step()
    assert numbers(receiver) == ["1002"]
    assert logs[0]["event"] == "webhook.dropped"
    assert logs[0]["messages"] == 1


async def test_the_oldest_of_too_many_are_dropped(told: Told, receiver: Receiver) -> None:
    for number in range(1001, 1006):
        await told.say({str(number): "OK"})
    sending = outbox(told, receiver, most_waiting=2)
    while await sending.step() == 0.0:
        pass
    assert numbers(receiver) == ["1004", "1005"]


async def test_it_sends_what_comes_while_it_runs(told: Told, receiver: Receiver) -> None:
    async def taken() -> bool:
        return bool(receiver.came) and not await waiting()

    async with running(outbox(told, receiver)):
        await told.say({"1001": "OK"})
        await until(taken)


async def test_a_fault_of_ours_delays_and_does_not_end_it(told: Told) -> None:
    async def broken(_: str, __: str) -> None:
        raise RuntimeError(TOKEN)

    await told.say({"1001": "OK"})
    assert await WebhookOutbox(EventBus(), broken, jitter=lambda: 0.5).step() == 5.0
    assert (await OutgoingWebhook.get()).last_error == "RuntimeError"


async def test_an_endless_answer_is_not_read(receiver: Receiver) -> None:
    receiver.script = ["endless"]
    await WebhookSender(receiver.settings()).send("key", "{}")


@pytest.mark.parametrize("script", [[500], ["hang"], [302]])
async def test_no_error_tells_the_secret_or_the_address(
    receiver: Receiver, script: list[int | str]
) -> None:
    receiver.script = script
    with pytest.raises(WebhookError) as caught:
        await WebhookSender(receiver.settings(0.2)).send("key", "{}")
    assert SECRET not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("host", ["nobody.invalid", "127.0.0.1:{port}", "x:y:z"])
async def test_a_receiver_that_cannot_be_reached_is_no_end(host: str) -> None:
    (port,) = free_ports(1)
    settings = Receiver(url=f"http://{host.format(port=port)}/{TOKEN}").settings()
    with pytest.raises(WebhookError) as caught:
        await WebhookSender(settings).send("key", "{}")
    assert not caught.value.permanent
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "said", [{"url": "https://example.org/"}, {"url": "ftp://example.org/", "secret": "s"}]
)
def test_what_cannot_be_told_or_signed_is_no_setting(said: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate(said)


async def test_the_clock_of_the_sending_is_part_of_what_is_signed() -> None:
    body = b'{"id":"1"}'
    expected = hmac.new(b"s", b"1764201600." + body, hashlib.sha256).hexdigest()
    assert signature("s", "1764201600", body) == f"sha256={expected}"
    assert signature("s", "1764201601", body) != f"sha256={expected}"
