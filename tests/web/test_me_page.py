"""My extension: one's own facts, counts and PIN, and nobody else's."""

from __future__ import annotations

import re

import pytest

from pbxbridge.models.realtime import VoicemailBox
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.voicemail_files import leave_message
from tests.web.conftest import Prepared
from tests.web.forms import add
from tests.web.test_live import streaming
from tests.web.visitor import Client, Visitor

MINE, OTHERS, SILENT = "1001", "1002", "1003"
BOX = {"voicemail": True, "voicemail_pin": "8642"}


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor, _outside: None) -> None:
    await add(extensions, admin, MINE, users=["user"], forward_busy="1002", **BOX)
    await add(extensions, admin, SILENT, users=["user"])
    await add(extensions, admin, OTHERS, users=["operator"], **BOX)


async def test_the_page_shows_the_own_extensions_and_no_other(person: Visitor) -> None:
    text = await (await person.get("/me")).text()
    assert f'id="own-{MINE}"' in text
    assert f'id="own-{SILENT}"' in text
    assert f'id="own-{OTHERS}"' not in text
    assert "Forward when busy" in text
    assert "8642" not in text


async def test_somebody_without_an_extension_is_told_so(visitor: Visitor) -> None:
    assert "No extension belongs to your login" in await (await visitor.get("/me")).text()


async def test_an_extension_without_voicemail_has_no_messages_and_no_pin(person: Visitor) -> None:
    text = await (await person.get("/me")).text()
    assert f'id="pin-{SILENT}"' not in text
    assert (await person.post(f"/me/{SILENT}/pin", {"pin": "2468"})).status == 404


async def test_the_messages_are_counted_and_lead_to_voicemail(
    person: Visitor, voicemail_link: VoicemailLink
) -> None:
    async def counted() -> str:
        text = await (await person.get("/me")).text()
        [count] = re.findall(rf'<a href="/voicemail#own-{MINE}">(.*?)</a>', text)
        return str(count)

    spool = voicemail_link.spool
    assert await counted() == "No messages"
    leave_message(spool, "one", mailbox=MINE, folder="Old")
    assert await counted() == "No new messages, 1 in all"
    leave_message(spool, "two", mailbox=MINE)
    assert await counted() == "1 new message, 2 in all"
    leave_message(spool, "three", mailbox=MINE, folder="Urgent")
    leave_message(spool, "four", mailbox=MINE, folder="Work")
    assert await counted() == "2 new messages, 4 in all"
    assert "Alice" not in await (await person.get("/me")).text()


async def test_messages_that_cannot_be_counted_spoil_nothing_else(
    person: Visitor, voicemail_link: VoicemailLink
) -> None:
    voicemail_link.spool.mkdir()
    loop = voicemail_link.spool / "default"
    loop.symlink_to(loop)  # an OSError for everybody
    answer = await person.get("/me")
    assert answer.status == 200
    assert "cannot be read just now" in await answer.text()


async def pin() -> str:
    return (await VoicemailBox.get(mailbox=MINE)).password


async def test_the_person_changes_the_pin(person: Visitor) -> None:
    form = {"pin": "97531", "repeat": "97531"}
    answer = await person.post(f"/me/{MINE}/pin", form, htmx=True)
    assert answer.status == 200
    assert "PIN changed" in answer.headers["HX-Trigger"]
    assert "97531" not in await answer.text()
    assert await pin() == "97531"
    answer = await person.post(f"/me/{MINE}/pin", {"pin": "2468", "repeat": "2468"})
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
    person: Visitor, typed: str, repeat: str, sentence: str, htmx: bool
) -> None:
    answer = await person.post(f"/me/{MINE}/pin", {"pin": typed, "repeat": repeat}, htmx=htmx)
    assert answer.status == 422
    text = await answer.text()
    assert sentence in text
    assert 'aria-invalid="true"' in text
    assert await pin() == "8642"


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
async def test_another_s_pin_is_not_there_for_anybody(
    client: Client, prepared: Prepared, role: Role
) -> None:
    form = {"pin": "97531", "repeat": "97531"}
    answer = await Visitor(client, prepared.tokens[role]).post(f"/me/{MINE}/pin", form)
    assert answer.status == 404
    assert await pin() == "8642"


async def test_a_change_of_one_s_own_extension_is_told_live(
    person: Visitor, extensions: Extensions, admin: Actor
) -> None:
    async with streaming(person) as stream:
        await stream.until("list")
        await extensions.update(admin, OTHERS, {"caller_id_name": "Nobody's business"})
        await extensions.update(admin, MINE, {"caller_id_name": "Mine"})
        assert (await stream.message())[0] == "list"
