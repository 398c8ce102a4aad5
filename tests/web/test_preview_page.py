"""What happens to a call for an extension: in its editor, and as a page."""

from __future__ import annotations

from html import unescape

import pytest

from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.fakes.eager_mirror import EagerMirror
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

BOX = {"voicemail": True, "voicemail_pin": "8642"}
PREVIEW = "/extensions/1001/preview"


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor, mirror: EagerMirror) -> None:
    await add(extensions, admin, "1002", **BOX)
    await add(extensions, admin, "1001", forward_no_answer="1002", forward_unregistered="1002")
    await mirror.track_all(await extensions.monitored())
    mirror.link_up()


async def text_of(visitor: Visitor, path: str = PREVIEW, *, htmx: bool = True) -> str:
    answer = await visitor.get(path, htmx=htmx)
    assert answer.status == 200
    return unescape(await answer.text())


async def test_the_steps_follow_who_is_registered_now(
    visitor: Visitor, mirror: EagerMirror
) -> None:
    before = await text_of(visitor)
    assert "The device of 1001 is not registered: nothing rings." in before
    assert "1001 forwards calls while its device is not registered to 1002." in before
    assert "The voicemail of 1002 answers" in before
    mirror.contact_changed(ContactReport("1001", "sip:1001@192.0.2.7:5060", "Reachable"))
    after = await text_of(visitor)
    assert "1001 rings for 20 seconds." in after
    assert "1001 forwards calls that nobody answers to 1002." in after


async def test_without_script_it_is_a_page_and_the_editor_has_the_link(operator: Visitor) -> None:
    page = await text_of(operator, htmx=False)
    assert "<h1>A call to 1001 now</h1>" in page
    assert f'href="{PREVIEW}"' in await text_of(operator, "/extensions/1001/edit", htmx=False)


async def test_old_states_are_said_to_be_old(visitor: Visitor, mirror: EagerMirror) -> None:
    assert "not connected" not in await text_of(visitor)
    mirror.link_down("gone")
    assert "Asterisk is not connected: who is registered may have changed." in await text_of(
        visitor
    )


async def test_a_group_has_a_preview_too(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    await portal.groups.create(admin, {"name": "sales", "number": "1100", "fallback": "1002"})
    assert "Of group 1100 nobody can ring now." in await text_of(
        visitor, "/extensions/1100/preview"
    )
    await extensions.update(admin, "1002", {"phone_group": "sales"})
    await extensions.update(admin, "1001", {"forward_all": "1100"})
    mirror.contact_changed(ContactReport("1002", "sip:1002@192.0.2.8:5060", "Reachable"))
    told = await text_of(visitor)
    assert "1001 forwards all calls to 1100." in told
    assert "Of group 1100 rings 1002, for 20 seconds." in told


async def test_what_is_no_extension_is_not_found_and_users_do_not_see_it(
    visitor: Visitor, person: Visitor
) -> None:
    assert (await visitor.get("/extensions/1999/preview")).status == 404
    assert (await visitor.get(f"/extensions/{'1' * 50}/preview")).status == 404
    assert (await person.get(PREVIEW)).status == 403
