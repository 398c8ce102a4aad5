"""The profile: second factor, sessions and API tokens, for any role."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pyotp
import pytest
from structlog.testing import capture_logs

from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role, TokenScope
from tests.web.conftest import PASSWORD, Clock, Prepared
from tests.web.visitor import Client, Visitor
from web.app import Portal
from web.browsers import browser_name
from web.role_words import ROLES

PROFILE = "/profile"
PICTURE = re.compile(r"<svg.*?</svg>", re.DOTALL)


def marked(text: str) -> list[str]:
    return re.findall(r'name="(\w+)" aria-invalid="true"', text)


def secret_of(text: str) -> str:
    found = re.search(r'name="secret" value="(\w+)"', text)
    assert found
    return found[1]


@pytest.mark.parametrize("role", Role)
async def test_everybody_has_a_profile(client: Client, prepared: Prepared, role: Role) -> None:
    answer = await Visitor(client, prepared.tokens[role]).get(PROFILE)
    assert answer.status == 200
    assert f"<dd>{ROLES[role]}</dd>" in await answer.text()


async def switched_on(person: Visitor) -> str:
    """Set up a second factor as the pages do; return its secret."""
    secret = secret_of(await (await person.get("/profile/second-factor")).text())
    code = pyotp.TOTP(secret).now()
    answer = await person.post("/profile/second-factor", {"secret": secret, "code": code})
    assert answer.headers["Location"] == "/profile?notice=second-factor-on"
    return secret


async def test_a_second_factor_is_set_up_with_a_picture_or_by_typing(
    person: Visitor, portal: Portal
) -> None:
    text = await (await person.get("/profile/second-factor")).text()
    assert "<svg" in text
    assert " style=" not in text
    assert text.count(secret_of(text)) == 2
    assert not (await portal.users.get("user")).totp
    await switched_on(person)
    assert (await portal.users.get("user")).totp
    assert (
        "Second factor switched on"
        in await (await person.get("/profile?notice=second-factor-on")).text()
    )


async def test_a_wrong_code_keeps_the_secret_that_the_app_has_already(person: Visitor) -> None:
    before = await (await person.get("/profile/second-factor")).text()
    secret = secret_of(before)
    answer = await person.post("/profile/second-factor", {"secret": secret, "code": "12"})
    text = await answer.text()
    assert (answer.status, marked(text), secret_of(text)) == (422, ["code"], secret)
    # Whose app has it not yet, after all, finds the same picture.
    assert PICTURE.findall(text) == PICTURE.findall(before) != []


async def test_the_secret_of_a_second_factor_is_in_no_address_and_no_log(person: Visitor) -> None:
    text = await (await person.get("/profile/second-factor")).text()
    secret = secret_of(text)
    with capture_logs() as logs:
        answer = await person.post("/profile/second-factor", {"secret": secret, "code": "12"})
    text += await answer.text()
    assert not [one for one in re.findall(r'(?:href|src|action)="([^"]*)"', text) if secret in one]
    assert secret not in str(answer.url) + str(logs)


async def test_a_secret_of_somebody_elses_making_is_not_taken(person: Visitor) -> None:
    answer = await person.post("/profile/second-factor", {"secret": "<b>", "code": "123456"})
    text = await answer.text()
    assert answer.status == 422
    assert "<b>" not in text
    assert len(secret_of(text)) == 32


async def test_switching_it_off_takes_the_password(person: Visitor, portal: Portal) -> None:
    await switched_on(person)
    refused = await person.post("/profile/second-factor/off", {"password": "wrong"})
    text = await refused.text()
    assert (refused.status, marked(text)) == (422, ["password"])
    assert (await portal.users.get("user")).totp
    answer = await person.post("/profile/second-factor/off", {"password": PASSWORD})
    assert answer.headers["Location"] == "/profile?notice=second-factor-off"
    assert not (await portal.users.get("user")).totp


async def test_sessions_are_listed_and_ended(
    client: Client, portal: Portal, person: Visitor
) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    others = [
        Visitor(client, await portal.accounts.sign_in("user", PASSWORD, where, user_agent=firefox))
        for where in ("192.0.2.1", "192.0.2.2", "192.0.2.3")
    ]
    text = await (await person.get(PROFILE)).text()
    assert text.count("Firefox on Linux</strong>") == 3
    assert text.count("This one") == 1
    button = r'action="(/profile/sessions/[0-9a-f]+/end)">.*?, ([\d.]+)</span>'
    ends = {address: action for action, address in re.findall(button, text, re.DOTALL)}
    answer = await person.post(ends["192.0.2.1"])
    assert answer.headers["Location"] == "/profile?notice=session-ended"
    assert [(await one.get(PROFILE)).status for one in others] == [303, 200, 200]
    answer = await person.post("/profile/sessions/others/end")
    assert answer.headers["Location"] == "/profile?notice=sessions-ended"
    assert [(await one.get(PROFILE)).status for one in others] == [303, 303, 303]
    assert (await person.get(PROFILE)).status == 200


async def test_nobody_ends_sessions_of_others(person: Visitor, portal: Portal) -> None:
    [admins] = await portal.accounts.sessions_of("admin", "")
    assert (await person.post(f"/profile/sessions/{admins.id}/end")).status == 404
    assert len(await portal.accounts.sessions_of("admin", "")) == 1


async def test_a_token_is_shown_once_and_revoked(visitor: Visitor, portal: Portal) -> None:
    made = {"name": "Backup <script>", "scope": "write", "days": "30"}
    text = await (await visitor.post("/profile/tokens", made)).text()
    found = re.search(r'value="(pbx_[\w-]+)"', text)
    assert found
    holder = await portal.api_tokens.authenticate(found[1])
    assert holder
    assert holder.scope is TokenScope.WRITE
    again = await (await visitor.get(PROFILE)).text()
    assert found[1] not in again
    assert "Backup &lt;script&gt;" in again
    [action] = re.findall(r'action="(/profile/tokens/\d+/revoke)"', again)
    answer = await visitor.post(action)
    assert answer.headers["Location"] == "/profile?notice=token-revoked"
    assert await portal.api_tokens.authenticate(found[1]) is None


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("scope", "all"), ("days", "0"), ("days", "soon")]
)
async def test_what_is_wrong_with_a_token_stands_beside_its_field(
    visitor: Visitor, field: str, value: str
) -> None:
    made = {"name": "Backup", "scope": "read", "days": "30", field: value}
    answer = await visitor.post("/profile/tokens", made)
    text = await answer.text()
    assert (answer.status, marked(text)) == (422, [field])
    assert field == "scope" or f'value="{html.escape(value)}"' in text


async def test_a_user_is_offered_tokens_that_read_only(person: Visitor, portal: Portal) -> None:
    assert 'value="write"' not in await (await person.get(PROFILE)).text()
    made = {"name": "Backup", "scope": "write", "days": "30"}
    assert (await person.post("/profile/tokens", made)).status == 422
    assert await portal.api_tokens.of("user") == []


@pytest.mark.parametrize("role", Role)
async def test_the_card_of_tokens_leads_to_what_they_are_for(
    client: Client, prepared: Prepared, role: Role
) -> None:
    visitor = Visitor(client, prepared.tokens[role])
    card = (await (await visitor.get(PROFILE)).text()).partition('aria-labelledby="tokens"')[2]
    found = re.search(r'href="(/api/[^"]+)"', card)
    assert found
    assert (await visitor.get(found[1])).status == 200


async def test_nobody_revokes_tokens_of_others(person: Visitor, portal: Portal) -> None:
    view, token = await portal.api_tokens.create(Actor("admin", ""), "Backup", "read", 1)
    assert (await person.post(f"/profile/tokens/{view.id}/revoke")).status == 404
    assert await portal.api_tokens.authenticate(token)


async def test_an_expired_token_says_so(visitor: Visitor, portal: Portal, clock: Clock) -> None:
    await portal.api_tokens.create(Actor("admin", ""), "New", "read", 1)
    assert "good until" in await (await visitor.get(PROFILE)).text()
    clock.ahead = timedelta(days=-2)
    await portal.api_tokens.create(Actor("admin", ""), "Old", "read", 1)
    clock.ahead = timedelta(0)
    assert "expired on" in await (await visitor.get(PROFILE)).text()


CHROME = "(KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 Edg/141.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {CHROME} Safari/537.36", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", "Safari on macOS"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_called_what_people_call_it(header: str, name: str) -> None:
    assert browser_name(header) == name
