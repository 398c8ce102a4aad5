"""The Users screen as a browser's requests see it."""

from __future__ import annotations

import html
import json
import re

import pytest

from pbxbridge.models.people import Role, User
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.user_input import UserInput
from tests.web.forms import add
from tests.web.visitor import Visitor
from web.app import Portal

NEW = {"login": "ada", "name": "Ada Lovelace", "email": "ada@pbx.local", "role": "operator"}


def one_time_password(text: str) -> str:
    found = re.search(r'id="one-time-\w+" value="([^"]+)"', text)
    assert found
    return html.unescape(found[1])


def marked(text: str) -> list[str]:
    return re.findall(r'name="(\w+)" aria-invalid="true"', text)


@pytest.fixture
async def ada(portal: Portal, admin: Actor) -> str:
    wanted = UserInput(login="ada", name="Ada Lovelace", email="ada@pbx.local", role=Role.USER)
    _, password = await portal.users.create(admin, wanted)
    return password


async def test_the_list_shows_people_and_is_searched(visitor: Visitor, ada: str) -> None:
    text = await (await visitor.get("/users")).text()
    assert re.findall(r'<tbody id="user-(\w+)"', text) == ["ada", "admin", "operator", "user"]
    assert "4 users" in text
    for search in ("LOVE", "ada@pbx", "ada"):
        text = await (await visitor.get(f"/users?search={search}")).text()
        assert re.findall(r'<tbody id="user-(\w+)"', text) == ["ada"]
    text = await (await visitor.get("/users?search=<b>")).text()
    assert "No login, name or e-mail contains “&lt;b&gt;”." in text


async def test_the_list_comes_in_pages(visitor: Visitor) -> None:
    for count in range(50):
        # Straight into the table: hashing passwords for them all would take its time.
        await User.create(login=f"person{count:02}", role=Role.USER, password_hash="none")
    first = await (await visitor.get("/users")).text()
    assert "Page 1 of 2 · 53 users" in first
    assert 'id="user-person47"' in first
    second = await (await visitor.get("/users?page=2")).text()
    assert re.findall(r'<tbody id="user-(\w+)"', second) == ["person48", "person49", "user"]


async def test_a_new_user_gets_a_one_time_password_that_is_shown_once(
    visitor: Visitor, portal: Portal, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", "1002")
    answer = await visitor.post("/users", NEW | {"extensions": "1002; 1001"}, htmx=True)
    text = await answer.text()
    assert answer.status == 200
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "User created"}}
    assert await portal.accounts.sign_in("ada", one_time_password(text), "")
    user = await portal.users.get("ada")
    assert (user.role, user.extensions) == ("operator", ["1001", "1002"])
    again = await (await visitor.get("/users/ada/edit")).text()
    assert one_time_password(text) not in again


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", ""),
        ("login", "admin"),
        ("login", "two words"),
        ("email", "nonsense"),
        ("role", "owner"),
        ("extensions", "9999"),
    ],
)
async def test_errors_stand_beside_their_field_and_what_was_typed_stays(
    visitor: Visitor, field: str, value: str
) -> None:
    answer = await visitor.post("/users", NEW | {"name": "<i>Ada", field: value}, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert marked(text) == [field]
    assert 'value="&lt;i&gt;Ada"' in text
    assert field == "role" or f'value="{value}"' in text
    assert text.lstrip().startswith('<tbody id="new-user"')


async def test_saving_says_so_and_changes_what_was_typed(
    visitor: Visitor, portal: Portal, ada: str
) -> None:
    editor = await (await visitor.get("/users/ada/edit", htmx=True)).text()
    assert 'value="Ada Lovelace"' in editor
    change = {"name": "Ada King", "email": "", "role": "admin", "extensions": "", "version": "1"}
    answer = await visitor.post("/users/ada", change, htmx=True)
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "Changes saved"}}
    assert "Ada King" in await answer.text()
    user = await portal.users.get("ada")
    assert (user.name, user.email, user.role) == ("Ada King", "", "admin")


