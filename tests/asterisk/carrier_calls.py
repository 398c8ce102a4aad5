"""What the tests of outside calls share: our PBX with trunks to a second real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pbxbridge.mirror.endpoint import Status
from pbxbridge.models.node import StoredState
from tests.rig.asterisk import AsteriskInstance
from tests.rig.carrier import ADDRESS, Carrier, running_carrier
from tests.rig.databases import Databases, Engine
from tests.rig.system import TESTER, System, running_system
from tests.sip import CallState, IncomingCall, OutgoingCall, Phone

# Nothing listens there: a trunk that is down.
DEAD = "127.0.0.9"
DEFAULT_CALLER_ID = "+4930100"
STATE_SECONDS = 30


@dataclass
class Outside:
    """Our PBX, and the carrier that it has trunks to."""

    system: System
    carrier: Carrier

    async def route(self, name: str, pattern: str, *trunks: str, **fields: object) -> None:
        """Create a route."""
        values = {"name": name, "pattern": pattern, "trunks": list(trunks), **fields}
        await self.system.calling.routes.create(TESTER, values)

    async def class_of_service(self, name: str, *routes: str, **fields: object) -> None:
        """Create a class of service."""
        values = {"name": name, "routes": list(routes), **fields}
        await self.system.calling.classes.create(TESTER, values)


@asynccontextmanager
async def running_outside(
    folder: Path, engine: Engine = "sqlite", databases: Databases | None = None
) -> AsyncIterator[Outside]:
    """Run both, with trunk ``carrier`` that knows us by address, and ``dead``."""
    async with (
        running_system(folder, engine=engine, databases=databases) as system,
        running_carrier(folder, system.asterisk.ports.sip) as carrier,
    ):
        trunks = system.calling.trunks
        await trunks.create(
            TESTER,
            {
                "name": "carrier",
                "host": ADDRESS,
                "port": carrier.ports.sip,
                "caller_id": DEFAULT_CALLER_ID,
            },
        )
        await trunks.create(TESTER, {"name": "dead", "host": DEAD, "port": 5999})
        # Until Asterisk knows that nobody is there, a call waits 32 s for an answer (timer B).
        await states({"trunk-carrier": Status.OK, "trunk-dead": Status.UNREACHABLE})
        yield Outside(system, carrier)


async def states(wanted: Mapping[str, Status]) -> None:
    """Wait until the bridge has stored these states."""
    deadline = asyncio.get_running_loop().time() + STATE_SECONDS
    while True:
        rows = await StoredState.filter(endpoint__in=list(wanted))
        told = {row.endpoint: Status(row.status) for row in rows}
        if told == dict(wanted):
            return
        assert asyncio.get_running_loop().time() < deadline, told
        await asyncio.sleep(0.1)


async def says(asterisk: AsteriskInstance, command: str, word: str) -> None:
    """Wait until Asterisk's console says that word."""
    deadline = asyncio.get_running_loop().time() + STATE_SECONDS
    while word not in (said := await asterisk.cli(command)):
        assert asyncio.get_running_loop().time() < deadline, said
        await asyncio.sleep(0.1)


async def reaches(caller: Phone, number: str, target: Phone) -> IncomingCall:
    """Call a number, and return the call that came in at the target; both are over then."""
    before = len(target.incoming)
    call = await caller.call(number)
    incoming = await target.wait_incoming(10, count=before + 1)
    await call.hangup()
    await incoming.wait_ended()
    return incoming


async def refused(caller: Phone, number: str, seconds: float = 15) -> int | None:
    """Call a number that is refused, and return the status."""
    call = await caller.call(number)
    await call.wait_ended(seconds)
    return call.status


def is_ringing(call: IncomingCall | OutgoingCall) -> bool:
    """Whether the call rings and is neither answered nor over."""
    return call.state is CallState.RINGING
