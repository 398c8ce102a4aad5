"""The real bridge in a process of its own, with a signed-in administrator.

A process holds one database, so comparing two sizes takes two. Each runs `pbxbridge serve`, as a
site does. In the place of Asterisk stands a fake AMI, which only lists contacts, so that the
mirror holds states.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.varied import ADMIN, Contacts
from tests.fakes.ami_server import SECRET, FakeAmi, fake_ami
from tests.rig.bridge_process import SERVE, BridgeProcess, bridge_process
from tests.rig.portal_client import PortalClient

# At 100,000 extensions the start takes half a minute, and minutes on a machine that is busy.
START_SECONDS = 600
ROW = 'class="entry extension"'


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that is asked over HTTP, its process, and what stands in the place of Asterisk."""

    client: PortalClient
    session: aiohttp.ClientSession
    bridge: BridgeProcess
    ami: FakeAmi

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[float, str]:
        """Return the seconds until the last byte of a page, and its text."""
        started = time.perf_counter()
        async with self.session.get(path, headers=headers) as response:
            text = await response.text()
            seconds = time.perf_counter() - started
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status}")
        return seconds, text

    async def post(self, path: str, fields: Mapping[str, str]) -> tuple[float, str]:
        """Send a form; return the seconds until the last byte of the answer, and its text."""
        started = time.perf_counter()
        status, text = await self.client.post(path, **fields)
        seconds = time.perf_counter() - started
        if status != 200:
            raise RuntimeError(f"{path}: {status} {text[:2000]}")
        return seconds, text


@asynccontextmanager
async def running_portal(
    database: Path, password: str, contacts: Contacts, command: Sequence[str] = SERVE
) -> AsyncIterator[Portal]:
    """Run the bridge for the length of the block; the mirror knows the contacts at its start.

    ``command`` is what Python runs.
    """
    log = database.parent / "bridge.log"
    async with fake_ami() as ami:
        ami.contacts = contacts
        said = _settings(database, ami.port)
        async with (
            bridge_process(log, said, start_seconds=START_SECONDS, command=command) as bridge,
            aiohttp.ClientSession(
                bridge.address,
                # Cookies of an IP address are kept only by an unsafe jar.
                cookie_jar=aiohttp.CookieJar(unsafe=True),
                timeout=aiohttp.ClientTimeout(total=START_SECONDS),
            ) as session,
        ):
            portal = Portal(PortalClient(session), session, bridge, ami)
            async with asyncio.timeout(START_SECONDS):
                await portal.client.sign_in(ADMIN, password)
                if contacts:
                    await _mirror_is_fed(portal)
            yield portal


async def _mirror_is_fed(portal: Portal) -> None:
    # Over HTTP nothing else tells that the list of contacts was read.
    while True:
        _, page = await portal.get("/extensions?state=OK")
        if ROW in page:
            return
        await asyncio.sleep(0.5)


def _settings(database: Path, ami_port: int) -> dict[str, str]:
    return {
        "DATABASE__URL": f"sqlite://{database}",
        "ASTERISK__AMI_PORT": str(ami_port),
        "ASTERISK__AMI_SECRET": SECRET,
        "VOICEMAIL__SPOOL": str(database.parent / "spool"),
        "LOG__LEVEL": "warning",
    }
