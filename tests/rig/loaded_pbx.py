"""Our PBX under calls by SIPp: one extension that calls, one that answers at once.

Beside our dialplan it has the barest there is: BARE dials the same device from a static line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pbxbridge.models.realtime import PsAor
from tests.rig.asterisk import AsteriskInstance, Ports
from tests.rig.sipp import SippPhone, SippResult, run_sipp
from tests.rig.system import TESTER, System, running_system

CALLER, CALLEE, BARE = "1001", "1002", "855"
# Room for hundreds of calls at once, two legs each, RTP and RTCP.
MEDIA = (32000, 33999)
_BARE = f"""
[features](+)
exten => {BARE},1,Dial(PJSIP/{CALLEE})
"""


@dataclass
class LoadedAsterisk(AsteriskInstance):
    """The rig's Asterisk with the bare line, and room for many calls."""

    def render(self) -> None:
        """Write the rig's configuration, and the bare line after it."""
        self.ports = Ports(self.ports.sip, self.ports.iax, self.ports.ami, self.ports.ari, MEDIA)
        super().render()
        with (self.folder / "etc" / "extensions.conf").open("a", encoding="utf-8") as file:
            file.write(_BARE)


@dataclass
class LoadedPbx:
    """A running system and who calls whom in it."""

    system: System
    secret: str
    sipp_port: int

    async def fix_callee(self) -> None:
        """Have calls for the callee go to SIPp, which does not register, from now on."""
        contact = f"sip:127.0.0.1:{self.sipp_port}"
        await PsAor.filter(id=CALLEE).update(contact=contact)

    async def calls(self, number: str, *, calls: int, rate: float, hold_ms: int) -> SippResult:
        """Call a number that often, ``rate`` in a second; each call lasts ``hold_ms``."""
        target = ("127.0.0.1", self.system.asterisk.ports.sip)
        return await run_sipp(
            "uac_registered",
            target,
            calls=calls,
            rate=rate,
            number=number,
            user=CALLER,
            secret=self.secret,
            hold_ms=hold_ms,
        )


@asynccontextmanager
async def running_loaded_pbx(folder: Path) -> AsyncIterator[LoadedPbx]:
    """Run it in ``folder``, with a SIPp that answers."""
    async with SippPhone() as phone, running_system(folder, kind=LoadedAsterisk) as system:
        await system.extension(CALLER, "Caller")
        await system.extension(CALLEE, "Callee", monitored=False)
        yield LoadedPbx(system, await system.extensions.secret(TESTER, CALLER), phone.port)
