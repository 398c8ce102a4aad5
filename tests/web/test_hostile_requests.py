"""What no browser sends: refused in a moment, and never an error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from tests.web.forms import add
from tests.web.visitor import Client, Visitor

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/sign-in", "/reset", "/reset/code"])
@pytest.mark.parametrize(
    ("charset", "login"),
    [
        ("punycode", b"z" * 60_000 + b"-" + b"a" * 200),
        ("idna", b"xn--" + b"a" * 60_000),
        ("unicode_escape", b"\\ud800"),
        ("utf-7", b"+2AA-"),
        ("nonsense", b"x"),
    ],
)
async def test_forms_are_utf_8_whatever_they_claim(
    client: Client, path: str, charset: str, login: bytes
) -> None:
    headers = {"Content-Type": f"{FORM}; charset={charset}"}
    async with client.post(path, data=b"login=" + login, headers=headers) as answer:
        # Not even decoded: that takes seconds, in which the bridge does nothing else.
        assert answer.status == 415


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/extensions", {"HX-Request": "true", "HX-Current-URL": "http://["}, 401),
        ("POST", "/sign-in", {"Origin": "http://["}, 403),
        ("GET", "/static/" + "x" * 300, {}, 404),
    ],
)
async def test_addresses_that_are_none_are_no_error_of_ours(
    client: Client, method: str, path: str, headers: Mapping[str, str], status: int
) -> None:
    async with client.request(method, path, headers=headers) as answer:
        assert answer.status == status


async def test_a_token_that_is_no_text_is_a_wrong_one(visitor: Visitor, client: Client) -> None:
    [(name, session)] = visitor.cookies.items()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"POST /extensions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
        + f"Cookie: {name}={session}\r\n".encode()
        + b"X-CSRF-Token: \xff\r\n\r\n"
    )
    async with asyncio.timeout(5):
        assert b" 403 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "body",
    [
        b"--x\r\nContent-Disposition: form-data; name=csrf" + b"y" * 9000 + b"\r\n\r\n\r\n--x--",
        b"--x\r\nno header at all\r\n\r\n\r\n--x--",
    ],
)
async def test_an_upload_with_headers_that_are_none_is_refused(
    visitor: Visitor, client: Client, body: bytes
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with client.post(
        "/transfer", data=body, headers=headers, cookies=visitor.cookies
    ) as answer:
        assert answer.status in {400, 403}


async def test_another_site_cannot_make_the_audit_say_that_a_secret_was_read(
    visitor: Visitor, client: Client, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    path = "/api/v1/extensions/1001/secret"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {}):
        async with client.get(path, headers=headers, cookies=visitor.cookies) as answer:
            assert answer.status == 403
    assert not await AuditEntry.filter(action="extension.secret-read").exists()
    headers = {"X-CSRF-Token": visitor.csrf}
    async with client.get(path, headers=headers, cookies=visitor.cookies) as answer:
        assert answer.status == 200
