"""The Mail outbox screen: what it lists, what may be done there and by whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pbxbridge.events import OutboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.services.actor import Actor
from tests.web.test_live import streaming
from tests.web.visitor import Visitor
from web.app import Portal

STORED = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


async def mail(mailbox: str = "1002", **columns: object) -> OutgoingMail:
    """Store a mail that waits, but for these columns."""
    number = await OutgoingMail.all().count() + 1
    values: dict[str, Any] = {
        "dedupe_key": f"key-{number}",
        "recipient": f"{mailbox.partition(':')[2] or mailbox}@example.org",
        "message_id": f"<{number}@pbx.local>",
        "message": b"Subject: from Alice <1001>\r\n\r\nhello\r\n",
        "size": 2048,
        "next_attempt_at": STORED + timedelta(minutes=10),
        **columns,
    }
    return await OutgoingMail.create(mailbox=mailbox, **values)


async def given_up(mailbox: str = "1002", **columns: object) -> OutgoingMail:
    why = {"last_error": "550 5.1.1 no such user here", "failed_at": STORED, "attempts": 1}
    return await mail(mailbox, state=MailState.DEAD, **{**why, **columns})


async def rows(visitor: Visitor, query: str = "") -> list[str]:
    """Return the recipients that the list shows, in its order."""
    text = await (await visitor.get(f"/outbox{query}")).text()
    shown = re.findall(r'data-label="Recipient"[^>]*>(.*?)</td>', text)
    return [cell.replace("<wbr>", "") for cell in shown]


async def test_a_row_says_what_became_of_the_mail_and_not_what_it_says(visitor: Visitor) -> None:
    await mail(state=MailState.SENT, sent_at=STORED, message=b"", attempts=1)
    await mail(attempts=3, last_error="451 4.7.1 greylisted, <b>try again</b>")
    await given_up("1003")
    await mail("1004", state=MailState.HELD, size=0, last_error="The recording cannot be read: x")
    await mail("user:ada", kind=MailKind.PASSWORD_RESET)
    text = await (await visitor.get("/outbox")).text()
    for words in (
        *(">SENT<", ">WAITING<", ">GIVEN UP<", ">HELD<", "550 5.1.1 no such user here"),
        *("451 4.7.1 greylisted, &lt;b&gt;try again&lt;/b&gt;", "2.0 kB", "Password reset"),
        'Next attempt <time datetime="2026-11-27T08:10:00+00:00">',
        "The recording cannot be read: x",
        '<a href="/extensions/1003/edit">1003</a>',
        '<a href="/users?search=ada">ada</a>',
    ):
        assert words in text
    assert "Alice" not in text


async def test_the_list_is_searched_by_state_kind_box_and_address(visitor: Visitor) -> None:
    await mail("1002")
    await given_up("1003")
    await mail("user:ada", kind=MailKind.PASSWORD_RESET)
    await mail("10021", state=MailState.SENT)
    everything = ["10021@example.org", "ada@example.org", "1003@example.org", "1002@example.org"]
    assert await rows(visitor) == everything
    assert await rows(visitor, "?state=dead") == ["1003@example.org"]
    assert await rows(visitor, "?state=sent") == ["10021@example.org"]
    assert await rows(visitor, "?kind=password-reset") == ["ada@example.org"]
    assert await rows(visitor, "?mailbox=1002") == ["1002@example.org"]
    assert await rows(visitor, "?mailbox=Ada") == ["ada@example.org"]
    assert await rows(visitor, "?recipient=1002") == ["10021@example.org", "1002@example.org"]
    assert await rows(visitor, "?recipient=1002&state=waiting") == ["1002@example.org"]
    assert await rows(visitor, "?mailbox=nobody%00") == []
    assert (await visitor.get("/outbox?state=nonsense")).status == 422


async def test_older_mails_are_a_page_away(visitor: Visitor) -> None:
    for number in range(1000, 1052):
        await mail(str(number))
    first = await (await visitor.get("/outbox?kind=voicemail")).text()
    assert first.count('class="entry"') == 50
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older
    query = older[1].removeprefix("/outbox").replace("&amp;", "&")
    assert await rows(visitor, query) == ["1001@example.org", "1000@example.org"]


async def test_a_mail_that_was_given_up_is_sent_again(visitor: Visitor) -> None:
    dead = await given_up()
    answer = await visitor.post(f"/outbox/{dead.id}/send-again", htmx=True)
    assert "The mail will be sent again" in answer.headers["HX-Trigger"]
    await dead.refresh_from_db()
    assert (dead.state, dead.attempts) == (MailState.WAITING, 0)
    plain = await visitor.post(f"/outbox/{dead.id}/send-again")
    assert plain.status == 409
    assert "This mail is already waiting to be sent." in await plain.text()
    entry = await AuditEntry.all().order_by("-id").first()
    assert entry
    assert (entry.actor, entry.action, entry.subject) == ("admin", "mail.sent-again", "1002")


async def test_discarding_asks_first_and_says_that_the_message_stays(visitor: Visitor) -> None:
    dead = await given_up()
    question = await (await visitor.get(f"/outbox/{dead.id}/discard", htmx=True)).text()
    assert "The message stays in its box" in question
    await visitor.post(f"/outbox/{dead.id}/discard")
    await dead.refresh_from_db()
    assert (dead.state, dead.message) == (MailState.DROPPED, b"")
    text = await (await visitor.get("/outbox")).text()
    assert ">DISCARDED<" in text
    assert "Discarded by admin. Before: 550 5.1.1 no such user here" in text
    assert "/discard" not in text


@pytest.mark.parametrize(("mailbox", "sent"), [("", ["1002", "1003"]), ("1003", ["1003"])])
async def test_all_that_were_given_up_are_sent_again_at_once(
    visitor: Visitor, mailbox: str, sent: list[str]
) -> None:
    await given_up("1002")
    await given_up("1003")
    await given_up("user:ada", kind=MailKind.PASSWORD_RESET)
    page = await (await visitor.get(f"/outbox?mailbox={mailbox}")).text()
    assert f'href="/outbox/send-again?mailbox={mailbox}"' in page
    question = await (await visitor.get(f"/outbox/send-again?mailbox={mailbox}")).text()
    assert f"Send {len(sent)} mail" in question
    await visitor.post("/outbox/send-again", {"mailbox": mailbox})
    waiting = OutgoingMail.filter(state=MailState.WAITING).order_by("id")
    assert [row.mailbox for row in await waiting] == sent


async def test_a_test_mail_is_stored_and_its_outcome_is_shown(visitor: Visitor) -> None:
    await visitor.post("/outbox/test", {"address": " ada@Example.org "})
    page = await (await visitor.get("/outbox?state=held")).text()
    assert "The last, to ada@<wbr>example.<wbr>org:" in page
    assert "WAITING" in page
    stored = await OutgoingMail.get(kind=MailKind.TEST)
    assert (stored.mailbox, stored.recipient) == ("test:admin", "ada@example.org")
    assert b"admin asked for this mail" in stored.message


async def test_a_wrong_address_is_told_beside_its_field(visitor: Visitor) -> None:
    for htmx in (True, False):
        answer = await visitor.post("/outbox/test", {"address": "nobody"}, htmx=htmx)
        assert answer.status == 422
        text = await answer.text()
        assert 'id="address-error">Enter an e-mail address' in text
        assert 'value="nobody"' in text
    assert await OutgoingMail.all().count() == 0


async def test_only_so_many_test_mails_are_sent_within_a_minute(visitor: Visitor) -> None:
    for _ in range(5):
        assert (await visitor.post("/outbox/test", {"address": "a@b.example"})).status == 303
    assert (await visitor.post("/outbox/test", {"address": "a@b.example"})).status == 429


async def test_the_own_address_is_offered_for_a_test_mail(visitor: Visitor, portal: Portal) -> None:
    await portal.users.update(Actor("admin", ""), "admin", {"email": "admin@pbx.local"})
    assert 'value="admin@pbx.local"' in await (await visitor.get("/outbox")).text()


async def test_the_card_tells_how_the_server_does(visitor: Visitor) -> None:
    empty = await (await visitor.get("/outbox")).text()
    assert "127.0.0.1:1" in empty
    assert "Nothing yet" in empty
    await mail(state=MailState.SENT, sent_at=STORED + timedelta(hours=2))
    await given_up(failed_at=STORED + timedelta(hours=1))
    await mail("1003")
    text = await (await visitor.get("/outbox")).text()
    card = text[text.index('id="server-facts"') : text.index("outbox-filter")]
    assert '<time datetime="2026-11-27T10:00:00+00:00">' in card
    assert '<time datetime="2026-11-27T09:00:00+00:00">' in card
    assert "550 5.1.1 no such user here" in card
    assert '<a href="/outbox?state=waiting">1</a>, the oldest since' in card


async def test_a_check_says_what_is_wrong_with_the_server(visitor: Visitor) -> None:
    for htmx in (True, False):
        answer = await visitor.post("/outbox/check", htmx=htmx)
        text = await answer.text()
        assert answer.status == 200
        assert '<p class="verdict no">' in text
        assert ("<html" in text) is not htmx


async def test_an_operator_looks_and_changes_nothing(operator: Visitor, person: Visitor) -> None:
    dead = await given_up()
    text = await (await operator.get("/outbox")).text()
    assert "550 5.1.1 no such user here" in text
    for words in ("<button class=", "/discard", "/send-again", "Test mail</h2>"):
        assert words not in text[text.index("<main") :]
    for path in (f"{dead.id}/discard", "send-again"):
        assert (await operator.get(f"/outbox/{path}")).status == 403
    for path in (
        *(f"{dead.id}/{action}" for action in ("send-again", "send-now", "read-again", "discard")),
        *("send-again", "test", "check"),
    ):
        assert (await operator.post(f"/outbox/{path}")).status == 403
    assert (await person.get("/outbox")).status == 403


async def test_what_changes_something_needs_the_pages_token(visitor: Visitor) -> None:
    dead = await given_up()
    for path in (f"{dead.id}/send-again", f"{dead.id}/discard", "send-again", "test", "check"):
        answer = await visitor.post(f"/outbox/{path}", {"csrf": "x", "address": "a@b.example"})
        assert answer.status == 403
    assert await OutgoingMail.filter(state=MailState.DEAD).count() == 1
    assert await OutgoingMail.all().count() == 1


async def test_what_is_gone_is_not_found(visitor: Visitor) -> None:
    for path in ("send-again", "send-now", "read-again", "discard"):
        assert (await visitor.post(f"/outbox/7/{path}")).status == 404
    assert (await visitor.get("/outbox/7/discard")).status == 404


async def test_every_page_of_staff_leads_to_what_needs_a_person(visitor: Visitor) -> None:
    await mail()
    await given_up()
    await given_up()
    await mail(state=MailState.HELD)
    text = await (await visitor.get("/users")).text()
    assert '<a href="/outbox?state=waiting">1 mail waiting</a>' in text
    assert '<a class="bad" href="/outbox?state=dead">2 mails given up</a>' in text
    assert '<a class="bad" href="/outbox?state=held">1 mail held</a>' in text


async def test_a_change_of_the_outbox_reaches_the_browser(visitor: Visitor, portal: Portal) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        await given_up()
        portal.bus.publish(OutboxChanged())
        assert "1 mail given up</a>" in (await stream.patch("waiting"))["waiting"]
