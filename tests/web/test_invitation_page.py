"""The link of an invitation as strangers, scanners and the invited person use it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NoReturn

import pytest
from aiohttp import ClientResponse
from structlog.testing import capture_logs

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import WRONG_PER_NETWORK
from pbxbridge.services.invitations.invitations import Invitations
from pbxbridge.services.invitations.visits import LENGTH
from tests.rig.invitations import DOWNLOAD, MAKE, VALID, mailed_token
from tests.web.conftest import Clock
from tests.web.forms import add
from tests.web.visitor import Client, Visitor
from web.app import Portal

ADA = "ada@example.org"
PAGE = {"Accept": "text/html"}
PASSWORD = re.compile(r'id="password" value="([^"]+)"')


@pytest.fixture(autouse=True)
async def _extension(extensions: Extensions, admin: Actor) -> None:
    await add(extensions, admin, "1001", **MAKE)


@pytest.fixture
async def path(invitations: Invitations, admin: Actor) -> str:
    """The path of a link that was mailed."""
    await invitations.send(admin, "1001", ADA)
    return f"/invitation/{await mailed_token()}"


async def claimed(stranger: Visitor, path: str) -> tuple[ClientResponse, dict[str, str]]:
    """Press the button; return the answer, and the header with the visit's cookie."""
    answer = await stranger.post(path)
    cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
    stranger.client.session.cookie_jar.clear()
    return answer, {"Cookie": cookie}


async def test_a_scanner_that_follows_the_link_claims_nothing(
    stranger: Visitor, extensions: Extensions, admin: Actor, path: str
) -> None:
    secret = await extensions.secret(admin, "1001")
    for method in ("HEAD", "HEAD", "OPTIONS"):
        await stranger.client.request(method, path)
    assert (await extensions.get("1001")).invitation == "queued"
    for _ in range(2):
        answer = await stranger.get(path)
        text = await answer.text()
        assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
        assert DOWNLOAD in text
        assert "1001" in text
        assert secret not in text
        assert "Desk 1001" not in text, "whose it is the page need not tell"
    assert (await extensions.get("1001")).invitation == "opened"
    assert await extensions.secret(admin, "1001") == secret
    assert await AuditEntry.filter(action="invitation.opened").count() == 1


async def test_the_button_shows_user_name_and_password_to_one_browser_once(
    stranger: Visitor, extensions: Extensions, admin: Actor, path: str, clock: Clock
) -> None:
    answer, cookie = await claimed(stranger, path)
    assert (answer.status, answer.headers["Location"]) == (303, path)
    for part in ("HttpOnly", "SameSite=Strict", "Path=/invitation/", "Max-Age=900"):
        assert part in answer.headers["Set-Cookie"]
    text = await (await stranger.get(path, headers=cookie)).text()
    found = PASSWORD.search(text)
    assert found
    assert found[1] == await extensions.secret(admin, "1001")
    assert 'id="username" value="1001"' in text
    for words in (
        "Username field of the Account box",
        "Leave 'Remember Details' checked",
        DOWNLOAD,
    ):
        assert words in text
    assert 'value="sip:1001@pbx.example.com"' in text
    assert "<svg" in text
    for headers in ({}, {"Cookie": cookie["Cookie"][:-1] + "x"}):
        again = await stranger.get(path, headers=headers)
        assert again.status == 410
        assert "This link was used already" in await again.text()
    assert (await claimed(stranger, path))[0].status == 410
    assert (await stranger.get(path, headers=cookie)).status == 200
    clock.ahead = LENGTH
    late = await stranger.get(path, headers=cookie)
    assert (late.status, found[1] in await late.text()) == (410, False)


async def test_behind_https_the_cookie_is_sent_over_nothing_else(
    secure_client: Client, path: str
) -> None:
    async with secure_client.post(path, allow_redirects=False) as answer:
        [set_cookie] = answer.headers.getall("Set-Cookie")
    assert set_cookie.startswith("__Secure-visit-")
    assert "Secure" in set_cookie.split("; ")


