"""The invitation of an extension on the administrator's screen."""

from __future__ import annotations

import re

import pytest

from pbxbridge.events import OutboxChanged
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.invitations import Invitations
from tests.fakes.eager_mirror import EagerMirror
from tests.rig.invitations import MAKE, mailed_token
from tests.web.browser.screen import registered
from tests.web.forms import add
from tests.web.test_live import streaming
from tests.web.visitor import Visitor
from web.app import Portal

ONE = "/extensions/1001/invitation"
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", **MAKE)
    await add(extensions, admin, "1002", phone_make="Polycom")


def row(page: str, number: str) -> str:
    found = re.search(rf'<tbody id="extension-{number}".*?</tbody>', page, re.DOTALL)
    assert found
    return found[0]


async def test_the_row_offers_an_invitation_to_softphones_and_says_how_far_it_is(
    visitor: Visitor, operator: Visitor, extensions: Extensions, admin: Actor
) -> None:
    page = await (await visitor.get("/extensions")).text()
    assert 'title="Send the invitation e-mail"' in row(page, "1001")
    assert "Invitation" not in row(page, "1001")
    assert "invitation" not in row(page, "1002")
    assert "/invitation" not in await (await operator.get("/extensions")).text()
    answer = await visitor.post(ONE, {"recipient": ADA}, htmx=True)
    assert (answer.status, "on its way" in answer.headers["HX-Trigger"]) == (200, True)
    page = await (await operator.get("/extensions")).text()
    assert 'class="tag invitation queued" title="Invitation queued"' in row(page, "1001")


async def test_the_dialog_says_what_happens_and_refuses_an_address_that_is_none(
    visitor: Visitor, extensions: Extensions, admin: Actor, mirror: EagerMirror
) -> None:
    box = {"voicemail": True, "voicemail_pin": "8642", "voicemail_email": ADA}
    await extensions.update(admin, "1001", box)
    await mirror.track_all(await extensions.monitored())
    text = await (await visitor.get(ONE, htmx=True)).text()
    assert f'value="{ADA}"' in text
    assert "Send the invitation e-mail" in text
    assert "A device is registered" not in text
    registered(mirror, "1001")
    text = await (await visitor.get(ONE, htmx=True)).text()
    assert "A device is registered as 1001 now, at 198.251.100.250" in text
    answer = await visitor.post(ONE, {"recipient": "<ada>"}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert 'value="&lt;ada&gt;"' in text
    assert 'id="recipient-error">Enter an e-mail address' in text
    assert not await OutgoingMail.all().exists()
    text = await (await visitor.get("/extensions/1002/invitation", htmx=True)).text()
    assert "choose one as Phone Make first, such as IntellaPhone." in text
    assert "Send" not in text


async def test_without_scripts_it_is_sent_sent_anew_and_revoked(
    visitor: Visitor, extensions: Extensions, portal: Portal
) -> None:
    back = "/extensions?search=1001&notice=invitation-sent"
    assert (await visitor.post(ONE, {"recipient": ADA})).headers["Location"] == back
    first = await mailed_token()
    await portal.claiming.open(first, "198.51.100.7")
    page = await (await visitor.get(ONE)).text()
    for words in ("Invitation opened", "Send a new invitation", "ends the earlier link", "Revoke"):
        assert words in page
    assert first not in page
    assert (await visitor.post(ONE, {"recipient": ADA})).status == 303
    assert await mailed_token() != first
    assert (await visitor.post(f"{ONE}/revoke")).headers["Location"].endswith("invitation-revoked")
    page = await (await visitor.get(ONE)).text()
    assert "Invitation revoked" in page
    assert f"{ONE}/revoke" not in page
    assert (await visitor.post(f"{ONE}/revoke")).status == 409
    tools = await (await visitor.get("/extensions/1001/tools")).text()
    assert "Invitation revoked" in tools


async def test_the_tools_invite_to_softphones_alone_and_say_what_is_in_the_way(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1003")
    for number in ("1002", "1003"):
        tools = await (await visitor.get(f"/extensions/{number}/tools", htmx=True)).text()
        assert "Invitation" not in tools
    assert "Invitation e-mail…" in await (await visitor.get("/extensions/1001/tools")).text()
    other = {"auth_username": "ada", "auth_secret": "Another-Secret-9"}
    await extensions.update(admin, "1001", other)
    tools = await (await visitor.get("/extensions/1001/tools", htmx=True)).text()
    assert "The device logs in as ada" in tools
    assert "Invitation e-mail…" not in tools


async def sent(portal: Portal, admin: Actor) -> None:
    await portal.invitations.send(admin, "1001", ADA)


async def mailed(portal: Portal, _: Actor) -> None:
    await OutgoingMail.all().update(state=MailState.SENT)
    portal.bus.publish(OutboxChanged())


async def opened(portal: Portal, _: Actor) -> None:
    await portal.claiming.open(await mailed_token(), "198.51.100.7")


async def claimed(portal: Portal, _: Actor) -> None:
    await portal.claiming.claim(await mailed_token(), "198.51.100.7")


async def test_the_row_follows_the_mail_and_the_person(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    for happens, word in (
        (sent, "queued"),
        (mailed, "sent"),
        (opened, "opened"),
        (claimed, "claimed"),
    ):
        async with streaming(visitor) as stream:
            await stream.settled()
            await happens(portal, admin)
            await stream.until("list")
        page = await (await visitor.get("/extensions")).text()
        assert f'title="Invitation {word}"' in row(page, "1001")


async def test_the_outbox_shows_whose_invitation_it_is(
    visitor: Visitor, invitations: Invitations, admin: Actor
) -> None:
    await invitations.send(admin, "1001", ADA)
    for query in ("", "?mailbox=1001", "?kind=invitation"):
        page = await (await visitor.get(f"/outbox{query}")).text()
        assert '<a href="/extensions/1001/edit">1001</a>' in page
        assert "Invitation</span>" in page
