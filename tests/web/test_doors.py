"""Who gets in: every route of the portal, including those that are yet to be written."""

from collections.abc import Iterator

import pytest
from aiohttp.web import AbstractRoute, StaticResource

from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from tests.web.conftest import Client, Visitor
from tests.web.forms import typed
from web.app import Portal
from web.middleware.csrf import SAFE_METHODS
from web.routes import PUBLIC, SIGN_IN


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await extensions.create(admin, parse_extension({"number": "1001", "caller_id_name": "Ada"}))


def routes(client: Client) -> Iterator[tuple[AbstractRoute, str]]:
    """Every route of the portal, with an address that it answers."""
    for route in client.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical.replace("{number}", "1001")
        assert "{" not in path, "teach this test what to put there"
        yield route, path


def protected(client: Client) -> list[tuple[str, str]]:
    found = [(route.method, path) for route, path in routes(client) if route.name not in PUBLIC]
    assert len(found) > 15
    return found


def writing(client: Client) -> list[tuple[str, str]]:
    """Every route that changes something for somebody who is signed in."""
    found = [(method, path) for method, path in protected(client) if method not in SAFE_METHODS]
    assert len(found) > 5
    return found


async def test_exactly_these_routes_are_public(client: Client) -> None:
    public = {
        "/static" if isinstance(route.resource, StaticResource) else path
        for route, path in routes(client)
        if route.name in PUBLIC
    }
    assert public == {"/healthz", "/static", "/sign-in"}


async def test_a_stranger_is_sent_to_the_sign_in_page(client: Client, stranger: Visitor) -> None:
    for method, path in protected(client):
        answer = await client.request(
            method, path, headers={"Accept": "text/html"}, allow_redirects=False
        )
        assert answer.status == 303, (method, path)
        assert answer.headers["Location"].startswith("/sign-in"), (method, path)


async def test_a_stranger_that_is_no_page_gets_401(client: Client) -> None:
    for method, path in protected(client):
        answer = await client.request(method, path, allow_redirects=False)
        assert answer.status == 401, (method, path)


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
    client: Client, visitor: Visitor, given: str | None
) -> None:
    for method, path in writing(client):
        data = {} if given is None else {"csrf": given}
        answer = await client.request(
            method, path, data=data or b"", headers=FORM, cookies=visitor.cookies
        )
        assert answer.status == 403, (method, path)


async def test_no_write_with_the_token_of_another_session(
    client: Client, portal: Portal, visitor: Visitor
) -> None:
    other = Visitor(client, await portal.accounts.sign_in("admin", "a few words in a row", ""))
    for method, path in writing(client):
        data = {"csrf": other.csrf}
        answer = await client.request(method, path, data=data, cookies=visitor.cookies)
        assert answer.status == 403, (method, path)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FROM_ELSEWHERE = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
async def test_no_write_from_another_site(
    client: Client, visitor: Visitor, headers: dict[str, str]
) -> None:
    every = [*writing(client), ("POST", "/sign-in")]
    for method, path in every:
        data = {"csrf": visitor.csrf, "login": "admin", "password": "a few words in a row"}
        answer = await client.request(
            method, path, data=data, headers=headers, cookies=visitor.cookies
        )
        assert answer.status == 403, (method, path)


async def test_nothing_was_written_by_what_was_refused(
    client: Client, visitor: Visitor, extensions: Extensions
) -> None:
    await client.post("/extensions/1001/delete", cookies=visitor.cookies, headers=FORM)
    await client.post("/extensions", data=typed("1002"), cookies=visitor.cookies)
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


async def test_every_public_route_but_sign_in_only_reads(client: Client) -> None:
    for route, _ in routes(client):
        if route.name in PUBLIC - {SIGN_IN}:
            assert route.method in SAFE_METHODS
