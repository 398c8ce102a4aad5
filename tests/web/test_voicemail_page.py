"""Voicemail: the messages of one's own mailboxes, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from pbxbridge.events import LinkChanged, MailboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.voicemail_files import leave_message, wav
from tests.web.conftest import PASSWORD, Prepared
from tests.web.forms import add
from tests.web.test_live import streaming
from tests.web.visitor import Client, Visitor
from web.app import Portal

MINE, OTHERS, SILENT = "1001", "1002", "1003"
PLAY = f"/voicemail/{MINE}/one"
LINKED = f"/voicemail?message={MINE}-one"
RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOX = {"voicemail": True, "voicemail_pin": "8642"}
IS_GONE = "The message of this link is not here."


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, MINE, users=["user"], **BOX)
    await add(extensions, admin, SILENT, users=["user"])
    await add(extensions, admin, OTHERS, users=["operator"], **BOX)


@pytest.fixture(autouse=True)
def spool(voicemail_link: VoicemailLink) -> VoicemailLink:
    """One message in each of the two boxes."""
    for mailbox, name in ((MINE, "Grace"), (OTHERS, "Edith")):
        leave_message(
            voicemail_link.spool,
            "one",
            mailbox=mailbox,
            callerid=f'"{name} <b>" <0171>',
            received_at=RECEIVED,
            recording=wav(1),
        )
    return voicemail_link


async def told(visitor: Visitor, path: str = "/voicemail") -> str:
    answer = await visitor.get(path)
    assert answer.status == 200
    return await answer.text()


async def test_the_page_shows_the_own_messages_and_no_other(person: Visitor) -> None:
    text = await told(person)
    assert f'id="own-{MINE}"' in text
    assert f'src="{PLAY}"' in text
    assert f'id="own-{OTHERS}"' not in text
    assert "Edith" not in text
    assert f'id="own-{SILENT}"' not in text, "it has no voicemail"


async def test_somebody_without_a_box_is_told_so(visitor: Visitor) -> None:
    assert "No voicemail box belongs to your login" in await told(visitor)


async def test_the_message_of_a_mail_s_link_is_pointed_at(person: Visitor) -> None:
    text = await told(person, LINKED)
    assert text.count("autofocus") == 1
    [wanted] = [line for line in text.splitlines() if "autofocus" in line]
    assert f'id="message-{MINE}-one"' in wanted
    assert IS_GONE not in text
    assert "autofocus" not in await told(person)


@pytest.mark.parametrize(
    "message", [f"{MINE}-two", f"{OTHERS}-one", "1999-one", "one", f"{MINE}-", "<b>"]
)
async def test_a_link_to_what_is_not_there_is_told_without_telling_what_others_have(
    person: Visitor, message: str
) -> None:
    text = await told(person, f"/voicemail?message={message}")
    assert IS_GONE in text
    assert "autofocus" not in text
    assert "<b>" not in text
    assert text == await told(person, "/voicemail?message=elsewhere")


async def test_a_link_from_a_mail_leads_back_after_signing_in(stranger: Visitor) -> None:
    asked = await stranger.get(LINKED)
    assert asked.status == 303
    sign_in = asked.headers["Location"]
    assert parse_qs(urlsplit(sign_in).query) == {"next": [LINKED]}
    form = await (await stranger.get(sign_in)).text()
    assert f'name="next" value="{LINKED}"' in form
    sent = {"login": "user", "password": PASSWORD, "next": LINKED}
    answer = await stranger.post("/sign-in", sent)
    assert (answer.status, answer.headers["Location"]) == (303, LINKED)


async def test_a_caller_s_name_is_text(person: Visitor) -> None:
    text = await told(person)
    assert "Grace &lt;b" in text
    assert "<b>" not in text


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PLAY),
        ("GET", f"{PLAY}/delete"),
        ("POST", f"{PLAY}/delete"),
        ("POST", f"{PLAY}/heard"),
    ],
)
async def test_another_s_is_not_there_for_anybody(
    client: Client, prepared: Prepared, spool: VoicemailLink, role: Role, method: str, path: str
) -> None:
    stranger = Visitor(client, prepared.tokens[role])
    ask = stranger.get if method == "GET" else stranger.post
    answer = await ask(path)
    assert answer.status == 404
    other = await ask(path.replace(MINE, "1999"))
    assert await answer.text() == await other.text(), "it must not tell which extensions there are"
    assert spool.asked == []


async def test_a_recording_is_sent_to_be_played(person: Visitor) -> None:
    answer = await person.get(PLAY)
    assert answer.status == 200
    assert await answer.read() == wav(1)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Content-Length"] == str(len(wav(1)))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("inline;")


async def test_a_recording_is_downloaded_under_a_name_that_tells_what_it_is(
    person: Visitor,
) -> None:
    answer = await person.get(f"{PLAY}?download")
    name = answer.headers["Content-Disposition"]
    assert name == 'attachment; filename="voicemail-1001-20260301-120000.wav"'


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "first", "end"),
    [
        ("bytes=0-", 206, "bytes 0-16043/16044", 0, 16044),
        ("bytes=100-199", 206, "bytes 100-199/16044", 100, 200),
        ("bytes=16000-99999", 206, "bytes 16000-16043/16044", 16000, 16044),
        ("bytes=-44", 206, "bytes 16000-16043/16044", 16000, 16044),
        ("bytes=-99999", 206, "bytes 0-16043/16044", 0, 16044),
        ("bytes=16044-", 416, "bytes */16044", 0, 0),
        ("bytes=0-1,5-6", 200, None, 0, 16044),
        ("bytes=9-1", 200, None, 0, 16044),
        ("bytes=-", 200, None, 0, 16044),
        ("lines=1-2", 200, None, 0, 16044),
    ],
)
async def test_a_player_moves_within_a_recording(
    person: Visitor, asked: str, status: int, content_range: str | None, first: int, end: int
) -> None:
    answer = await person.get(PLAY, headers={"Range": asked})
    assert answer.status == status
    assert answer.headers.get("Content-Range") == content_range
    assert await answer.read() == wav(1)[first:end]
    assert answer.headers["Content-Length"] == str(end - first)


async def test_a_range_of_another_recording_is_not_mixed_in(person: Visitor) -> None:
    tag = (await person.get(PLAY)).headers["ETag"]
    for if_range, status in ((tag, 206), ('"another"', 200)):
        headers = {"Range": "bytes=0-9", "If-Range": if_range}
        assert (await person.get(PLAY, headers=headers)).status == status


@pytest.mark.parametrize("msg_id", ["two", "..", "%2e%2e%2fone", "one%00", "on*"])
async def test_a_recording_that_is_not_there(person: Visitor, msg_id: str) -> None:
    assert (await person.get(f"/voicemail/{MINE}/{msg_id}")).status == 404


async def test_deleting_asks_deletes_and_says_so(person: Visitor, spool: VoicemailLink) -> None:
    question = await (await person.get(f"{PLAY}/delete", htmx=True)).text()
    assert "Delete this message?" in question
    answer = await person.post(f"{PLAY}/delete", htmx=True)
    assert answer.status == 200
    assert "Message deleted" in answer.headers["HX-Trigger"]
    text = await told(person)
    assert "Grace" not in text
    entry = await AuditEntry.get(action="voicemail.deleted")
    assert (entry.actor, entry.subject) == ("user", MINE)


async def test_without_scripts_too(person: Visitor) -> None:
    assert "Delete this message?" in await (await person.get(f"{PLAY}/delete")).text()
    answer = await person.post(f"{PLAY}/heard")
    assert (answer.status, answer.headers["Location"]) == (303, "/voicemail?notice=message-heard")
    assert "Marked as heard" in await told(person, "/voicemail?notice=message-heard")
    answer = await person.post(f"{PLAY}/delete")
    assert (answer.status, answer.headers["Location"]) == (303, "/voicemail?notice=message-deleted")


async def test_a_message_marked_as_heard_is_an_old_one(person: Visitor) -> None:
    before = await told(person)
    assert "1 new, 1 in all" in before
    assert "Mark heard" in before
    assert (await person.post(f"{PLAY}/heard", htmx=True)).status == 200
    after = await told(person)
    assert "0 new, 1 in all" in after
    assert "Mark heard" not in after


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        ({"up": False}, 503, "Asterisk does not answer"),
        ({"locked": True}, 409, "in use"),
        ({"listening": [f"{MINE}@default"]}, 409, "by phone"),
    ],
)
async def test_what_could_not_be_deleted_stays_and_the_person_is_told_why(
    person: Visitor, spool: VoicemailLink, state: Mapping[str, object], status: int, sentence: str
) -> None:
    for name, value in state.items():
        setattr(spool, name, value)
    answer = await person.post(f"{PLAY}/delete", htmx=True)
    assert answer.status == status
    assert sentence in await answer.text()
    assert "Grace" in await told(person)


async def test_a_spool_that_cannot_be_read_spoils_nothing_else(
    person: Visitor, spool: VoicemailLink
) -> None:
    home = spool.spool / "default"
    home.rename(spool.spool / "away")
    home.symlink_to(home)  # a loop: an OSError for everybody
    text = await told(person, LINKED)
    assert "cannot be read just now" in text
    assert IS_GONE not in text, "it may well be there"


async def test_a_new_message_is_told_live_and_what_others_get_is_not(
    person: Visitor, portal: Portal
) -> None:
    async with streaming(person) as stream:
        await stream.until("list")
        portal.bus.publish(MailboxChanged(OTHERS, "default"))
        portal.bus.publish(LinkChanged("asterisk", True, datetime.now(UTC), ""))
        assert [(await stream.message())[0] for _ in range(2)] == ["patch", "states"]
        portal.bus.publish(MailboxChanged(MINE, "default"))
        assert (await stream.message())[0] == "mailbox"
