"""Signing in and out, and the one-time password."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from pbxbridge.services.actor import Actor
from tests.web.conftest import IDLE, LONGEST, PASSWORD, Clock
from tests.web.visitor import Client, Visitor
from web.app import Portal
from web.requests import safe_next

GOOD = {"login": "admin", "password": PASSWORD}


async def test_signing_in_leads_to_where_one_wanted_to_go(stranger: Visitor) -> None:
    refused = await stranger.get("/extensions?search=ada")
    form = await (await stranger.get(refused.headers["Location"])).text()
    assert 'name="next" value="/extensions?search=ada"' in form
    answer = await stranger.post("/sign-in", GOOD | {"next": "/extensions?search=ada"})
    assert answer.status == 303
    assert answer.headers["Location"] == "/extensions?search=ada"
    page = await Visitor(stranger.client, answer.cookies["session"].value).get("/extensions")
    assert page.status == 200


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Visitor) -> None:
    cookie = (await stranger.post("/sign-in", GOOD)).cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["max-age"]


async def test_served_by_https_the_cookie_is_bound_to_it(secure_client: Client) -> None:
    answer = await Visitor(secure_client).post("/sign-in", GOOD)
    cookie = answer.cookies["__Host-session"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    page = await Visitor(secure_client, cookie.value, secure=True).get("/extensions")
    assert page.status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "admin", "password": "no"},
        {"login": "nobody", "password": PASSWORD},
        {"login": "", "password": ""},
        {},
        {"login": "<script>alert(1)</script>", "password": "x"},
    ],
)
async def test_a_wrong_login_is_refused_and_kept_on_the_form(
    stranger: Visitor, wrong: dict[str, str]
) -> None:
    answer = await stranger.post("/sign-in", wrong)
    text = await answer.text()
    assert answer.status == 403
    assert not answer.cookies
    assert "The login name or the password is wrong." in text
    assert "<script>alert" not in text
    assert not wrong.get("password") or f'value="{wrong["password"]}"' not in text


async def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    answer = await visitor.post("/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    assert answer.cookies["session"].value == ""
    assert (await visitor.get("/extensions")).status == 303


@pytest.mark.parametrize("passed", [IDLE, LONGEST])
async def test_a_session_ends_by_itself(visitor: Visitor, clock: Clock, passed: timedelta) -> None:
    assert (await visitor.get("/extensions")).status == 200
    clock.ahead = passed + timedelta(seconds=1)
    assert (await visitor.get("/extensions")).status == 303


async def test_who_is_signed_in_does_not_see_the_sign_in_page(visitor: Visitor) -> None:
    answer = await visitor.get("/sign-in?next=/password")
    assert (answer.status, answer.headers["Location"]) == (303, "/password")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/",
        "https://elsewhere.example",
        "//elsewhere.example",
        "///elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "javascript:alert(1)",
        "extensions",
        " /extensions",
        "//[broken",
    ],
)
def test_nobody_is_sent_to_another_site(target: str) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize("target", ["/password", "/extensions?search=a%20b&page=2", "/a//b"])
def test_a_path_of_the_portal_is_kept(target: str) -> None:
    assert safe_next(target) == target


async def test_a_next_address_elsewhere_is_not_followed(stranger: Visitor) -> None:
    answer = await stranger.post("/sign-in", GOOD | {"next": "//elsewhere.example/"})
    assert answer.headers["Location"] == "/"


async def once_signed_in(portal: Portal, client: Client) -> tuple[Visitor, str]:
    password = await portal.accounts.create_admin("grace")
    token = await portal.accounts.sign_in("grace", password, "")
    return Visitor(client, token), password


async def test_a_one_time_password_opens_nothing_but_its_own_change(
    portal: Portal, client: Client
) -> None:
    grace, _ = await once_signed_in(portal, client)
    for path in ("/extensions", "/extensions/new-extension", "/", "/nonsense"):
        answer = await grace.get(path)
        assert (answer.status, answer.headers.get("Location")) == (303, "/password"), path
    refused = await grace.get("/extensions/new-extension", htmx=True)
    assert (refused.status, refused.headers["HX-Redirect"]) == (401, "/password")
    assert (await client.get("/live", cookies=grace.cookies)).status == 401
    assert (await grace.post("/extensions", htmx=True)).status == 401
    assert (await grace.post("/sign-out")).headers["Location"] == "/sign-in"


async def test_after_the_change_everything_is_open_and_older_sessions_are_not(
    portal: Portal, client: Client
) -> None:
    grace, once = await once_signed_in(portal, client)
    elsewhere = Visitor(client, await portal.accounts.sign_in("grace", once, ""))
    change = {"current": once, "new": "correct horse battery", "repeat": "correct horse battery"}
    answer = await grace.post("/password", change)
    assert answer.headers["Location"] == "/?notice=password-changed"
    renewed = Visitor(client, answer.cookies["session"].value)
    onward = (await renewed.get(answer.headers["Location"])).headers["Location"]
    assert onward == "/extensions?notice=password-changed"
    assert "Password changed" in await (await renewed.get(onward)).text()
    for old in (grace, elsewhere):
        assert (await old.get("/extensions")).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("current", {"current": "wrong", "new": "long enough one", "repeat": "long enough one"}),
        ("new", {"current": PASSWORD, "new": "short", "repeat": "short"}),
        ("new", {"current": PASSWORD, "new": PASSWORD, "repeat": PASSWORD}),
        ("repeat", {"current": PASSWORD, "new": "long enough one", "repeat": "another one"}),
        ("current", {}),
    ],
)
async def test_a_bad_new_password_is_refused_beside_its_field(
    visitor: Visitor, field: str, change: dict[str, str]
) -> None:
    answer = await visitor.post("/password", change)
    text = await answer.text()
    assert answer.status == 422
    marked = re.findall(r'id="(\w+)" name="\w+" aria-invalid="true"', text)
    assert marked == [field]
    assert PASSWORD not in text
    assert (await visitor.get("/extensions")).status == 200


@pytest.fixture
async def generator(portal: Portal, admin: Actor) -> pyotp.TOTP:
    """The authenticator app of the administrator, who has a second factor."""
    enrolment = await portal.second_factor.begin(admin)
    app = pyotp.TOTP(enrolment.secret)
    await portal.second_factor.confirm(admin, enrolment.secret, app.now())
    return app


def next_code(generator: pyotp.TOTP) -> str:
    """The code after the one that was used to switch it on: none is taken twice."""
    return generator.at(datetime.now(UTC), counter_offset=1)


async def test_a_second_factor_is_asked_for_after_the_password(
    stranger: Visitor, generator: pyotp.TOTP
) -> None:
    assert 'name="code"' not in await (await stranger.get("/sign-in")).text()
    asked = await stranger.post("/sign-in", GOOD)
    page = await asked.text()
    assert asked.status == 403
    assert not asked.cookies
    assert 'name="code"' in page
    assert 'name="login" value="admin"' in page
    assert PASSWORD not in page
    answer = await stranger.post("/sign-in", GOOD | {"code": next_code(generator)})
    assert answer.status == 303
    assert answer.cookies["session"].value


async def test_with_scripts_the_password_stays_where_it_was_typed(
    stranger: Visitor, generator: pyotp.TOTP
) -> None:
    asked = await stranger.post("/sign-in", GOOD, htmx=True)
    part = await asked.text()
    assert part.startswith('<div id="sign-in-answer">')
    assert 'name="code"' in part
    assert 'class="error"' not in part, "nothing is wrong yet"
    assert "password" not in part
    target = {"next": "/extensions?search=ada"}
    code = {"code": next_code(generator)}
    answer = await stranger.post("/sign-in", GOOD | target | code, htmx=True)
    assert answer.status == 200
    assert answer.headers["HX-Redirect"] == "/extensions?search=ada"
    assert answer.cookies["session"].value


async def test_a_wrong_code_is_refused(stranger: Visitor, generator: pyotp.TOTP) -> None:
    used = generator.now()
    for code in ("000000", "nonsense", used):
        answer = await stranger.post("/sign-in", GOOD | {"code": code})
        assert answer.status == 403
        text = await answer.text()
        assert "This code is wrong, or was used already." in text
        assert 'class="error"' in text
        assert not answer.cookies


async def test_who_does_not_know_the_password_is_not_asked_for_a_code(
    stranger: Visitor, generator: pyotp.TOTP
) -> None:
    answer = await stranger.post("/sign-in", GOOD | {"password": "wrong"})
    assert 'name="code"' not in await answer.text()


@pytest.mark.parametrize("htmx", [False, True])
async def test_too_many_attempts_have_to_wait_and_are_told_how_long(
    stranger: Visitor, htmx: bool
) -> None:
    bad = GOOD | {"password": "wrong"}
    async with asyncio.timeout(60):
        while (answer := await stranger.post("/sign-in", bad, htmx=htmx)).status == 403:
            pass
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 1
    assert "Too many attempts. Try again in" in await answer.text()
    right = await stranger.post("/sign-in", GOOD, htmx=htmx)
    assert right.status == 429