async def test_whoever_is_signed_in_has_the_same_page_and_the_same_one_use(
    visitor: Visitor, path: str
) -> None:
    text = await (await visitor.get(path)).text()
    assert '<nav id="menu"' not in text
    answer = await visitor.client.post(path, cookies=visitor.cookies, allow_redirects=False)
    assert answer.status == 303


async def test_what_is_not_good_tells_nothing_of_what_it_led_to(
    stranger: Visitor, invitations: Invitations, admin: Actor, path: str, clock: Clock
) -> None:
    bad = ("/invitation/" + "x" * 43, "/invitation/%ff", f"{path}.", f"{path}/", "/invitation/a/b")
    for unknown in bad:
        answer = await stranger.get(unknown)
        assert answer.status == 404
        assert "This link is not good" in await answer.text()
    clock.ahead = VALID
    expired = await stranger.get(path)
    clock.ahead = timedelta(0)
    await invitations.revoke(admin, "1001")
    for answer in (expired, await stranger.get(path), await stranger.post(path)):
        text = await answer.text()
        assert answer.status == 410
        assert "This link is not good" in text
        assert "1001" not in text
    assert (await stranger.client.head(path)).status == 410


async def test_who_guesses_gets_429_also_with_a_right_link(stranger: Visitor, path: str) -> None:
    for number in range(WRONG_PER_NETWORK):
        assert (await stranger.get(f"/invitation/{number}")).status == 404
    for answer in (await stranger.get(path), await stranger.post(path)):
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 500


async def test_every_answer_keeps_the_address_to_itself(
    stranger: Visitor, visitor: Visitor, path: str
) -> None:
    answers = [
        await stranger.get(path),
        await stranger.client.head(path),
        await stranger.get("/invitation/unknown"),
        await stranger.client.put(path, headers=PAGE, allow_redirects=False),
        await visitor.client.put(path, cookies=visitor.cookies),
        (await claimed(stranger, path))[0],
        await stranger.get(path),
    ]
    for answer in answers:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert path.rpartition("/")[2] not in answers[3].headers["Location"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "null"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
    ],
)
async def test_a_browser_that_sends_no_referrer_may_claim_another_site_may_not(
    stranger: Visitor, path: str, headers: dict[str, str], status: int
) -> None:
    assert (await stranger.post(path, headers=headers)).status == status


@pytest.mark.parametrize("typed", ["/Invitation/{}", "/%69nvitation/{}", "/Provision/{}/x"])
async def test_a_link_that_was_typed_otherwise_gets_into_no_other_address(
    stranger: Visitor, path: str, typed: str
) -> None:
    token = path.rpartition("/")[2]
    response = await stranger.get(typed.format(token))
    assert token not in response.headers.get("Location", "")
    assert response.headers["Referrer-Policy"] == "no-referrer"


async def test_the_token_gets_into_no_log_no_audit_and_no_error_page(
    stranger: Visitor,
    visitor: Visitor,
    portal: Portal,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("boom")

    token, pages = path.rpartition("/")[2], []
    with capture_logs() as logs:
        await stranger.get(path)
        await stranger.get(f"{path}x")
        await visitor.client.put(path, cookies=visitor.cookies)
        with monkeypatch.context() as broken:
            broken.setattr(portal.extensions, "new_secret_within", fail)
            pages.append(await (await stranger.post(path)).text())
            broken.setattr(type(portal.claiming), "open", fail)
            pages.append(await (await stranger.get(path)).text())
        await claimed(stranger, path)
        await stranger.post(path)
        pages.append(await (await stranger.get(path)).text())
    assert [entry["path"] for entry in logs if entry["event"] == "request.failed"] == [
        "/invitation/...",
        "/invitation/...",
    ]
    everything = [str(logs), str(await AuditEntry.all().values()), caplog.text, *pages]
    assert not [text for text in everything if token in text]
