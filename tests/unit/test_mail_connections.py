"""Connections that are kept for the next mail: what is saved by it, and that it costs no mail."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from pbxbridge.errors import MailError
from pbxbridge.mail import connection_pool
from pbxbridge.mail.sender import SmtpSender
from tests.eventually import eventually
from tests.rig.mail_catcher import Fault, MailCatcher, Refusal
from tests.unit.test_mail_sender import mail, sender


async def sent(sending: SmtpSender, *recipients: str) -> None:
    for recipient in recipients:
        await sending.send(mail(f"{recipient}@example.org"))


def recipients(catcher: MailCatcher) -> list[str]:
    return [each.recipient.partition("@")[0] for each in catcher.mails]


async def test_the_next_mails_go_over_the_same_connection() -> None:
    async with MailCatcher().listening() as catcher:
        await sent(sender(catcher), "a", "b", "c")
        assert (recipients(catcher), catcher.connections) == (["a", "b", "c"], 1)


async def test_no_more_connections_are_used_than_the_settings_allow() -> None:
    async with MailCatcher().listening() as catcher:
        sending = sender(catcher, connections=2)
        await asyncio.gather(*(sent(sending, str(number)) for number in range(10)))
        assert len(catcher.mails) == 10
        assert catcher.connections <= 2


@pytest.mark.parametrize(
    "trouble",
    [
        Refusal("451 4.3.0 later", "MAIL"),
        Refusal("550 5.1.1 no such user", "RCPT"),
        Refusal("554 5.7.1 spam", "DATA"),
    ],
    ids=str,
)
async def test_after_a_refusal_the_connection_serves_the_next_mail(trouble: Refusal) -> None:
    async with MailCatcher().listening() as catcher:
        sending = sender(catcher)
        catcher.script.extend([None, trouble])
        await sent(sending, "a")
        with pytest.raises(MailError, match=trouble.answer):
            await sent(sending, "b")
        await sent(sending, "c")
        assert (recipients(catcher), catcher.connections) == (["a", "c"], 1)


@pytest.mark.parametrize(
    "trouble",
    [Fault.NO_ANSWER_TO_MAIL, Refusal("421 4.4.2 idle for too long", "MAIL")],
    ids=str,
)
async def test_a_connection_that_is_no_good_any_more_is_replaced_without_a_failure(
    trouble: Fault | Refusal,
) -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.extend([None, trouble])
        await sent(sender(catcher, timeout=0.9), "a", "b")
        assert (recipients(catcher), catcher.connections) == (["a", "b"], 2)


async def test_a_connection_that_the_server_closed_is_replaced_without_a_failure() -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.append(Fault.CLOSE_AFTER)
        sending = sender(catcher)
        await sent(sending, "a", "b")
        await catcher.close_connections()
        await sent(sending, "c")
        assert (recipients(catcher), catcher.connections) == (["a", "b", "c"], 3)


async def test_a_new_connection_is_not_replaced_again() -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.extend([None, *[Refusal("421 4.3.2 going down", "MAIL")] * 2])
        sending = sender(catcher)
        await sent(sending, "a")
        with pytest.raises(MailError, match="421"):
            await sent(sending, "b")
        assert catcher.deliveries == 3


@pytest.mark.parametrize("trouble", [Fault.DROP_IN_DATA, Fault.DROP_BEFORE_ANSWER], ids=str)
async def test_once_mail_was_accepted_nothing_is_sent_again_unasked(trouble: Fault) -> None:
    async with MailCatcher().listening() as catcher:
        catcher.script.extend([None, trouble])
        sending = sender(catcher)
        await sent(sending, "a")
        with pytest.raises(MailError):
            await sent(sending, "b")
        assert catcher.deliveries == 2
        await sent(sending, "c")
        assert recipients(catcher)[-1] == "c"


async def test_a_connection_that_nobody_needs_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "IDLE_SECONDS", 0.02)
    async with MailCatcher().listening() as catcher:
        sending = sender(catcher)
        await sent(sending, "a")
        await eventually(lambda: catcher.open_connections == 0)
        await sent(sending, "b")
        assert catcher.connections == 2


async def test_one_connection_carries_so_many_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "MOST_MAILS", 2)
    async with MailCatcher().listening() as catcher:
        await sent(sender(catcher), "a", "b", "c", "d", "e")
        assert (len(catcher.mails), catcher.connections) == (5, 3)


async def test_at_the_end_all_are_closed() -> None:
    async with MailCatcher().listening() as catcher:
        with closing(sender(catcher)) as sending:
            await asyncio.gather(*(sent(sending, str(number)) for number in range(4)))
            assert catcher.open_connections
        await eventually(lambda: catcher.open_connections == 0)
