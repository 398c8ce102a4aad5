"""Entity tags: two programs that change the same thing do not overwrite each other."""

from __future__ import annotations

import asyncio

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.web.forms import add
from tests.web.programs import Program, add_person, token_of
from tests.web.visitor import Client
from web.app import Portal

ONE = "/extensions/1001"
WHOLE = {"number": "1001", "caller_id_name": "Grace"}


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001")


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    return Program(client, await token_of(portal.api_tokens))


async def status_of(
    program: Program, method: str, path: str, body: object = None, **headers: str
) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await program.ask(method, path, body, headers=named)).status


@pytest.mark.parametrize("tag", ['"2"', '"1x"', 'W/"1"', "1", "", "garbage"])
async def test_a_stale_or_made_up_tag_changes_nothing(program: Program, tag: str) -> None:
    for method, body in (("PUT", WHOLE), ("PATCH", {"caller_id_name": "Grace"}), ("DELETE", None)):
        assert await status_of(program, method, ONE, body, If_Match=tag) == 412
    assert (await program.told("GET", ONE))["caller_id_name"] == "Desk 1001"


@pytest.mark.parametrize("tag", ['"1"', "*", '"0", "1"'])
async def test_the_present_tag_lets_a_change_through(program: Program, tag: str) -> None:
    assert await status_of(program, "PUT", ONE, WHOLE, If_Match=tag) == 200
    assert (await program.told("GET", ONE))["version"] == 2


async def test_the_present_tag_lets_a_deletion_through(program: Program) -> None:
    assert await status_of(program, "DELETE", ONE, If_Match='"1"') == 204


@pytest.mark.parametrize(
    ("tag", "status"), [('"1"', 304), ('W/"1"', 304), ("*", 304), ('"2"', 200), ("", 200)]
)
async def test_what_the_client_has_is_not_sent_again(
    program: Program, tag: str, status: int
) -> None:
    answer = await program.ask("GET", ONE, headers={"If-None-Match": tag})
    assert answer.status == status
    assert answer.headers["ETag"] == '"1"'
    assert bool(await answer.read()) is (status == 200)


async def test_an_answer_with_live_state_has_no_tag(program: Program) -> None:
    answer = await program.ask("GET", f"{ONE}?include=state", headers={"If-None-Match": '"1"'})
    assert answer.status == 200
    assert "ETag" not in answer.headers


async def test_of_two_programs_one_wins_and_the_other_is_told(
    program: Program, client: Client, portal: Portal
) -> None:
    other = Program(client, await token_of(portal.api_tokens))
    tag = (await program.ask("GET", ONE)).headers["ETag"]
    statuses = await asyncio.gather(
        status_of(program, "PATCH", ONE, {"caller_id_name": "First"}, If_Match=tag),
        status_of(other, "PATCH", ONE, {"phone_make": "Second"}, If_Match=tag),
    )
    assert sorted(statuses) == [200, 412]
    after = await program.told("GET", ONE)
    assert (after["caller_id_name"] == "First") is (statuses[0] == 200)
    assert (after["phone_make"] == "Second") is (statuses[1] == 200)
    assert after["version"] == 2


async def test_many_counters_lose_no_step(program: Program) -> None:
    """Each reads, adds one, and repeats when somebody was faster."""

    async def add_one() -> None:
        while True:
            answer = await program.ask("GET", ONE)
            more = int((await answer.json())["external_caller_id"] or 0) + 1
            tag = answer.headers["ETag"]
            changed = await status_of(
                program, "PATCH", ONE, {"external_caller_id": str(more)}, If_Match=tag
            )
            if changed == 200:
                return
            assert changed == 412

    async with asyncio.timeout(60):
        await asyncio.gather(*(add_one() for _ in range(6)))
    assert (await program.told("GET", ONE))["external_caller_id"] == "6"


async def test_a_user_has_a_tag_that_covers_all_that_is_shown(
    program: Program, extensions: Extensions, admin: Actor
) -> None:
    await add_person("ada", Role.USER)
    tag = (await program.ask("GET", "/users/ada")).headers["ETag"]
    assert await status_of(program, "GET", "/users/ada", If_None_Match=tag) == 304
    # Linked from the other side: the user's own version stays.
    await extensions.update(admin, "1001", {"users": ["ada"]})
    assert await status_of(program, "GET", "/users/ada", If_None_Match=tag) == 200
    assert await status_of(program, "PATCH", "/users/ada", {"name": "Ada"}, If_Match=tag) == 412
    assert await status_of(program, "DELETE", "/users/ada", If_Match=tag) == 412
    tag = (await program.ask("GET", "/users/ada")).headers["ETag"]
    assert await status_of(program, "PATCH", "/users/ada", {"name": "Ada"}, If_Match=tag) == 200
    assert (await program.told("GET", "/users/ada"))["extensions"] == ["1001"]
