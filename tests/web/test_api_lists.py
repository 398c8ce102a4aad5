"""Lists by the API: pages, links to their neighbours, filters, order, live state."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.fakes.eager_mirror import EagerMirror
from tests.web.browser.screen import registered
from tests.web.forms import add
from tests.web.programs import API, Program, add_person, token_of
from tests.web.visitor import Client
from web.app import Portal

LINK = re.compile(r'<([^>]+)>; rel="(\w+)"')


@pytest.fixture(autouse=True)
async def _five(extensions: Extensions, admin: Actor) -> None:
    await add_person("ada", Role.USER)
    await add(extensions, admin, "1001", "1002", "1003", users=["ada"])
    await add(extensions, admin, "20", device_type="VIRTUAL", forward_all="1001")
    await add(extensions, admin, "1004", monitored=False)


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    return Program(client, await token_of(portal.api_tokens))


async def listed(program: Program, query: str) -> list[str]:
    found = await program.told("GET", f"/extensions?{query}")
    assert found["total"] == len(found["items"])
    return [one["number"] for one in found["items"]]


async def test_following_the_links_finds_everything_once(program: Program) -> None:
    path, seen, steps = "/extensions?per_page=2", [], 0
    while path:
        answer = await program.ask("GET", path)
        found = await answer.json()
        assert answer.headers["X-Total-Count"] == "5"
        assert (found["total"], found["pages"], found["per_page"]) == (5, 3, 2)
        seen += [one["number"] for one in found["items"]]
        links = {rel: url for url, rel in LINK.findall(answer.headers["Link"])}
        path = links.get("next", "").removeprefix(API)
        steps += 1
    assert seen == ["20", "1001", "1002", "1003", "1004"]
    assert steps == 3
    assert links["prev"] == f"{API}/extensions?per_page=2&page=2"
    assert {"first", "last", "prev"} == set(links)


async def test_links_keep_what_was_asked(program: Program) -> None:
    answer = await program.ask("GET", "/extensions?search=Desk 1&sort=caller_id_name&per_page=1")
    links = {rel: url for url, rel in LINK.findall(answer.headers["Link"])}
    second = await program.told("GET", links["next"].removeprefix(API))
    assert [one["number"] for one in second["items"]] == ["1002"]


async def test_beyond_the_end_there_is_nothing(program: Program) -> None:
    found = await program.told("GET", "/extensions?page=9")
    assert (found["items"], found["total"], found["page"]) == ([], 5, 9)
    assert (await program.told("GET", "/users?page=9"))["items"] == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("search=1003", ["1003"]),
        ("search=%25", []),
        ("device_type=VIRTUAL", ["20"]),
        ("class_of_service=internal&user=ada&descending=true", ["1003", "1002", "1001"]),
        ("class_of_service=none", []),
        ("user=nobody", []),
        ("sort=device_type&search=2", ["1002", "20"]),
        ("state=BLANK&device_type=VIRTUAL", ["20"]),
        ("state=OK", ["1002"]),
        ("state=UNREACHABLE", []),
        ("state=UNMONITORED", ["1004"]),
    ],
)
async def test_filters_and_order(
    program: Program, portal: Portal, query: str, numbers: list[str], mirror: EagerMirror
) -> None:
    await mirror.track_all(await portal.extensions.monitored())
    registered(mirror, "1002")
    registered(mirror, "1004", "NonQualified")
    assert await listed(program, query) == numbers


WRONG: list[tuple[str, dict[str, str]]] = [
    ("page=0", {"page": "Enter a number from 1 to 1000000."}),
    ("page=-1", {"page": "Enter a whole number."}),
    ("page=" + "9" * 5000, {"page": "Enter a whole number."}),
    ("page=%D9%A1", {"page": "Enter a whole number."}),
    ("per_page=201", {"per_page": "Enter a number from 1 to 200."}),
    ("descending=1", {"descending": "Say true or false."}),
    ("sort=secret", {"sort": "Choose one of the list."}),
    ("state=", {"state": "Choose one of the list."}),
    ("device_type=PHONE", {"device_type": "Choose one of the list."}),
    ("include=secret", {"include": "Choose one of the list."}),
    ("search=" + "x" * 101, {"search": "Use at most 100 characters."}),
    ("user=%00", {"user": "A NUL character cannot be part of a parameter."}),
    ("page=1&page=2", {"page": "Give this once."}),
    ("serach=ada", {"serach": "There is no such parameter."}),
]


@pytest.mark.parametrize(("query", "errors"), WRONG)
async def test_a_wrong_parameter_is_named(
    program: Program, query: str, errors: dict[str, str]
) -> None:
    assert (await program.told("GET", f"/extensions?{query}", status=422))["errors"] == errors


async def test_parameters_are_refused_where_there_are_none(program: Program) -> None:
    problem = await program.told("GET", "/licences?page=1", status=422)
    assert problem["errors"] == {"page": "There is no such parameter."}


async def test_the_state_says_what_asterisk_says_and_how_fresh_that_is(
    program: Program, portal: Portal, mirror: EagerMirror
) -> None:
    await mirror.track_all(await portal.extensions.monitored())
    mirror.link_up()
    registered(mirror, "1002")
    state = await program.told("GET", "/extensions/1002/state")
    assert (state["status"], state["port"]) == ("OK", 45060)
    assert state["asterisk_connected"] is True
    mirror.link_down("10.0.0.5 refused user bridge")
    stale = await program.told("GET", "/extensions/1002/state")
    assert stale["asterisk_connected"] is False
    assert stale["status"] == "OK"
    assert stale["asterisk_since"] >= state["asterisk_since"]
    assert "10.0.0.5" not in str(stale)


async def test_the_state_comes_along_where_it_is_asked_for(program: Program) -> None:
    plain = await program.told("GET", "/extensions?search=1002")
    assert "state" not in plain["items"][0]
    found: dict[str, Any] = await program.told("GET", "/extensions?search=1002&include=state")
    one = await program.told("GET", "/extensions/1002?include=state")
    assert found["items"][0]["state"]["status"] == one["state"]["status"] == "BLANK"


async def test_users_are_listed_and_searched(program: Program) -> None:
    found = await program.told("GET", "/users?per_page=1")
    assert (found["total"], found["pages"], found["items"][0]["login"]) == (4, 4, "ada")
    found = await program.told("GET", "/users?search=adm")
    assert [one["login"] for one in found["items"]] == ["admin"]


async def test_classes_of_service_are_listed(program: Program) -> None:
    assert await program.told("GET", "/classes-of-service") == {"items": [{"name": "internal"}]}
