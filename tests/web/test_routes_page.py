"""The Routes screen as a browser's requests see it."""

from __future__ import annotations

import re

import pytest

from pbxbridge.services.actor import Actor
from tests.web.calling import ROUTE, marked, names, notice, with_route, with_trunk
from tests.web.visitor import Visitor
from web.app import Portal
from web.pages.outbound_routes import sent_words


@pytest.fixture(autouse=True)
async def _trunks(portal: Portal, admin: Actor) -> None:
    await with_trunk(portal, admin)
    await with_trunk(portal, admin, "backup")


async def page_of(visitor: Visitor, path: str = "/routes") -> str:
    return await (await visitor.get(path)).text()


def test_what_becomes_of_a_number_is_said_in_words() -> None:
    assert sent_words(1, "0049") == "strip 1, prepend 0049"
    assert [sent_words(2, ""), sent_words(0, "9"), sent_words(0, "")] == [
        "strip 2",
        "prepend 9",
        "as dialled",
    ]


async def test_the_list_shows_pattern_number_and_trunks(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_route(
        portal, admin, pattern="_0[1-9]X.", strip=1, prepend="0049", trunks=["carrier", "backup"]
    )
    await with_route(portal, admin, "fire", "112", emergency=True, description="Fire brigade")
    text = await page_of(visitor)
    assert names(text) == ["fire", "national"]
    for shown in ("_0[1-9]X.", "strip 1, prepend 0049", "carrier, backup", "Fire brigade"):
        assert shown in text
    assert text.count(">emergency<") == 1


async def test_a_route_is_created_with_its_trunks_in_their_order(
    visitor: Visitor, portal: Portal
) -> None:
    editor = await (await visitor.get("/routes/new", htmx=True)).text()
    assert "There are: backup, carrier." in editor
    for explained in ("X is 0-9", "Z is 1-9", "N is 2-9", "[1-5]", "one or more"):
        assert explained in editor
    typed = {**ROUTE, "pattern": "0[1-9]x.", "trunks": "carrier; backup", "strip": ""}
    answer = await visitor.post("/routes", typed, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Route created")
    fields = (await portal.routes.get("national")).fields
    assert (fields.pattern, fields.trunks) == ("_0[1-9]X.", ["carrier", "backup"])
    assert (fields.strip, fields.emergency) == (0, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "new"),
        ("pattern", ""),
        ("pattern", "_0A."),
        ("strip", "99"),
        ("strip", "4"),  # there are numbers of four
        ("strip", "one"),
        ("prepend", "abc"),
        ("trunks", ""),
        ("trunks", "nowhere"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, portal: Portal, field: str, value: str
) -> None:
    answer = await visitor.post("/routes", {**ROUTE, "emergency": "on", field: value}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text) == [field]
    assert f'value="{value}"' in text
    assert re.search(r'name="emergency"[^>]* checked', text)
    assert await portal.routes.all() == []


async def test_a_pattern_that_would_swallow_an_emergency_number_is_refused(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_route(portal, admin, "fire", "_11X", emergency=True)
    answer = await visitor.post("/routes", {**ROUTE, "pattern": "_112"}, htmx=True)
    assert (answer.status, marked(await answer.text())) == (422, ["pattern"])


async def test_a_route_is_changed_unless_somebody_else_did(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_route(portal, admin)
    change = {**ROUTE, "trunks": "backup carrier", "version": "1"}
    answer = await visitor.post("/routes/national", change, htmx=True)
    assert "backup, carrier" in await answer.text()
    stale = await visitor.post("/routes/national", change | {"prepend": "9"}, htmx=True)
    text = await stale.text()
    assert stale.status == 422
    assert "Route national was changed meanwhile." in text
    assert 'value="9"' in text
    assert (await portal.routes.get("national")).fields.prepend == ""


async def test_a_route_in_use_is_not_deleted(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_route(portal, admin)
    await portal.classes.create(admin, {"name": "staff", "routes": ["national"]})
    question = await (await visitor.get("/routes/national/delete", htmx=True)).text()
    assert "class of service staff" in question
    refused = await visitor.post("/routes/national/delete", htmx=True)
    assert refused.status == 409
    await portal.classes.delete(admin, "staff")
    answer = await visitor.post("/routes/national/delete", htmx=True)
    assert (answer.status, notice(answer)) == (200, "Route deleted")
    assert await portal.routes.all() == []


async def test_an_operator_reads_and_changes_nothing(
    operator: Visitor, portal: Portal, admin: Actor
) -> None:
    await with_route(portal, admin)
    text = await page_of(operator)
    assert names(text) == ["national"]
    assert "/routes/national/" not in text
    assert (await operator.post("/routes/national/delete")).status == 403
    assert (await operator.post("/routes", ROUTE)).status == 403
    assert len(await portal.routes.all()) == 1


async def test_no_route_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    assert (await visitor.post("/routes", {**ROUTE, "csrf": ""})).status == 403
    assert await portal.routes.all() == []