async def test_what_somebody_else_saved_meanwhile_is_not_written_over(
    visitor: Visitor, portal: Portal, admin: Actor, ada: str
) -> None:
    await portal.users.update(admin, "ada", {"name": "Somebody else's"})
    change = {"name": "Mine", "email": "", "role": "user", "extensions": "", "version": "1"}
    answer = await visitor.post("/users/ada", change, htmx=True)
    text = await answer.text()
    assert answer.status == 422
    assert "Somebody else has changed ada meanwhile." in text
    assert "Somebody else&#39;s" in text
    assert 'value="Mine"' in text
    assert (await portal.users.get("ada")).name == "Somebody else's"
    [version] = re.findall(r'name="version" value="(\d+)"', text)
    again = await visitor.post("/users/ada", change | {"version": version}, htmx=True)
    assert again.status == 200
    assert (await portal.users.get("ada")).name == "Mine"


async def test_the_last_administrator_stays_one(visitor: Visitor, portal: Portal) -> None:
    answer = await visitor.post("/users/admin", {"role": "user", "version": "1"}, htmx=True)
    assert (answer.status, marked(await answer.text())) == (422, ["role"])
    refused = await visitor.post("/users/admin/delete", htmx=True)
    assert refused.status == 403
    assert "You cannot delete yourself." in await refused.text()


async def test_deleting_asks_first(visitor: Visitor, portal: Portal, ada: str) -> None:
    question = await (await visitor.get("/users/ada/delete", htmx=True)).text()
    assert "Delete user ada?" in question
    answer = await visitor.post("/users/ada/delete", htmx=True)
    assert json.loads(answer.headers["HX-Trigger"]) == {"notice": {"text": "User deleted"}}
    assert (await visitor.get("/users/ada/edit")).status == 404


async def test_a_new_one_time_password_ends_the_old_one(
    visitor: Visitor, portal: Portal, ada: str
) -> None:
    text = await (await visitor.post("/users/ada/password", htmx=True)).text()
    assert one_time_password(text) != ada
    assert await portal.accounts.sign_in("ada", one_time_password(text), "")


async def test_without_scripts_everything_works_by_pages(visitor: Visitor, portal: Portal) -> None:
    assert 'action="/users"' in await (await visitor.get("/users/new")).text()
    created = await (await visitor.post("/users", NEW)).text()
    assert "<html" in created
    assert one_time_password(created)
    saved = await visitor.post("/users/ada", {"name": "Ada King"})
    assert saved.headers["Location"] == "/users?search=ada&notice=saved"
    assert "Changes saved" in await (await visitor.get(saved.headers["Location"])).text()
    assert one_time_password(await (await visitor.post("/users/ada/password")).text())
    off = await visitor.post("/users/ada/second-factor/off")
    assert off.headers["Location"] == "/users?search=ada&notice=second-factor-off"
    assert (await visitor.get("/users/ada/row")).headers["Location"] == "/users?search=ada"
    deleted = await visitor.post("/users/ada/delete")
    assert "User deleted" in await (await visitor.get(deleted.headers["Location"])).text()


@pytest.mark.parametrize("login", ["ada@pbx.local", "a/b", "a%2fb", "new", "x'\"\\<i>", "ünï#?&"])
async def test_any_login_name_can_be_edited_and_deleted(
    visitor: Visitor, portal: Portal, login: str
) -> None:
    created = await (await visitor.post("/users", NEW | {"login": login}, htmx=True)).text()
    assert one_time_password(created)
    listed = await (await visitor.get("/users")).text()
    [edit, delete] = [
        html.unescape(path)
        for path in re.findall(r'href="(/users/[^"]+/(?:edit|delete))"', listed)
        if path.split("/")[2] not in ("admin", "operator", "user")
    ]
    editor = await (await visitor.get(edit, htmx=True)).text()
    [action] = re.findall(r'class="editor" method="post" action="([^"]+)"', editor)
    saved = await visitor.post(html.unescape(action), {"name": "Renamed"}, htmx=True)
    assert "Renamed" in await saved.text()
    assert (await portal.users.get(login)).name == "Renamed"
    assert (await visitor.post(delete, htmx=True)).status == 200
    assert (await portal.users.page()).total == 3
