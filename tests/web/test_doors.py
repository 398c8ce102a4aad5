"""Who gets in: every route of the portal, including those that are yet to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aiohttp.web import StaticResource

from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.web.conftest import PASSWORD, Prepared
from tests.web.forms import typed
from tests.web.visitor import Client, Visitor
from web.access import Access, access_of
from web.app import Portal
from web.middleware.csrf import SAFE_METHODS
from web.requests import API, API_DOCS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What stands for the variable parts of an address.
PARTS = {
    "number": "1001",
    "login": "operator",
    "id": "1",
    "msg_id": "1",
    "name": "internal",
    "token": "t",
    "file": "f",
    "mac": "0004f2a1b2c3",
}
# Whose address is all the proof that there is.
INVITATION = "/invitation/t"
PHONES = {"/provision/t/f", "/provision/f"}


@dataclass(frozen=True)
class Door:
    """A route, with an address that it answers."""

    method: str
    path: str
    access: Access

    @property
    def writes(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def is_api(self) -> bool:
        return self.path.startswith(API) and self.path != API_DOCS


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": "Ada"}))


@pytest.fixture
def doors(client: Client) -> list[Door]:
    """Every route of the portal."""
    found = list(_doors(client))
    assert len(found) > 40
    return found


def _doors(client: Client) -> Iterator[Door]:
    for route in client.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        for name, part in PARTS.items():
            path = path.replace(f"{{{name}}}", part)
        assert "{" not in path, f"teach this test what to put into {path}"
        access = access_of(route)
        assert access is not None, f"{route.method} {path} does not say who may call it"
        yield Door(route.method, path, access)


@pytest.fixture
def protected(doors: list[Door]) -> list[Door]:
    """Every route that needs a session."""
    return [door for door in doors if not door.access.anonymous]


async def ask(client: Client, door: Door, visitor: Visitor) -> int:
    """Knock, with the right CSRF token; return the status."""
    async with client.request(
        door.method,
        door.path,
        headers={"X-CSRF-Token": visitor.csrf, **FORM},
        cookies=visitor.cookies,
        allow_redirects=False,
    ) as answer:
        return answer.status


async def test_exactly_these_routes_are_public(client: Client, doors: list[Door]) -> None:
    static = {
        route.resource.canonical
        for route in client.app.router.routes()
        if isinstance(route.resource, StaticResource)
    }
    assert len(static) == 1
    public = {door.path for door in doors if door.access.anonymous}
    assert public - static - PHONES == {
        *("/healthz", "/sign-in", "/reset", "/reset/code", INVITATION),
    }


async def test_a_stranger_is_sent_to_the_sign_in_page(
    client: Client, protected: list[Door]
) -> None:
    for door in protected:
        answer = await client.request(
            door.method, door.path, headers={"Accept": "text/html"}, allow_redirects=False
        )
        if door.is_api:
            assert answer.status == 401, door
            continue
        assert answer.status == 303, door
        assert answer.headers["Location"].startswith("/sign-in"), door


async def test_a_stranger_that_is_no_page_gets_401(client: Client, protected: list[Door]) -> None:
    for door in protected:
        answer = await client.request(door.method, door.path, allow_redirects=False)
        assert answer.status == 401, door
        assert answer.headers.get("WWW-Authenticate", "").startswith("Bearer") == door.is_api, door


@pytest.mark.parametrize("role", Role)
async def test_the_wrong_role_is_refused(
    client: Client, prepared: Prepared, protected: list[Door], role: Role
) -> None:
    visitor = Visitor(client, prepared.tokens[role])
    closed = [door for door in protected if role not in door.access.roles]
    assert bool(closed) == (role is not Role.ADMIN)
    for door in closed:
        assert await ask(client, door, visitor) == 403, door


async def test_only_administrators_change_what_is_not_their_own(protected: list[Door]) -> None:
    own = ("/me", "/voicemail/1001/", "/profile", "/password", "/sign-out", "/api/v1/me")
    # Managers of the call centre, who may be users (test_agent_desk.py).
    desk = tuple(f"/agents/1001/{verb}" for verb in ("log-in", "log-out", "pause", "ready"))
    for door in protected:
        if door.writes and not door.path.startswith((*own, *desk)):
            assert door.access.roles == {Role.ADMIN}, door


async def test_htmx_is_told_to_load_the_sign_in_page(stranger: Visitor) -> None:
    page = "http://localhost/extensions?search=ada&page=2"
    answer = await stranger.get(
        "/extensions/1001/edit", htmx=True, headers={"HX-Current-URL": page}
    )
    assert answer.status == 401
    where = "/sign-in?next=%2Fextensions%3Fsearch%3Dada%26page%3D2"
    assert answer.headers["HX-Redirect"] == where


async def test_a_stranger_cannot_tell_which_addresses_exist(stranger: Visitor) -> None:
    for path in ("/nonsense", "/extensions/9999"):
        assert (await stranger.get(path)).status == 303


@pytest.mark.parametrize("token", ["", "x" * 43, "é", "../../etc/passwd"])
async def test_an_unknown_session_is_no_session(client: Client, token: str) -> None:
    answer = await client.get(
        "/extensions", headers={"Cookie": f"session={token}"}, allow_redirects=False
    )
    assert answer.status == 401


@pytest.mark.parametrize("given", [None, "", "0" * 64, "é"])
async def test_no_write_without_the_sessions_token(
    client: Client, visitor: Visitor, protected: list[Door], given: str | None
) -> None:
    for door in protected:
        if door.writes:
            data = {} if given is None else {"csrf": given}
            answer = await client.request(
                door.method, door.path, data=data or b"", headers=FORM, cookies=visitor.cookies
            )
            assert answer.status == 403, door


async def test_no_write_with_the_token_of_another_session(
    client: Client, portal: Portal, visitor: Visitor, protected: list[Door]
) -> None:
    other = Visitor(client, await portal.accounts.sign_in("admin", PASSWORD, ""))
    for door in protected:
        if door.writes:
            answer = await client.request(
                door.method, door.path, data={"csrf": other.csrf}, cookies=visitor.cookies
            )
            assert answer.status == 403, door


FROM_ELSEWHERE = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
async def test_no_write_from_another_site(
    client: Client, visitor: Visitor, doors: list[Door], headers: dict[str, str]
) -> None:
    for door in doors:
        # Its page has no-referrer (test_invitation_page.py).
        hides = door.path == INVITATION and headers == {"Origin": "null"}
        if door.writes and not hides:
            data = {"csrf": visitor.csrf, "login": "admin", "password": PASSWORD}
            answer = await client.request(
                door.method, door.path, data=data, headers=headers, cookies=visitor.cookies
            )
            assert answer.status == 403, door


async def test_nothing_was_written_by_what_was_refused(
    client: Client, visitor: Visitor, operator: Visitor, extensions: Extensions
) -> None:
    await client.post("/extensions/1001/delete", cookies=visitor.cookies, headers=FORM)
    await client.post("/extensions", data=typed("1002"), cookies=visitor.cookies)
    await operator.post("/extensions/1001/delete")
    await operator.post("/extensions", typed("1002"))
    assert [one.number for one in (await extensions.page()).items] == ["1001"]


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_behind_a_proxy_that_changes_the_host_fetch_metadata_decides(
    visitor: Visitor, site: str
) -> None:
    headers = {"Origin": "https://pbx.example", "Sec-Fetch-Site": site}
    answer = await visitor.post("/extensions", typed("1002"), htmx=True, headers=headers)
    assert answer.status == 200


async def test_the_token_is_also_taken_from_a_header(client: Client, visitor: Visitor) -> None:
    answer = await client.post(
        "/extensions",
        data=typed("1002"),
        headers={"X-CSRF-Token": visitor.csrf, "HX-Request": "true"},
        cookies=visitor.cookies,
    )
    assert answer.status == 200


async def test_the_only_public_writes_sign_in_reset_a_password_or_claim_an_invitation(
    doors: list[Door],
) -> None:
    writes = {door.path for door in doors if door.access.anonymous and door.writes}
    assert writes == {"/sign-in", "/reset", "/reset/code", INVITATION}
