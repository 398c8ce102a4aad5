"""What Asterisk tells the bridge's AMI user, on the wire."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection
from pbxbridge.asterisk.ami_message import event_name
from tests.asterisk.static_pbx import ALICE, ECHO, StaticPbx
from tests.sip import Phone

SECONDS = 10


async def names_until(ami: AmiConnection, last: str) -> list[str]:
    """Return the names of the events up to the one named."""
    names: list[str] = []
    async with asyncio.timeout(SECONDS):
        while last not in names:
            names += map(event_name, await ami.next_messages())
    return names


async def test_a_call_floods_nobody_with_test_events(tmp_path: Path, migrated_file: Path) -> None:
    """Debian builds the test framework in: each channel raises TestEvents, before its Hangup."""
    pbx = StaticPbx(tmp_path, migrated_file)
    async with (
        pbx,
        open_connection("127.0.0.1", pbx.ports.ami, SECONDS) as ami,
        Phone(ALICE, pbx.secret, "127.0.0.1", pbx.ports.sip) as phone,
    ):
        login = await ami.action("Login", Username=pbx.ami_user, Secret=pbx.ami_secret, Events="on")
        assert login.success
        assert await phone.register() == 200
        call = await phone.call(ECHO)
        await call.wait_answered()
        await call.hangup()
        seen = await names_until(ami, "Hangup")
        assert "Newchannel" in seen
        assert "TestEvent" not in seen
