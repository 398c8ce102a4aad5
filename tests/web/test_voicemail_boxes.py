"""The list of voicemail boxes: how full they are, what became of their mail, and no more."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pbxbridge.events import MailboxChanged, OutboxChanged
from pbxbridge.models.outbox import MailKind, MailState, OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.voicemail_files import leave_message
from tests.web.forms import add
from tests.web.test_live import streaming
from tests.web.visitor import Visitor
from web.app import Portal
from web.pages import voicemail_boxes

BOXES = "/voicemail/boxes"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOX = {"voicemail": True, "voicemail_pin": "8642"}
MAILED = BOX | {"voicemail_email": "ada@example.org, bob@example.org"}


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor) -> None:
    after = {"voicemail_audio": "mp3", "voicemail_after_sending": "delete"}
    await add(extensions, admin, "1001", caller_id_name="Ada", **MAILED, **after)
    await add(extensions, admin, "1002", caller_id_name="Zoe", **BOX)
    await add(extensions, admin, "1003", caller_id_name="Silent")


async def mail(
    state: MailState,
    *,
    mailbox: str = "1001",
    msg_id: str = "one",
    kind: MailKind = MailKind.VOICEMAIL,
    **columns: Any,
) -> OutgoingMail:
    """Put a mail into the outbox as it is after a while."""
    mail = await OutgoingMail.create(
        dedupe_key=f"{mailbox}:{msg_id}:{await OutgoingMail.all().count()}",
        kind=kind,
        mailbox=mailbox,
        msg_id=msg_id,
        recipient="ada@example.org",
        message_id="<one@pbx.local>",
        message=b"",
        state=state,
        next_attempt_at=NOON,
        **columns,
    )
    await OutgoingMail.filter(id=mail.id).update(created_at=NOON)
    return mail


async def listed(visitor: Visitor, query: str = "") -> dict[str, str]:
    """Return the text of each box's row, in the order of the page."""
    answer = await visitor.get(f"{BOXES}{query}")
    assert answer.status == 200
    rows = re.findall(
        r'<tbody class="entry" id="box-(.*?)">(.*?)</tbody>', await answer.text(), re.S
    )
    return {number: " ".join(re.sub(r"<.*?>", " ", row).split()) for number, row in rows}


async def test_every_extension_with_voicemail_has_a_row(
    visitor: Visitor, voicemail_link: VoicemailLink
) -> None:
    leave_message(voicemail_link.spool, "one", mailbox="1001")
    leave_message(voicemail_link.spool, "two", mailbox="1001", folder="Urgent")
    leave_message(voicemail_link.spool, "three", mailbox="1001", folder="Work")
    rows = await listed(visitor)
    assert rows == {
        "1001": "1001 Ada 2 1 ada@ example. org bob@ example. org MP3 attached then delete "
        "nothing yet",
        "1002": "1002 Zoe 0 0 not mailed nothing yet",
    }


async def test_nothing_is_told_of_who_called(
    visitor: Visitor, voicemail_link: VoicemailLink
) -> None:
    leave_message(voicemail_link.spool, "one", mailbox="1001", callerid='"Grace" <0171>')
    text = await (await visitor.get(BOXES)).text()
    assert "Grace" not in text
    assert "0171" not in text
    assert (await visitor.get("/voicemail/1001/one")).status == 404


@pytest.mark.parametrize(
    ("state", "columns", "told"),
    [
        (MailState.SENT, {"sent_at": NOON + timedelta(seconds=60)}, "SENT 01 Mar 12:01 UTC"),
        (MailState.WAITING, {}, "WAITING since 01 Mar 12:00 UTC"),
        (
            MailState.WAITING,
            {"last_error": "451 Try <later>", "failed_at": NOON + timedelta(seconds=60)},
            "WAITING since 01 Mar 12:00 UTC 451 Try &lt;later&gt;",
        ),
        (MailState.HELD, {"last_error": "no space"}, "HELD since 01 Mar 12:00 UTC no space"),
        (
            MailState.DEAD,
            {"last_error": "550 No such user", "failed_at": NOON + timedelta(seconds=60)},
            "GIVEN UP 01 Mar 12:01 UTC 550 No such user",
        ),
        (MailState.DROPPED, {}, "DISCARDED 01 Mar 12:00 UTC"),
    ],
)
async def test_the_last_mail_tells_what_became_of_it(
    visitor: Visitor, state: MailState, columns: dict[str, Any], told: str
) -> None:
    await mail(state, **columns)
    rows = await listed(visitor)
    assert rows["1001"].endswith(f"then delete {told}")
    assert rows["1002"].endswith("nothing yet")
    assert 'href="/outbox?mailbox=1001"' in await (await visitor.get(BOXES)).text()


