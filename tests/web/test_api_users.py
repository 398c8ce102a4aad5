"""People and the audit by the API."""

from __future__ import annotations

import re

import pytest

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add
from tests.web.programs import API, PROBLEM, Program, token_of
from tests.web.visitor import Client
from web.app import Portal

NEW = {"login": "ada", "name": "Ada", "email": "ada@pbx.local", "role": "user"}


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    return Program(client, await token_of(portal.api_tokens))


async def test_a_created_user_can_sign_in_once_with_the_password_shown(
    program: Program, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    answer = await program.ask("POST", "/users", NEW | {"extensions": ["1001"]})
    assert answer.status == 201
    assert answer.headers["Location"] == f"{API}/users/ada"
    assert answer.headers["Cache-Control"] == "no-store"
    created = await answer.json()
    password = created.pop("password")
    assert created == await program.told("GET", "/users/ada")
    assert (created["extensions"], created["totp"], created["version"]) == (["1001"], False, 1)
    token = await portal.accounts.sign_in("ada", password, "127.0.0.1")
    session = await portal.accounts.session(token)
    assert session is not None
    assert session.must_change_password


async def test_a_login_name_of_any_letters_has_an_address(program: Program) -> None:
    answer = await program.ask("POST", "/users", NEW | {"login": "Ünal/50%+?#{}"})
    assert answer.status == 201
    path = answer.headers["Location"].removeprefix(API)
    assert (await program.told("GET", path))["login"] == "ünal/50%+?#{}"
    assert (await program.ask("DELETE", path)).status == 204


async def test_a_patch_changes_what_is_sent_and_null_is_the_default(program: Program) -> None:
    created = await program.told("POST", "/users", NEW, 201)
    del created["password"]
    changed = await program.told("PATCH", "/users/ada", {"name": None, "role": "operator"})
    assert changed == created | {"name": "", "role": "operator", "version": 2}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"role": None}, {"role": "This field is required."}),
        ({"login": "grace"}, {"login": "A login name cannot be changed."}),
        ({"role": "boss"}, {"role": "Choose one of the list."}),
        ({"extensions": "1001"}, {"extensions": "This must be a list."}),
        ({"extensions": ["9"]}, {"extensions": "There is no extension 9."}),
        ({"totp": False, "id": 1}, dict.fromkeys(("totp", "id"), "There is no such field.")),
    ],
)
async def test_each_wrong_field_has_its_sentence(
    program: Program, fields: dict[str, object], errors: dict[str, str]
) -> None:
    await program.told("POST", "/users", NEW, 201)
    problem = await program.told("PATCH", "/users/ada", fields, 422)
    assert problem["errors"] == errors


async def test_the_last_administrator_stays(program: Program) -> None:
    problem = await program.told("PATCH", "/users/admin", {"role": "user"}, 422)
    assert problem["errors"] == {"role": "admin is the last administrator."}
    answer = await program.ask("DELETE", "/users/admin")
    assert (answer.status, answer.content_type) == (403, PROBLEM)


async def test_the_audit_is_searched_page_by_page(
    program: Program, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002")
    for name in ("One", "Two", "Three"):
        await program.told("PATCH", "/extensions/1001", {"caller_id_name": name})
    path, seen = "/audit?subject=1001&action=extension.changed&per_page=2", []
    while path:
        answer = await program.ask("GET", path)
        seen += (await answer.json())["items"]
        link = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1].removeprefix(API) if link else ""
    assert [entry["after"] for entry in seen] == [
        {"caller_id_name": name} for name in ("Three", "Two", "One")
    ]
    assert {(entry["actor"], entry["address"]) for entry in seen} == {("admin", "127.0.0.1")}
    assert await program.told("GET", f"/audit/{seen[0]['id']}") == seen[0]


async def test_a_change_is_undone_unless_something_newer_touched_it(program: Program) -> None:
    new = {"number": "1001", "caller_id_name": "Ada"}
    await program.told("POST", "/extensions", new, 201)
    for name in ("Grace", "Edith"):
        await program.told("PATCH", "/extensions/1001", {"caller_id_name": name})
    newest, older = (await program.told("GET", "/audit?action=extension.changed"))["items"]
    assert (await program.told("POST", f"/audit/{older['id']}/undo", status=409))["detail"]
    await program.told("POST", f"/audit/{newest['id']}/undo")
    assert (await program.told("GET", "/extensions/1001"))["caller_id_name"] == "Grace"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("from=yesterday", {"from"}),
        ("from=2026-02-02&to=2026-02-01", {"to"}),
        ("kind=weather", {"kind"}),
        ("before=0", {"before"}),
        ("older=1", {"older"}),
    ],
)
async def test_a_wrong_search_of_the_audit_is_refused(
    program: Program, query: str, names: set[str]
) -> None:
    assert set((await program.told("GET", f"/audit?{query}", status=422))["errors"]) == names


@pytest.mark.parametrize("entry", ["999999999", "0", "x", "9" * 40, "%D9%A1"])
async def test_an_entry_that_is_not_there(program: Program, entry: str) -> None:
    await program.told("GET", f"/audit/{entry}", status=404)
