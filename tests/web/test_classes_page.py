"""The Classes screen as a browser's requests see it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from pbxbridge.models.calling import ClassOfService
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extensions import Extensions
from tests.web.calling import marked, names, notice, with_route, with_trunk
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal
from web.pages.classes import hours_words

STAFF = {"name": "staff", "routes.national": "on"}
OFFICE = {"days.mon": "on", "days.fri": "on", "opens": "08:00", "closes": "17:30"}


@pytest.fixture(autouse=True)
async def _routes(portal: Portal, admin: Actor) -> None:
    await ensure_built_in()
    await with_trunk(portal, admin)
    await with_route(portal, admin, description="Within the country")
    await with_route(portal, admin, "abroad", "_00.")
    await with_route(portal, admin, "fire", "112", emergency=True)


async def page_of(visitor: Visitor, path: str = "/classes") -> str:
    return await (await visitor.get(path)).text()


def ticked(text: str) -> list[str]:
    return re.findall(r'name="([\w.]+)" checked', text)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], "always"),
        (["mon", "tue", "wed", "thu", "fri"], "Mon to Fri, 08:00 to 18:00"),
        (["sat", "mon"], "Mon, Sat, 08:00 to 18:00"),
        (["mon", "tue", "thu", "fri", "sat"], "Mon, Tue, Thu to Sat, 08:00 to 18:00"),
    ],
)
def test_hours_are_said_in_words(days: Sequence[str], words: str) -> None:
    assert hours_words(days, "08:00", "18:00") == words


async def test_the_list_shows_routes_hours_and_pin(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    wanted = {"name": "staff", "description": "The staff", "routes": ["national", "abroad"]}
    hours = {"days": ["mon"], "opens": "08:00", "closes": "18:00"}
    await portal.classes.create(admin, {**wanted, **hours, "asks_pin": True, "pin": "4321"})
    text = await page_of(visitor)
    assert names(text) == ["internal", "staff"]
    for shown in ("The staff", "abroad, national", "Mon, 08:00 to 18:00", ">Yes<", ">always<"):
        assert shown in text
    assert 'href="/classes/staff/simulator">May it dial' in text
    assert "4321" not in text


async def test_the_editor_offers_every_route_and_shows_that_emergencies_are_always_on(
    visitor: Visitor,
) -> None:
    text = await (await visitor.get("/classes/new", htmx=True)).text()
    assert re.findall(r'name="routes\.(\w+)"', text) == ["abroad", "national"]
    for shown in ("_00.", "Within the country", "always on"):
        assert shown in text
    assert "checked disabled" in text
    assert len(re.findall(r'name="days\.\w+"', text)) == 7


async def test_a_class_is_created_from_what_is_ticked(visitor: Visitor, portal: Portal) -> None:
    typed = {**STAFF, **OFFICE, "asks_pin": "on", "pin": "4321"}
    answer = await visitor.post("/classes", typed, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Class of service created")
    fields = (await portal.classes.get("staff")).fields
    assert (fields.routes, fields.days) == (["national"], ["mon", "fri"])
    assert (fields.opens, fields.closes, fields.asks_pin) == ("08:00", "17:30", True)
    editor = await page_of(visitor, "/classes/staff/edit")
    assert ticked(editor) == ["routes.national", "days.mon", "days.fri"]
    assert "4321" not in editor + await page_of(visitor, "/audit")


async def test_an_empty_pin_keeps_the_present_one_and_no_tick_removes_it(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.classes.create(admin, {"name": "staff", "asks_pin": True, "pin": "4321"})
    before = (await ClassOfService.get(name="staff")).pin_hash
    await visitor.post("/classes/staff", {"asks_pin": "on", "pin": "", "description": "Staff"})
    assert (await ClassOfService.get(name="staff")).pin_hash == before
    await visitor.post("/classes/staff", {"pin": ""})
    assert (await ClassOfService.get(name="staff")).pin_hash == ""


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "Two words"}, "name"),
        ({"closes": "07:00"}, "closes"),
        ({"opens": "soon"}, "opens"),
        ({"opens": "", "closes": ""}, "closes"),
        ({"asks_pin": "on"}, "pin"),
        ({"asks_pin": "on", "pin": "12"}, "pin"),
        ({"routes.nowhere": "on"}, "routes"),
        ({"days.someday": "on"}, "days"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_ticked_stays(
    visitor: Visitor, portal: Portal, typed: dict[str, str], field: str
) -> None:
    answer = await visitor.post("/classes", {**STAFF, **OFFICE, **typed}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text)[0] == field
    assert ticked(text)[:3] == ["routes.national", "days.mon", "days.fri"]
    assert len(await portal.classes.all()) == 1


async def test_times_without_days_would_be_always_and_are_refused(
    visitor: Visitor, portal: Portal
) -> None:
    typed = {**STAFF, "opens": "08:00", "closes": "18:00"}
    answer = await visitor.post("/classes", typed, htmx=True)
    text = await answer.text()
    assert (answer.status, marked(text)) == (422, ["closes"])
    assert "Choose the days" in text


async def test_a_class_is_changed_unless_somebody_else_did(
    visitor: Visitor, portal: Portal, admin: Actor
) -> None:
    await portal.classes.create(admin, {"name": "staff", "routes": ["national"]})
    change = {"routes.abroad": "on", "version": "1"}
    answer = await visitor.post("/classes/staff", change, htmx=True)
    assert (answer.status, notice(answer)) == (200, "Changes saved")
    assert (await portal.classes.get("staff")).fields.routes == ["abroad"]
    stale = await visitor.post("/classes/staff", {"version": "1"}, htmx=True)
    text = await stale.text()
    assert stale.status == 422
    assert "Class of service staff was changed meanwhile." in text
    assert ticked(text) == []
    assert (await portal.classes.get("staff")).fields.routes == ["abroad"]


async def test_a_class_in_use_is_not_deleted(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await portal.classes.create(admin, {"name": "staff"})
    numbers = [str(number) for number in range(1001, 1008)]
    await add(extensions, admin, *numbers, class_of_service="staff")
    question = await (await visitor.get("/classes/staff/delete", htmx=True)).text()
    assert "<li>extension 1001</li>" in question
    assert "<li>other extensions</li>" in question
    assert (await visitor.post("/classes/staff/delete", htmx=True)).status == 409
    for number in numbers:
        await extensions.update(admin, number, {"class_of_service": "internal"})
    answer = await visitor.post("/classes/staff/delete", htmx=True)
    assert (answer.status, notice(answer)) == (200, "Class of service deleted")
    built_in = await visitor.post("/classes/internal/delete", htmx=True)
    assert built_in.status == 409


async def test_an_operator_reads_and_changes_nothing(operator: Visitor, portal: Portal) -> None:
    text = await page_of(operator)
    assert names(text) == ["internal"]
    assert "/classes/internal/edit" not in text
    assert (await operator.get("/classes/internal/edit")).status == 403
    assert (await operator.post("/classes", STAFF)).status == 403
    assert len(await portal.classes.all()) == 1


async def test_no_class_without_the_sessions_token(visitor: Visitor, portal: Portal) -> None:
    assert (await visitor.post("/classes", {**STAFF, "csrf": "x"})).status == 403
    assert len(await portal.classes.all()) == 1
