"""My extension: one's own voicemail and PIN, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from pbxbridge.events import MailboxChanged
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.voicemail_files import leave_message, wav
from tests.web.conftest import Client, Prepared, Visitor
from tests.web.forms import add
from tests.web.test_live import streaming
from web.app import Portal

MINE, OTHERS, SILENT = "1001", "1002", "1003"
PLAY = f"/me/voicemail/{MINE}/one"
RECEIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOX = {"voicemail": True, "voicemail_pin": "8642"}


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor, _outside: None) -> None:
    await add(extensions, admin, MINE, users=["user"], forward_busy="1002", **BOX)
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


@pytest.fixture
def owner(client: Client, prepared: Prepared) -> Visitor:
    """Whose extension 1001 is."""
    return Visitor(client, prepared.tokens[Role.USER])


async def test_the_page_shows_the_own_extensions_and_no_other(owner: Visitor) -> None:
    text = await (await owner.get("/me")).text()
    assert f'id="own-{MINE}"' in text
    assert f'id="own-{SILENT}"' in text
    assert f'id="own-{OTHERS}"' not in text
    assert "Edith" not in text
    assert "Forward when busy" in text
    assert "8642" not in text


async def test_a_caller_s_name_is_text(owner: Visitor) -> None:
    text = await (await owner.get("/me")).text()
    assert "Grace &lt;b" in text
    assert "<b>" not in text


async def test_somebody_without_an_extension_is_told_so(visitor: Visitor) -> None:
    assert "No extension belongs to your login" in await (await visitor.get("/me")).text()


async def test_an_extension_without_voicemail_has_no_messages_and_no_pin(owner: Visitor) -> None:
    text = await (await owner.get("/me")).text()
    assert f'id="pin-{SILENT}"' not in text
    assert (await owner.post(f"/me/{SILENT}/pin", {"pin": "2468"})).status == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PLAY),
        ("GET", f"{PLAY}/delete"),
        ("POST", f"{PLAY}/delete"),
        ("POST", f"{PLAY}/heard"),
        ("POST", f"/me/{MINE}/pin"),
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


async def test_a_recording_is_sent_to_be_played(owner: Visitor) -> None:
    answer = await owner.get(PLAY)
    assert answer.status == 200
    assert await answer.read() == wav(1)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Content-Length"] == str(len(wav(1)))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("inline;")


async def test_a_recording_is_downloaded_under_a_name_that_tells_what_it_is(
    owner: Visitor,
) -> None:
    answer = await owner.get(f"{PLAY}?download")
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
    owner: Visitor, asked: str, status: int, content_range: str | None, first: int, end: int
) -> None:
    answer = await owner.get(PLAY, headers={"Range": asked})
    assert answer.status == status
    assert answer.headers.get("Content-Range") == content_range
    assert await answer.read() == wav(1)[first:end]
    assert answer.headers["Content-Length"] == str(end - first)


async def test_a_range_of_another_recording_is_not_mixed_in(owner: Visitor) -> None:
    tag = (await owner.get(PLAY)).headers["ETag"]
    for if_range, status in ((tag, 206), ('"another"', 200)):
        headers = {"Range": "bytes=0-9", "If-Range": if_range}
        assert (await owner.get(PLAY, headers=headers)).status == status


@pytest.mark.parametrize("msg_id", ["two", "..", "%2e%2e%2fone", "one%00", "on*"])
async def test_a_recording_that_is_not_there(owner: Visitor, msg_id: str) -> None:
    assert (await owner.get(f"/me/voicemail/{MINE}/{msg_id}")).status == 404


async def test_deleting_asks_deletes_and_says_so(owner: Visitor, spool: VoicemailLink) -> None:
    question = await (await owner.get(f"{PLAY}/delete", htmx=True)).text()
    assert "Delete this message?" in question
    answer = await owner.post(f"{PLAY}/delete", htmx=True)
    assert answer.status == 200
    assert "Message deleted" in answer.headers["HX-Trigger"]
    text = await (await owner.get("/me")).text()
    assert "Grace" not in text
    entry = await AuditEntry.get(action="voicemail.deleted")
    assert (entry.actor, entry.subject) == ("user", MINE)


async def test_without_scripts_too(owner: Visitor) -> None:
    assert "Delete this message?" in await (await owner.get(f"{PLAY}/delete")).text()
    answer = await owner.post(f"{PLAY}/heard")
    assert (answer.status, answer.headers["Location"]) == (303, "/me?notice=message-heard")
    assert "Marked as heard" in await (await owner.get("/me?notice=message-heard")).text()
    answer = await owner.post(f"{PLAY}/delete")
    assert (answer.status, answer.headers["Location"]) == (303, "/me?notice=message-deleted")


async def test_a_message_marked_as_heard_is_an_old_one(owner: Visitor) -> None:
    before = await (await owner.get("/me")).text()
    assert "1 new, 1 in all" in before
    assert "Mark heard" in before
    assert (await owner.post(f"{PLAY}/heard", htmx=True)).status == 200
    after = await (await owner.get("/me")).text()
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
    owner: Visitor, spool: VoicemailLink, state: Mapping[str, object], status: int, sentence: str
) -> None:
    for name, value in state.items():
        setattr(spool, name, value)
    answer = await owner.post(f"{PLAY}/delete", htmx=True)
    assert answer.status == status
    assert sentence in await answer.text()
    assert "Grace" in await (await owner.get("/me")).text()


async def test_a_spool_that_cannot_be_read_spoils_nothing_else(
    owner: Visitor, spool: VoicemailLink
) -> None:
    home = spool.spool / "default"
    home.rename(spool.spool / "away")
    home.symlink_to(home)  # a loop: an OSError for everybody
    answer = await owner.get("/me")
    assert answer.status == 200
    assert "cannot be read just now" in await answer.text()


async def pin() -> str:
    return (await VoicemailBox.get(mailbox=MINE)).password


async def test_the_owner_changes_the_pin(owner: Visitor) -> None:
    form = {"pin": "97531", "repeat": "97531"}
    answer = await owner.post(f"/me/{MINE}/pin", form, htmx=True)
    assert answer.status == 200
    assert "PIN changed" in answer.headers["HX-Trigger"]
    assert "97531" not in await answer.text()
    assert await pin() == "97531"
    answer = await owner.post(f"/me/{MINE}/pin", {"pin": "2468", "repeat": "2468"})
    assert (answer.status, answer.headers["Location"]) == (303, "/me?notice=pin-changed")
    assert await pin() == "2468"


@pytest.mark.parametrize(
    ("typed", "repeat", "sentence"),
    [
        ("97531", "97532", "not the same"),
        ("", "", "Enter the new PIN"),
        ("123", "123", "digits"),
        ("abcd", "abcd", "digits"),
        (MINE, MINE, "own number"),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
async def test_a_pin_that_breaks_a_rule_is_refused_beside_its_field(
    owner: Visitor, typed: str, repeat: str, sentence: str, htmx: bool
) -> None:
    answer = await owner.post(f"/me/{MINE}/pin", {"pin": typed, "repeat": repeat}, htmx=htmx)
    assert answer.status == 422
    text = await answer.text()
    assert sentence in text
    assert 'aria-invalid="true"' in text
    assert await pin() == "8642"


async def test_a_new_message_and_a_change_of_one_s_own_extension_are_told_live(
    owner: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    async with streaming(owner) as stream:
        await stream.until("list")
        portal.bus.publish(MailboxChanged(OTHERS, "default"))
        portal.bus.publish(MailboxChanged(MINE, "default"))
        assert (await stream.message())[0] == "mailbox"
        await extensions.update(admin, OTHERS, {"caller_id_name": "Nobody's business"})
        await extensions.update(admin, MINE, {"caller_id_name": "Mine"})
        assert (await stream.message())[0] == "list"
