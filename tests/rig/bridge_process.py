"""A bridge in a process of its own, as a site runs it: `pbxbridge serve`, told by variables."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from pbxbridge.settings import PREFIX
from tests.rig.ports import free_ports

START_SECONDS = 60.0
SERVE = ("-m", "pbxbridge", "serve")


@dataclass(frozen=True, slots=True)
class BridgeProcess:
    """A bridge that runs, until its block ends or it is killed."""

    address: str
    process: asyncio.subprocess.Process

    @property
    def memory_mb(self) -> float:
        """How much memory it has at the moment (VmRSS of proc_pid_status(5))."""
        said = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(said.partition("VmRSS:")[2].split()[0]) / 1024

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def bridge_process(
    log: Path,
    settings: Mapping[str, str],
    *,
    start_seconds: float = START_SECONDS,
    command: Sequence[str] = SERVE,
) -> AsyncIterator[BridgeProcess]:
    """Run a bridge for the length of the block, and wait until its portal answers.

    ``settings`` are named as in docs/settings.md, without the prefix. What it says goes to ``log``.
    ``command`` is what Python runs.
    """
    [port] = free_ports(1)
    # What somebody has set for a bridge of their own is not for this one.
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {f"{PREFIX}{name}": value for name, value in {**settings, "WEB__PORT": str(port)}.items()}
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=others | own, stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}/"
    try:
        async with asyncio.timeout(start_seconds):
            await _answers(address, process, log)
        yield BridgeProcess(address, process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(address: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with aiohttp.ClientSession(address) as session:
        while process.returncode is None:
            try:
                async with session.get("/healthz"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
    raise RuntimeError("The bridge ended while starting:\n" + "\n".join(said))
