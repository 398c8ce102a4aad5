"""What a handler's declaration does, who finds what on the first page, and API tokens."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role, TokenScope
from tests.web.conftest import Clock, Prepared
from tests.web.visitor import Client, Visitor
from web.access import allow, public, signed_in
from web.app import Portal, make_app
from web.portal import SESSION, actor_of


@public
async def for_all(_: web.Request) -> web.Response:
    return web.Response(text="come in")


@signed_in
async def for_any_role(request: web.Request) -> web.Response:
    return web.Response(text=f"{actor_of(request).login} {request[SESSION].role}")


@allow(Role.ADMIN, Role.OPERATOR)
async def for_two_roles(_: web.Request) -> web.Response:
    return web.Response(text="come in")


async def for_whom(_: web.Request) -> web.Response:
    return web.Response(text="nobody said who may see this")


@pytest.fixture
async def client(portal: Portal) -> AsyncIterator[Client]:
    """The portal with a few handlers more."""
    app = make_app(portal)
    app.router.add_get("/test/public", for_all)
    app.router.add_get("/test/two", for_two_roles)
    app.router.add_get("/test/undeclared", for_whom)
    app.router.add_get("/test/any", for_any_role)
    app.router.add_route("*", "/api/test", for_any_role)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("role", Role)
async def test_a_handler_that_declares_nothing_is_called_by_nobody(
    client: Client, prepared: Prepared, role: Role
) -> None:
    answer = await Visitor(client, prepared.tokens[role]).get("/test/undeclared")
    assert answer.status == 403
    assert "nobody said" not in await answer.text()


async def test_a_handler_is_called_by_the_roles_that_it_declares(
    client: Client, stranger: Visitor, visitor: Visitor, operator: Visitor, person: Visitor
) -> None:
    everybody = (stranger, visitor, operator, person)

    async def answers(path: str) -> list[int]:
        return [(await who.get(path)).status for who in everybody]

    assert await answers("/test/public") == [200, 200, 200, 200]
    assert await answers("/test/any") == [303, 200, 200, 200]
    assert await answers("/test/two") == [303, 200, 200, 403]
    assert await answers("/test/nowhere") == [303, 404, 404, 404]


async def test_the_wrong_role_sees_a_page_that_says_so(person: Visitor) -> None:
    answer = await person.get("/extensions")
    assert answer.status == 403
    assert "Your role does not allow this." in await answer.text()


async def test_each_role_has_its_own_start_page_and_menu(
    visitor: Visitor, operator: Visitor, person: Visitor
) -> None:
    assert (await visitor.get("/")).headers["Location"] == "/extensions"
    assert (await operator.get("/")).headers["Location"] == "/extensions"
    assert (await person.get("/?notice=saved")).headers["Location"] == "/me?notice=saved"
    for who, sees in ((visitor, True), (operator, True), (person, False)):
        text = await (await who.get("/profile")).text()
        menu = re.search(r'<nav id="menu".*?</nav>', text, re.DOTALL)
        assert menu
        for path in ("/users", "/transfer", "/api/v1/docs"):
            assert (f'href="{path}"' in menu[0]) == sees
        for path in ("/me", "/voicemail"):
            assert f'href="{path}"' in menu[0]


async def test_a_part_of_the_portal_has_the_pages_that_one_s_role_may_open(
    visitor: Visitor, person: Visitor
) -> None:
    async def section(who: Visitor, path: str) -> list[tuple[str, str]]:
        text = await (await who.get(path)).text()
        found = re.search(r'<nav class="section".*?</nav>', text, re.DOTALL)
        links = r'href="([^"]+)"(?: aria-current="(\w+)")?'
        return re.findall(links, found[0]) if found else []

    assert await section(person, "/voicemail") == [], "a single page needs no links"
    assert (await section(visitor, "/voicemail"))[:2] == [
        ("/voicemail", "page"),
        ("/voicemail/boxes", ""),
    ]
    assert (await section(visitor, "/voicemail/boxes"))[:2] == [
        ("/voicemail", ""),
        ("/voicemail/boxes", "page"),
    ]


async def test_an_operator_sees_the_screens_without_what_changes_them(operator: Visitor) -> None:
    for path in ("/extensions", "/users", "/classes", "/routes", "/trunks", "/groups", "/outbox"):
        text = await (await operator.get(path)).text()
        assert "New " not in text
        assert "/delete" not in text
        assert 'title="Edit"' not in text


async def token_of(portal: Portal, login: str, scope: TokenScope, days: int = 1) -> str:
    _, token = await portal.api_tokens.create(Actor(login, "127.0.0.1"), "test", scope, days)
    return token


async def call(
    client: Client, token: str, method: str = "GET", path: str = "/api/test"
) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.request(method, path, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_a_token_opens_the_api_for_its_user_without_csrf(
    client: Client, portal: Portal
) -> None:
    token = await token_of(portal, "admin", TokenScope.WRITE)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert await call(client, token, method) == (200, "admin admin")


async def test_a_token_that_reads_changes_nothing(client: Client, portal: Portal) -> None:
    token = await token_of(portal, "operator", TokenScope.READ)
    assert await call(client, token) == (200, "operator operator")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await call(client, token, method))[0] == 403


async def test_a_token_opens_no_pages(client: Client, portal: Portal) -> None:
    token = await token_of(portal, "admin", TokenScope.WRITE)
    assert (await call(client, token, path="/test/any"))[0] == 401


@pytest.mark.parametrize("given", ["Bearer pbx_nonsense", "Bearer", "Basic YTpi", "Bearer é"])
async def test_what_is_no_token_is_refused_even_beside_a_session(
    client: Client, visitor: Visitor, given: str
) -> None:
    answer = await visitor.get("/api/test", headers={"Authorization": given})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="pbxbridge", error="invalid_token"'


async def test_an_expired_or_revoked_token_opens_nothing(
    client: Client, portal: Portal, clock: Clock
) -> None:
    revoked = await token_of(portal, "admin", TokenScope.READ)
    [view] = await portal.api_tokens.of("admin")
    await portal.api_tokens.revoke(Actor("admin", ""), view.id)
    assert (await call(client, revoked))[0] == 401
    expired = await token_of(portal, "admin", TokenScope.READ)
    assert (await call(client, expired))[0] == 200
    clock.ahead = timedelta(days=1, seconds=1)
    assert (await call(client, expired))[0] == 401


async def test_a_browsers_session_opens_the_api_and_needs_the_csrf_header_to_write(
    client: Client, visitor: Visitor
) -> None:
    assert (await visitor.get("/api/test")).status == 200
    async with client.post("/api/test", json={}, cookies=visitor.cookies) as answer:
        assert answer.status == 403
    headers = {"X-CSRF-Token": visitor.csrf}
    async with client.post(
        "/api/test", json={}, headers=headers, cookies=visitor.cookies
    ) as answer:
        assert answer.status == 200


async def test_the_api_answers_a_stranger_without_a_detour(stranger: Visitor) -> None:
    answer = await stranger.get("/api/test")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="pbxbridge"')


async def test_a_changed_role_counts_at_once(
    client: Client, portal: Portal, visitor: Visitor
) -> None:
    token = await portal.accounts.sign_in("operator", "a few words in a row", "")
    before = Visitor(client, token)
    assert (await before.get("/test/two")).status == 200
    await portal.users.update(Actor("admin", ""), "operator", {"role": "user"})
    assert (await before.get("/test/two")).status == 303