async def test_of_the_newest_message_the_mail_that_fared_worst_tells(visitor: Visitor) -> None:
    await mail(MailState.DEAD, msg_id="earlier", last_error="earlier")
    await mail(MailState.SENT, msg_id="newest", sent_at=NOON)
    assert "SENT" in (await listed(visitor))["1001"]
    await mail(MailState.DEAD, msg_id="newest", last_error="550 No such user")
    await mail(MailState.SENT, msg_id="newest", sent_at=NOON)
    await mail(MailState.WAITING, mailbox="1002", msg_id="newest")
    rows = await listed(visitor)
    assert "GIVEN UP 01 Mar 12:00 UTC 550 No such user" in rows["1001"]
    assert "WAITING" in rows["1002"]


async def test_mails_of_another_kind_are_no_box_s(visitor: Visitor) -> None:
    await mail(MailState.DEAD, mailbox="1001", kind=MailKind.TEST)
    assert (await listed(visitor))["1001"].endswith("nothing yet")


async def test_a_store_that_cannot_be_read_spoils_nothing_else(
    visitor: Visitor, voicemail_link: VoicemailLink
) -> None:
    voicemail_link.spool.mkdir()
    loop = voicemail_link.spool / "default"
    loop.symlink_to(loop)  # an OSError for everybody
    await mail(MailState.SENT, sent_at=NOON)
    rows = await listed(visitor)
    assert rows["1001"].startswith("1001 Ada cannot be read ada@")
    assert "SENT" in rows["1001"]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("?search=zo", ["1002"]),
        ("?search=100", ["1001", "1002"]),
        ("?search=silent", []),
        ("?search=1002&sort=-number", ["1002"]),
        ("?sort=-number", ["1002", "1001"]),
        ("?sort=-caller_id_name", ["1002", "1001"]),
        ("?sort=device_type&page=x", ["1001", "1002"]),
        ("?page=99", ["1001", "1002"]),
    ],
)
async def test_boxes_are_searched_and_sorted(
    visitor: Visitor, query: str, numbers: list[str]
) -> None:
    assert list(await listed(visitor, query)) == numbers


async def test_the_list_is_shown_a_page_at_a_time(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voicemail_boxes, "PER_PAGE", 1)
    assert list(await listed(visitor, "?sort=-number")) == ["1002"]
    text = await (await visitor.get(f"{BOXES}?sort=-number")).text()
    assert "Page 1 of 2 · 2 boxes" in text
    [following] = re.findall(r'rel="next" href="/voicemail/boxes(.*?)"', text)
    assert list(await listed(visitor, following.replace("&amp;", "&"))) == ["1001"]


async def test_staff_sees_the_boxes_and_nobody_else(
    stranger: Visitor, operator: Visitor, person: Visitor
) -> None:
    assert (await stranger.get(BOXES)).status == 303
    assert (await operator.get(BOXES)).status == 200
    assert (await person.get(BOXES)).status == 403
    assert BOXES not in await (await person.get("/voicemail")).text()


async def test_staff_is_told_live_that_a_box_or_an_outbox_changed(
    operator: Visitor, portal: Portal
) -> None:
    async with streaming(operator) as stream:
        await stream.until("list")
        portal.bus.publish(MailboxChanged("1001", "default"))
        assert await stream.message() == ("mailbox", "mailbox"), "and nothing more"
        portal.bus.publish(OutboxChanged())
        await stream.patch("waiting")
