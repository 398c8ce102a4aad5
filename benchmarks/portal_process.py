"""The real bridge in a process of its own, with a signed-in administrator.

A process holds one database, so comparing two sizes takes two. Each runs `pbxbridge serve`, as a
site does. In the place of Asterisk stands a fake AMI, which only lists contacts, so that the
mirror holds states.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.varied import ADMIN, Contacts
from pbxbridge.settings import PREFIX
from tests.fakes.ami_server import SECRET, fake_ami
from tests.rig.portal_client import PortalClient
from tests.rig.ports import free_ports

# At 100,000 extensions the start takes half a minute, and minutes on a machine that is busy.
START_SECONDS = 600
ROW = 'class="entry extension"'


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal that is asked over HTTP; ``pid`` is its process."""

    client: PortalClient
    session: aiohttp.ClientSession
    pid: int

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
    database: Path, password: str, contacts: Contacts
) -> AsyncIterator[Portal]:
    """Run the bridge for the length of the block; the mirror knows the contacts at its start."""
    [port] = free_ports(1)
    async with fake_ami() as ami:
        ami.contacts = contacts
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pbxbridge", "serve", env=_environment(database, port, ami.port)
        )
        try:
            async with aiohttp.ClientSession(
                f"http://127.0.0.1:{port}/",
                # Cookies of an IP address are kept only by an unsafe jar.
                cookie_jar=aiohttp.CookieJar(unsafe=True),
                timeout=aiohttp.ClientTimeout(total=START_SECONDS),
            ) as session:
                portal = Portal(PortalClient(session), session, process.pid)
                async with asyncio.timeout(START_SECONDS):
                    await _answers(session, process)
                    await portal.client.sign_in(ADMIN, password)
                    if contacts:
                        await _mirror_is_fed(portal)
                yield portal
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answers(session: aiohttp.ClientSession, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            async with session.get("/healthz"):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    raise RuntimeError("The bridge did not start.")


async def _mirror_is_fed(portal: Portal) -> None:
    # Over HTTP nothing else tells that the list of contacts was read.
    while True:
        _, page = await portal.get("/extensions?state=OK")
        if ROW in page:
            return
        await asyncio.sleep(0.5)


def _environment(database: Path, port: int, ami_port: int) -> dict[str, str]:
    own = {
        "DATABASE__URL": f"sqlite://{database}",
        "ASTERISK__AMI_PORT": str(ami_port),
        "ASTERISK__AMI_SECRET": SECRET,
        "WEB__PORT": str(port),
        "VOICEMAIL__SPOOL": str(database.parent / "spool"),
        "LOG__LEVEL": "warning",
    }
    # What somebody has set for a bridge of their own is not for this one.
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | {f"{PREFIX}{name}": value for name, value in own.items()}
