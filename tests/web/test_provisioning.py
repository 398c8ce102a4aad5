"""Where phones fetch their configuration: by an address of their own, or by their MAC address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import ClientSession, DigestAuthMiddleware
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.phone_settings import PhoneSettings
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.desk_phones.files import PhoneFiles
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import WebSettings
from tests.rig.desk_phones import PHONE_SETTINGS
from tests.rig.phone_files import read_snom
from tests.web.forms import add
from tests.web.visitor import Client
from web.app import Portal, make_app
from web.pages.provisioning import WRONG_PASSWORDS, WRONG_TOKENS

MAC = "0004f2a1b2c3"
FILE = f"{MAC}.xml"
BY_MAC = f"/provision/{FILE}"
INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"
PROXY = WebSettings(trusted_proxies=[ip_network("127.0.0.0/8")])
PASSWORD = PHONE_SETTINGS.password.get_secret_value()


def https(address: str = INSIDE) -> dict[str, str]:
    """What a proxy says of a request that came to it by HTTPS."""
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}


def http(address: str = INSIDE) -> dict[str, str]:
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": "http"}


@pytest.fixture
async def secret(extensions: Extensions, admin: Actor) -> str:
    await add(extensions, admin, "1001", mac=MAC, phone_make="Snom")
    return await extensions.secret(admin, "1001")


@pytest.fixture
async def token(secret: str, desk_phones: DeskPhones, admin: Actor) -> str:
    made = await desk_phones.new_address(admin, MAC)
    return made.entered.split("/")[-2]


@pytest.fixture
async def proxied(portal: Portal) -> AsyncIterator[Client]:
    """The portal behind a proxy that it trusts."""
    async with TestClient(TestServer(make_app(replace(portal, settings=PROXY)))) as client:
        yield client


async def downloads() -> int:
    return await AuditEntry.filter(action="phone.configuration-fetched").count()


async def test_a_phone_fetches_its_file_by_its_own_address(
    proxied: Client, token: str, secret: str
) -> None:
    path = f"/provision/{token}/{FILE.upper()}"
    async with proxied.get(path, headers=https(OUTSIDE)) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/xml"
        line = read_snom(await answer.text()).lines[1]
        assert (line.user, line.secret) == ("1001", secret)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
    entry = await AuditEntry.get(action="phone.configuration-fetched")
    assert (entry.subject, entry.address) == (MAC, OUTSIDE)


async def test_to_ask_whether_a_file_is_there_is_no_download(proxied: Client, token: str) -> None:
    async with proxied.head(f"/provision/{token}/{FILE}", headers=https()) as answer:
        assert answer.status == 200
        assert await answer.read() == b""
    assert await downloads() == 0


@pytest.mark.parametrize("path", ["{token}/other.xml", "{token}x/" + FILE, "x/" + FILE, "x/y.z"])
async def test_another_file_or_another_address_is_not_there(
    proxied: Client, token: str, path: str
) -> None:
    async with proxied.get(f"/provision/{path.format(token=token)}", headers=https()) as answer:
        assert answer.status == 404
        assert await answer.text() == "404\n"
    assert await downloads() == 0


async def test_a_secret_never_goes_without_https(
    proxied: Client, client: Client, token: str
) -> None:
    path = f"/provision/{token}/{FILE}"
    assert (await proxied.get(path, headers=http())).status == 403
    assert (await proxied.get(path, headers={"X-Forwarded-For": INSIDE})).status == 403
    # Nobody that the settings do not trust says how a request came.
    assert (await client.get(path, headers=https())).status == 403
    assert (await client.get(path)).status == 403
    assert (await client.get(BY_MAC)).status == 403
    assert (await proxied.get(BY_MAC, headers=http())).status == 403
    assert await downloads() == 0


async def test_who_tries_it_on_one_machine_or_says_so_needs_no_https(
    portal: Portal, token: str
) -> None:
    path = f"/provision/{token}/{FILE}"
    trial = replace(portal, settings=WebSettings(public_url="http://127.0.0.1:8080"))
    async with TestClient(TestServer(make_app(trial))) as client:
        assert (await client.get(path)).status == 200
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"):
            assert (await client.get(path, headers={name: "127.0.0.1"})).status == 403, name
    careless = replace(portal, phone_settings=PhoneSettings(plain_http=True))
    async with TestClient(TestServer(make_app(careless))) as client:
        assert (await client.get(path)).status == 200


async def test_by_its_mac_address_a_phone_signs_in(
    proxied: Client, token: str, secret: str
) -> None:
    digest = DigestAuthMiddleware(PHONE_SETTINGS.user, PASSWORD)
    async with ClientSession(middlewares=(digest,)) as phone:
        for _ in range(2):
            url = proxied.make_url(BY_MAC)
            async with phone.get(url, headers=https()) as answer:
                assert answer.status == 200
                read = read_snom(await answer.text())
        assert (read.lines[1].secret, read.address) == (secret, "")
        other = proxied.make_url("/provision/0004f2ffffff.xml")
        assert (await phone.get(other, headers=https())).status == 404
    assert await downloads() == 2


async def test_without_the_password_there_is_a_challenge_for_each_algorithm(
    proxied: Client, secret: str
) -> None:
    async with proxied.get(BY_MAC, headers=https()) as answer:
        assert answer.status == 401
        challenges = answer.headers.getall("WWW-Authenticate")
        assert [
            challenge.partition("algorithm=")[2].partition(",")[0] for challenge in challenges
        ] == [
            "MD5",
            "SHA-256",
        ]
    assert await downloads() == 0


async def test_outside_the_networks_there_is_nothing(
    proxied: Client, portal: Portal, secret: str
) -> None:
    for address in (OUTSIDE, "::1"):
        async with proxied.get(BY_MAC, headers=https(address)) as answer:
            assert answer.status == 404
            assert "WWW-Authenticate" not in answer.headers
    nobody = replace(portal, settings=PROXY, phone_settings=PhoneSettings())
    async with TestClient(TestServer(make_app(nobody))) as client:
        assert (await client.get(BY_MAC, headers=https())).status == 404


async def test_guessing_the_password_is_refused_for_a_while(proxied: Client, secret: str) -> None:
    wrong = {"Authorization": "Digest username=x", **https()}
    for _ in range(WRONG_PASSWORDS):
        assert (await proxied.get(BY_MAC, headers=wrong)).status == 401
    async with proxied.get(BY_MAC, headers=https()) as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert (await proxied.get(BY_MAC, headers=https("192.0.2.8"))).status == 401


async def test_guessing_addresses_is_refused_for_a_while(proxied: Client, token: str) -> None:
    right = f"/provision/{token}/{FILE}"
    for _ in range(3):
        assert (await proxied.get(f"/provision/{token}/none.xml", headers=https())).status == 404
    for _ in range(WRONG_TOKENS):
        assert (await proxied.get("/provision/guess/x.xml", headers=https())).status == 404
    assert (await proxied.get(right, headers=https())).status == 429
    assert (await proxied.get(right, headers=https(OUTSIDE))).status == 200


async def test_no_address_reaches_the_log(
    proxied: Client, client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/provision/{token}/{FILE}"

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    with capture_logs() as logs:
        await proxied.get(path, headers=https())
        await client.get(path)
        await proxied.get(f"{path}/more", headers=https())
        await proxied.put(path, headers=https())
        await proxied.get(f"/provision/{token}x/{FILE}", headers=https())
        monkeypatch.setattr(PhoneFiles, "by_token", fail)
        async with proxied.get(path, headers=https()) as answer:
            assert answer.status == 500
    events = [told["event"] for told in logs]
    assert {"request.failed", "phones.plain_http_refused"} <= set(events)
    assert token not in str(logs)


async def test_a_file_that_cannot_be_made_now_is_said_to_be_that(
    proxied: Client, portal: Portal, secret: str, token: str, extensions: Extensions, admin: Actor
) -> None:

    await Extension.filter(number="1001").update(sealed_secret="gone:gone")
    async with proxied.get(f"/provision/{token}/{FILE}", headers=https()) as answer:
        assert (answer.status, await answer.text()) == (503, "503\n")
    assert await downloads() == 0
