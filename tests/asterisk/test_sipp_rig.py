"""SIPp against a real Asterisk: if these fail, no measurement with SIPp says anything."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.asterisk.static_pbx import ALICE, ECHO, StaticPbx
from tests.eventually import PATIENCE_SECONDS
from tests.rig.ports import free_ports
from tests.rig.sipp import SippFailed, SippPhone, SippResult, run_sipp

CALLED, NOBODY = "1003", "9999"

_PHONE = f"""
[{CALLED}]
type = endpoint
context = phones
disallow = all
allow = ulaw
aors = {CALLED}
direct_media = no

[{CALLED}]
type = aor
contact = sip:127.0.0.1:{{port}}
qualify_frequency = 1
"""


@dataclass
class SippPbx(StaticPbx):
    """A static Asterisk with an extension whose phone is SIPp."""

    called_port: int = field(default_factory=lambda: free_ports(1, socket.SOCK_DGRAM)[0])

    def render(self) -> None:
        """Write the static configuration, and the phone after it."""
        super().render()
        with (self.folder / "etc" / "pjsip.conf").open("a", encoding="utf-8") as file:
            file.write(_PHONE.format(port=self.called_port))

    async def calls(self, number: str, count: int, secret: str | None = None) -> SippResult:
        """Let Alice make so many calls of 100 ms, 10 in a second."""
        return await run_sipp(
            "uac_registered",
            ("127.0.0.1", self.ports.sip),
            calls=count,
            rate=10,
            number=number,
            user=ALICE,
            secret=self.secret if secret is None else secret,
            hold_ms=100,
            # Less than the 32 s after which SIPp gives up an INVITE that it has to repeat.
            seconds=PATIENCE_SECONDS,
        )


@pytest.fixture(scope="module")
async def pbx(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> AsyncIterator[SippPbx]:
    running = SippPbx(tmp_path_factory.mktemp("pbx"), migrated_file)
    async with running:
        yield running


async def contact_is(pbx: SippPbx, wanted: str) -> None:
    """Wait until Asterisk thinks this of the phone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while wanted not in (seen := await pbx.cli(f"pjsip show aor {CALLED}")):
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.1)


async def test_every_call_between_two_sipps_succeeds_and_is_timed(pbx: SippPbx) -> None:
    async with SippPhone(pbx.called_port) as phone:
        # Asterisk may have looked for the phone before it was there, and calls no absent phone.
        await contact_is(pbx, "Avail")
        made = await pbx.calls(CALLED, 5)
        answered = await phone.stop()
    assert (made.successful, made.failed) == (5, 0), made.errors
    assert len(made.milliseconds) == 5
    assert 0 < min(made.milliseconds) <= max(made.milliseconds) < 5000
    assert (answered.successful, answered.failed) == (5, 0), answered.errors


async def test_asterisk_finds_the_answering_phone_reachable_and_that_is_no_call(
    pbx: SippPbx,
) -> None:
    await contact_is(pbx, "Unavail")
    async with SippPhone(pbx.called_port) as phone:
        await contact_is(pbx, "Avail")
        answered = await phone.stop()
    assert (answered.successful, answered.failed) == (0, 0), answered.errors


async def test_an_end_that_answers_without_ringing_is_timed_too(pbx: SippPbx) -> None:
    made = await pbx.calls(ECHO, 2)
    assert (made.successful, made.failed, len(made.milliseconds)) == (2, 0, 2), made.errors


async def test_calls_to_a_number_that_nobody_has_fail_and_say_why(pbx: SippPbx) -> None:
    made = await pbx.calls(NOBODY, 3)
    assert (made.successful, made.failed, made.milliseconds) == (0, 3, [])
    assert "404" in made.errors


async def test_calls_with_a_wrong_secret_fail_at_once(pbx: SippPbx) -> None:
    made = await pbx.calls(ECHO, 1, secret="wrong")
    assert (made.successful, made.failed, made.milliseconds) == (0, 1, [])


async def test_a_sipp_that_takes_too_long_or_is_misused_says_so(pbx: SippPbx) -> None:
    target = ("127.0.0.1", pbx.ports.sip)
    with pytest.raises(SippFailed, match=r"not done within 0\.2 s"):
        await run_sipp("uas", target, calls=1, rate=1, seconds=0.2)
    with pytest.raises(SippFailed, match="no-such-option"):
        await run_sipp("uas", target, calls=1, rate=1, options=["-no-such-option"])
