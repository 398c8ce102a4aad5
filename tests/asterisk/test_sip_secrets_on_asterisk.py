"""A phone registers with its secret, though Asterisk's table holds no more than digests of it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pbxbridge.models.realtime import PsAuth
from pbxbridge.sealing import Seal, new_key
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.services.sip_secrets import SipSecrets
from tests.rig.system import TESTER, System
from tests.sip import Phone

REGISTER = """REGISTER sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKask;rport
Max-Forwards: 70
From: <sip:{number}@127.0.0.1>;tag=ask
To: <sip:{number}@127.0.0.1>
Call-ID: ask-{number}
CSeq: 1 REGISTER
Contact: <sip:{number}@127.0.0.1:{port}>
Content-Length: 0

"""


def asked_for(port: int, number: str) -> list[str]:
    """Return the algorithms of Asterisk's challenges, in their order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(10)
        text = REGISTER.format(number=number, port=ours.getsockname()[1])
        ours.sendto(text.replace("\n", "\r\n").encode(), ("127.0.0.1", port))
        answer = ours.recv(4096).decode()
    challenges = [line for line in answer.splitlines() if line.startswith("WWW-Authenticate:")]
    return [line.split("algorithm=")[1].split(",")[0] for line in challenges]


@pytest.mark.parametrize(
    ("number", "algorithms"),
    [("2001", ()), ("2002", ("MD5",)), ("2003", ("SHA-256", "MD5"))],
    ids=["clear", "md5", "sha-256"],
)
async def test_a_phone_registers_with_what_it_was_told(
    system: System, number: str, algorithms: tuple[str, ...]
) -> None:
    seal = Seal([new_key()]) if algorithms else None
    secrets = SipSecrets(seal, algorithms_of=lambda _: algorithms)
    extensions = Extensions(system.bus, SiteDefaults(0, 20, secrets=secrets), Licences(None))
    wanted = parse_extension({"number": number, "caller_id_name": "Ada"})
    _, secret = await extensions.create(TESTER, wanted)
    in_clear = (await PsAuth.get(id=number)).password
    assert in_clear == ("" if algorithms else secret)
    port = system.asterisk.ports.sip
    asked = await asyncio.to_thread(asked_for, port, number)
    assert asked == list(algorithms or ("MD5",))
    async with (
        Phone(number, secret, "127.0.0.1", port) as phone,
        Phone(number, "an0ther-s3cr3t", "127.0.0.1", port) as stranger,
    ):
        assert (await stranger.register(), await phone.register()) == (401, 200)
        new = await extensions.regenerate_secret(TESTER, number)
        assert await phone.register() == 401
    async with Phone(number, new, "127.0.0.1", port) as phone:
        assert await phone.register() == 200
