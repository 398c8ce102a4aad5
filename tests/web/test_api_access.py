"""Who may do what by the API: the table of roles and scopes, tried on every operation."""

from __future__ import annotations

from typing import Any

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role, TokenScope
from tests.web.forms import add
from tests.web.programs import API, JSON, PROBLEM, Program, add_person, token_of
from tests.web.visitor import Client, Visitor
from web.api.operation import Operation
from web.api.operations import OPERATIONS
from web.app import Portal

READ, WRITE = TokenScope.READ, TokenScope.WRITE
# What each kind of token may do, by the operations' names.
READING = {
    "listExtensions",
    "readExtension",
    "readState",
    "listUsers",
    "readUser",
    "listAudit",
    "readAuditEntry",
    "listClassesOfService",
    "readLicences",
    "readMe",
}
EVERYTHING = {operation.name for operation in OPERATIONS}
MAY = {
    (Role.ADMIN, WRITE): EVERYTHING,
    (Role.ADMIN, READ): READING,
    (Role.OPERATOR, READ): READING,
    (Role.USER, READ): {"readMe"},
}


@pytest.fixture(autouse=True)
async def _site(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", users=["user"])
    await add(extensions, admin, "1002")


def address(operation: Operation[Any]) -> str:
    path = operation.path.replace("{number}", "1001").replace("{login}", "user")
    return path.replace("{id}", "1")


def by_name(operation: Operation[Any]) -> str:
    return operation.name


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
@pytest.mark.parametrize(("role", "scope"), MAY)
async def test_a_token_may_do_what_the_table_says_and_no_more(
    client: Client,
    portal: Portal,
    operation: Operation[Any],
    role: Role,
    scope: TokenScope,
) -> None:
    program = Program(client, await token_of(portal.api_tokens, role.value, scope))
    answer = await program.ask(operation.method, address(operation))
    # What may be asked is answered, or refused for what is missing in this bare request.
    assert (answer.status != 403) is (operation.name in MAY[role, scope])
    assert answer.status < 500
    if answer.status == 403:
        assert answer.content_type == PROBLEM


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
async def test_a_stranger_learns_nothing(client: Client, operation: Operation[Any]) -> None:
    for headers in ({}, {"Authorization": "Bearer pbx_" + "x" * 43}, {"Authorization": "Basic eA"}):
        answer = await client.request(
            operation.method, API + address(operation), headers=headers, allow_redirects=False
        )
        assert answer.status == 401
        assert answer.content_type == PROBLEM
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_an_operators_and_a_users_token_cannot_be_for_writing(
    client: Client, portal: Portal
) -> None:
    """The scope that was stored when the role still was another counts no more than the role."""
    token = await token_of(portal.api_tokens)
    program = Program(client, token)
    await add_person("second", Role.ADMIN)
    await portal.users.update(Actor("second", ""), "admin", {"role": "operator"})
    assert (await program.ask("GET", "/me")).status == 401


async def test_an_ended_token_opens_nothing(client: Client, portal: Portal) -> None:
    actor = Actor("admin", "127.0.0.1")
    view, token = await portal.api_tokens.create(actor, "short", WRITE, 1)
    program = Program(client, token)
    assert (await program.ask("GET", "/me")).status == 200
    await portal.api_tokens.revoke(actor, view.id)
    assert (await program.ask("GET", "/me")).status == 401


async def test_me_tells_who_asks_and_their_own_extensions(client: Client, portal: Portal) -> None:
    program = Program(client, await token_of(portal.api_tokens, "user", READ))
    me = await program.told("GET", "/me")
    assert (me["login"], me["role"], me["scope"]) == ("user", "user", "read")
    assert [one["number"] for one in me["extensions"]] == ["1001"]
    me = await Program(client, await token_of(portal.api_tokens)).told("GET", "/me")
    assert (me["login"], me["role"], me["scope"], me["extensions"]) == (
        "admin",
        "admin",
        "write",
        [],
    )


async def test_a_browsers_session_reads_but_writes_only_with_its_csrf_token(
    client: Client, visitor: Visitor
) -> None:
    async def patch(headers: dict[str, str]) -> int:
        answer = await client.patch(
            f"{API}/extensions/1001",
            json={"caller_id_name": "Grace"},
            cookies=visitor.cookies,
            headers=headers,
        )
        return answer.status

    assert (await client.get(f"{API}/me", cookies=visitor.cookies)).status == 200
    assert await patch({}) in {403, 415}
    assert await patch({"X-CSRF-Token": visitor.csrf, "Origin": "https://elsewhere.example"}) == 403
    assert await patch({"X-CSRF-Token": visitor.csrf}) == 200


async def test_whoever_names_a_token_does_not_fall_back_on_the_cookie(
    client: Client, visitor: Visitor
) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    answer = await client.get(f"{API}/me", cookies=visitor.cookies, headers=headers)
    assert answer.status == 401


async def test_a_token_opens_no_page(client: Client, portal: Portal) -> None:
    headers = {"Authorization": f"Bearer {await token_of(portal.api_tokens)}"}
    for path in ("/extensions", "/users", f"{API}/docs"):
        answer = await client.get(path, headers=headers, allow_redirects=False)
        assert answer.status == 401, path


async def test_the_document_is_for_whoever_has_a_token(client: Client, portal: Portal) -> None:
    assert (await client.get(f"{API}/openapi.json")).status == 401
    program = Program(client, await token_of(portal.api_tokens, "user", READ))
    answer = await program.ask("GET", "/openapi.json")
    assert (answer.status, answer.content_type) == (200, JSON)
