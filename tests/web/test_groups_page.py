"""The Phone groups screen as a browser's requests see it."""

from __future__ import annotations

import html
import re

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.calling import marked, names, notice
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

SALES = {"name": "Sales", "number": "600", "ring_time": "", "fallback": "1001"}


@pytest.fixture(autouse=True)
async def _extensions(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", "1002", phone_group="Sales")
    await add(extensions, admin, "1003")


async def page_of(visitor: Visitor, path: str = "/groups") -> str:
    return await (await visitor.get(path)).text()


async def test_the_list_shows_members_ring_time_and_fallback(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.groups.create(admin, SALES)
    await portal.groups.create(admin, {"name": "Nobody", "number": "601", "ring_time": "30"})
    text = await page_of(visitor)
    assert names(text) == ["Nobody", "Sales"]
    for shown in ("1001, 1002", ">none<", "30 seconds", "the usual", ">600<"):
        assert shown in text


async def test_a_group_is_created_and_its_editor_names_the_members(
    visitor: Visitor, portal: Portal
) -> None:
    answer = await visitor.post("/groups", SALES, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Phone group created")
    assert "1001, 1002" in await answer.text()
    editor = await (await visitor.get("/groups/Sales/edit", htmx=True)).text()
    assert "Members are changed at the extension, in its field Phone Group. Now: 1001, 1002." in (
        editor
    )
    assert (await portal.groups.get("Sales")).fields.ring_time is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a,b"),
        ("name", ".."),
        ("number", ""),
        ("number", "1003"),
        ("ring_time", "1"),
        ("ring_time", "long"),
        ("fallback", "9999"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, portal: Portal, field: str, value: str
) -> None:
    answer = await visitor.post("/groups", {**SALES, field: value}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text) == [field]
    assert f'value="{value}"' in text
    assert await portal.groups.all() == []


async def test_a_group_is_changed_unless_somebody_else_did(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.groups.create(admin, SALES)
    change = {"number": "602", "ring_time": "45", "fallback": "", "version": "1"}
    answer = await visitor.post("/groups/Sales", change, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Changes saved")
    stale = await visitor.post("/groups/Sales", change | {"number": "603"}, htmx=True)
    text = await stale.text()
    assert stale.status == 422
    assert "Phone group Sales was changed meanwhile." in text
    assert 'value="603"' in text
    assert (await portal.groups.get("Sales")).fields.number == "602"


@pytest.mark.parametrize("name", ["a/b", "new", "x'\"\\<i>", "ünï#?&", "two words"])
async def test_any_name_can_be_edited_and_deleted(
    visitor: Visitor, portal: Portal, name: str
) -> None:
    assert (await visitor.post("/groups", {**SALES, "name": name}, htmx=True)).status == 200
    listed = await page_of(visitor)
    [edit, delete] = [
        html.unescape(path) for path in re.findall(r' href="(/groups/[^"]+/\w+)"', listed)
    ]
    editor = await (await visitor.get(edit, htmx=True)).text()
    [action] = re.findall(r'class="editor" method="post" action="([^"]+)"', editor)
    saved = await visitor.post(html.unescape(action), {"number": "699"}, htmx=True)
    assert "699" in await saved.text()
    answer = await visitor.post(delete, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Phone group deleted")
    assert await portal.groups.all() == []


async def test_members_stay_when_their_group_loses_its_number(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await portal.groups.create(admin, SALES)
    question = await (await visitor.get("/groups/Sales/delete", htmx=True)).text()
    assert "Its members stay" in question
    await visitor.post("/groups/Sales/delete", htmx=True)
    assert (await extensions.get("1001")).phone_group == "Sales"


async def test_an_operator_reads_and_changes_nothing(
    operator: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.groups.create(admin, SALES)
    text = await page_of(operator)
    assert names(text) == ["Sales"]
    assert "/groups/Sales/" not in text
    assert (await operator.post("/groups/Sales", SALES)).status == 403
    assert (await operator.post("/groups/Sales/delete")).status == 403


async def test_no_group_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    assert (await visitor.post("/groups", {**SALES, "csrf": ""})).status == 403
    assert await portal.groups.all() == []
