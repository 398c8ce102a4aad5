"""The list of the outbox: what is found, page by page, and at what pace."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tortoise import Tortoise

from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.services.mailing.outbox_list import MailPage, mail_page, parse_filter
from pbxbridge.services.mailing.server_health import MailServer
from pbxbridge.services.stepwise import Pace
from pbxbridge.settings import SmtpSettings

STORED = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
MANY = 100_000
MANY_SENT = f"""
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})
    INSERT INTO portal_outgoing_mail
        (dedupe_key, mailbox, recipient, message_id, state, attempts, next_attempt_at, last_error,
         created_at, sent_at, message)
    SELECT 'many-' || n, CAST(1000 + n % 500 AS TEXT), 1000 + n % 500 || '@example.org', n, 'sent',
           1, '2026-11-27 08:00:00+00:00', '', '2026-11-27 08:00:00+00:00',
           '2026-11-27 08:00:00+00:00', ''
    FROM numbers
"""  # noqa: S608 - constants


def row(number: int, **columns: Any) -> OutgoingMail:
    values = {
        "dedupe_key": f"key-{number}",
        "mailbox": str(1000 + number % 500),
        "recipient": f"{1000 + number % 500}@example.org",
        "message_id": f"<{number}@pbx.local>",
        "state": MailState.SENT,
        "next_attempt_at": STORED,
        "sent_at": STORED + timedelta(seconds=number),
        "message": b"",
    }
    return OutgoingMail(**(values | columns))


async def found(pace: Pace | None = None, older_than: int | None = None, **typed: str) -> MailPage:
    return await mail_page(parse_filter(typed), older_than=older_than, per_page=3, pace=pace)


async def test_a_page_ends_where_the_next_begins(database: str) -> None:
    await OutgoingMail.bulk_create([row(number) for number in range(7)])
    seen, older = [], None
    while True:
        page = await found(older_than=older)
        seen.append([mail.mailbox for mail in page.items])
        if (older := page.older) is None:
            break
    assert seen == [["1006", "1005", "1004"], ["1003", "1002", "1001"], ["1000"]]


async def test_a_search_that_pauses_tells_how_far_it_came_and_goes_on(database: str) -> None:
    await OutgoingMail.bulk_create([row(number) for number in range(12)])
    page = await found(Pace(step=2, steps=3), recipient="1001@")
    assert page.items == []
    assert page.searched_back_to is not None
    rest = await found(Pace(step=2, steps=3), older_than=page.older, recipient="1001@")
    assert [mail.mailbox for mail in rest.items] == ["1001"]
    assert rest.older is None


async def test_an_address_is_found_in_either_case_and_a_wildcard_is_a_character(
    database: str,
) -> None:
    await OutgoingMail.bulk_create([row(1, recipient="Ada_K@example.org"), row(2)])
    assert [mail.recipient for mail in (await found(recipient="aDA_")).items] == [
        "Ada_K@example.org"
    ]
    assert (await found(recipient="%")).items == []


async def test_an_empty_outbox_has_one_empty_page(database: str) -> None:
    assert await found() == MailPage([], older=None)
    health = await MailServer(SmtpSettings(), _no_probe).health()
    assert (health.sent, health.failed, health.waiting, health.oldest_at) == (None, None, 0, None)


async def test_every_look_is_quick_among_many_sent_mails(database: str) -> None:
    await Tortoise.get_connection("default").execute_script(MANY_SENT)
    await OutgoingMail.bulk_create([row(MANY, state=MailState.DEAD, kind=MailKind.TEST)])
    server = MailServer(SmtpSettings(), _no_probe)
    looks: list[dict[str, Any]] = [
        {},
        {"state": "sent"},
        {"state": "dead"},
        {"state": "held"},
        {"kind": "test"},
        {"mailbox": "1007"},
        {"recipient": "nobody"},
        {"state": "sent", "recipient": "1007@"},
    ]
    slow = {}
    for typed in looks:
        started = time.perf_counter()
        await found(**typed)
        slow[str(typed)] = time.perf_counter() - started
    started = time.perf_counter()
    await server.health()
    slow["health"] = time.perf_counter() - started
    assert max(slow.values()) < 1, slow


async def _no_probe() -> str:
    pytest.fail("nobody asked for it")
