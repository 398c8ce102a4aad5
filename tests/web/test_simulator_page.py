"""The simulator of a class of service, as a page and as the part that htmx asks for."""

from __future__ import annotations

from datetime import datetime
from html import unescape

import pytest

from pbxbridge.errors import Invalid, NotFound
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.simulation import Simulation
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

ASK = "/classes/staff/simulator"


@pytest.fixture(autouse=True)
async def _site(portal: Portal, extensions: Extensions, admin: Actor) -> None:
    await portal.trunks.create(admin, {"name": "a", "host": "192.0.2.1"})
    await portal.trunks.create(admin, {"name": "b", "host": "192.0.2.2"})
    national = {"pattern": "0.", "strip": 1, "prepend": "49", "trunks": "a b"}
    await portal.routes.create(admin, {"name": "national", **national})
    premium = {"name": "premium", "pattern": "0900.", "trunks": "a"}
    await portal.routes.create(admin, premium)
    hours = {"days": "mon tue wed thu fri", "opens": "08:00", "closes": "18:00"}
    await portal.classes.create(admin, {"name": "staff", "routes": "national", **hours})
    await portal.groups.create(admin, {"name": "sales", "number": "1100"})
    await add(extensions, admin, "1001")


async def asked(visitor: Visitor, query: str, *, htmx: bool = True) -> str:
    answer = await visitor.get(f"{ASK}?{query}", htmx=htmx)
    assert answer.status == 200
    return unescape(await answer.text())


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "page"])
async def test_the_answer_names_route_number_and_trunks(visitor: Visitor, htmx: bool) -> None:
    page = await asked(visitor, "number=030%20123&day=mon&time=12:00", htmx=htmx)
    assert "Yes, by route national: trunk a is asked for 4930123, then trunk b." in page
    assert "Monday, 12:00" in page
    assert ("<html" in page) is not htmx


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("number=0900123&day=mon&time=12:00", "No: route premium (0900.) is not in this class."),
        ("number=030123&day=sun", "Not now: the class's hours are mon-fri 08:00-18:00."),
        ("number=030123&day=mon&time=18:00", "Not now: the class's hours are mon-fri 08:00-18:00."),
        ("number=7", "No: nothing matches, default deny."),
        ("number=1001", "Yes: extension 1001, "),
        ("number=1100", "Yes: phone group sales."),
        ("number=*97", "Yes: feature code *97"),
    ],
)
async def test_every_kind_of_answer_is_told(operator: Visitor, query: str, sentence: str) -> None:
    assert sentence in await asked(operator, query)


async def test_without_a_question_there_is_only_the_form(visitor: Visitor) -> None:
    page = await asked(visitor, "", htmx=False)
    assert 'name="number"' in page
    assert "verdict" not in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("number=a%20%26%20b", "Use digits"),
        ("number=0&day=someday", "Choose a day of the list."),
        ("number=0&time=25:00", "Enter a time such as 08:30."),
    ],
)
async def test_what_makes_no_question_is_told(visitor: Visitor, query: str, sentence: str) -> None:
    for htmx in (True, False):
        answer = await visitor.get(f"{ASK}?{query}", htmx=htmx)
        assert answer.status == 422
        assert sentence in unescape(await answer.text())


async def test_what_was_asked_stays_in_the_form_and_is_no_html(visitor: Visitor) -> None:
    answer = await visitor.get(f"{ASK}?number=%22%3E%3Cscript%3E")
    page = await answer.text()
    assert answer.status == 422
    assert "<script>" not in page.partition("<main")[2]


async def test_an_unknown_class_is_not_found_and_users_may_not_ask(
    visitor: Visitor, person: Visitor
) -> None:
    for query in ("", "?number=0"):
        assert (await visitor.get(f"/classes/other/simulator{query}")).status == 404
        assert (await person.get(ASK + query)).status == 403


async def test_the_service_takes_the_time_from_its_clock(portal: Portal) -> None:
    wednesday = datetime(2026, 3, 4, 12, 30)
    simulation = Simulation(lambda: wednesday)
    answer = await simulation.ask("staff", "+49 (30) 12-3/4")
    assert (answer.number, answer.at, answer.allowed) == ("+49301234", wednesday, False)
    assert (await simulation.ask("staff", "0123")).trunks == ("a", "b")
    assert simulation.moment() == wednesday
    assert simulation.moment("wed", "08:00") == datetime(2026, 3, 4, 8)
    assert simulation.moment("tue") == datetime(2026, 3, 10, 12, 30)
    with pytest.raises(NotFound):
        await simulation.ask("other", "0123")
    with pytest.raises(Invalid):
        await simulation.ask("staff", "1" * 41)
