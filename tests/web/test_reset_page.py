"""Forgot your password?"""

from __future__ import annotations

import asyncio
import re

import pytest

from pbxbridge.events import EventBus, OutboxChanged
from pbxbridge.models.outbox import OutgoingMail
from pbxbridge.services.actor import Actor
from pbxbridge.services.reset_code import new_code
from tests.web.conftest import PASSWORD
from tests.web.visitor import Visitor
from web.app import Portal

DEADLINE = 10.0
NEW = "correct horse battery"
CODE = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b")


@pytest.fixture(autouse=True)
async def _address(portal: Portal, admin: Actor) -> None:
    await portal.users.update(admin, "user", {"email": "user@pbx.local"})


async def ask(stranger: Visitor, bus: EventBus, login: str = "user") -> tuple[str, str]:
    """Ask for a code; return the page that answers, and the code out of the mail."""
    with bus.subscribe() as events:
        page = await (await stranger.post("/reset", {"login": login})).text()
        async with asyncio.timeout(DEADLINE):
            async for event in events:
                if isinstance(event, OutboxChanged):
                    break
    [mail] = await OutgoingMail.all()
    found = CODE.search(bytes(mail.message).decode())
    assert found
    return page, found[0]


async def test_the_way_there_starts_at_the_sign_in_page(stranger: Visitor) -> None:
    assert 'href="/reset"' in await (await stranger.get("/sign-in")).text()
    assert 'name="login"' in await (await stranger.get("/reset")).text()
    assert 'name="code"' in await (await stranger.get("/reset/code")).text()


async def test_a_code_by_mail_leads_to_a_new_password(
    stranger: Visitor, portal: Portal, bus: EventBus
) -> None:
    page, code = await ask(stranger, bus)
    assert 'name="login" value="user"' in page
    assert code not in page
    typed = {"login": "user", "code": code, "new": NEW, "repeat": NEW}
    answer = await stranger.post("/reset/code", typed)
    assert answer.headers["Location"] == "/sign-in?notice=password-changed"
    assert "Password changed" in await (await stranger.get(answer.headers["Location"])).text()
    assert await portal.accounts.sign_in("user", NEW, "")


async def test_the_answer_does_not_tell_whether_there_is_such_a_user(stranger: Visitor) -> None:
    answers = [
        await stranger.post("/reset", {"login": login}) for login in ("user", "admin", "nobody")
    ]
    pages = [await answer.text() for answer in answers]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({re.sub(r'value="\w+"', "", page) for page in pages}) == 1
    assert "If there is a user with this login name" in pages[0]


@pytest.mark.parametrize(
    ("field", "change"),
    [("code", {"code": new_code()}), ("new", {"new": "short"}), ("repeat", {"repeat": "other"})],
)
async def test_what_is_wrong_stands_beside_its_field_and_no_password_comes_back(
    stranger: Visitor, bus: EventBus, field: str, change: dict[str, str]
) -> None:
    _, code = await ask(stranger, bus)
    typed = {"login": "user", "code": code, "new": NEW, "repeat": NEW} | change
    answer = await stranger.post("/reset/code", typed)
    text = await answer.text()
    assert answer.status == 422
    assert re.findall(r'name="(\w+)" aria-invalid="true"', text) == [field]
    assert f'value="{typed["code"]}"' in text
    assert NEW not in text


async def test_asking_too_often_is_refused_for_a_while(stranger: Visitor) -> None:
    for _ in range(3):
        assert (await stranger.post("/reset", {"login": "nobody"})).status == 200
    answer = await stranger.post("/reset", {"login": "nobody"})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "Try again in" in await answer.text()


async def test_the_old_password_works_until_then(
    stranger: Visitor, portal: Portal, bus: EventBus
) -> None:
    await ask(stranger, bus)
    assert await portal.accounts.sign_in("user", PASSWORD, "")
