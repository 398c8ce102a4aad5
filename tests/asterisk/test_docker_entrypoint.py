"""The container's entry point, run here without a container, on the same Asterisk as all tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pbxbridge.asterisk.ami_connection import open_connection
from tests.rig.asterisk import CONFIG, INSTALL, Ports
from tests.rig.databases import Databases

ENTRYPOINT = CONFIG / "docker-entrypoint.sh"
SECONDS = 30


async def run(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        ENTRYPOINT,
        env={"PATH": "/usr/bin:/bin", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")


async def is_healthy(launcher: str, configuration: Path) -> bool:
    """Ask as compose.yaml's health check does."""
    command = [launcher, "-C", str(configuration), "-rx", "core waitfullybooted"]
    asked = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await asked.wait() == 0


@asynccontextmanager
async def started(
    folder: Path, ports: Ports, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Have the entry point start an Asterisk in ``folder``, healthy for the length of the block."""
    install = json.loads(INSTALL.read_text(encoding="utf-8"))
    process = await run(
        {
            "ASTERISK": install["launcher"],
            "MODULES": install["modules"],
            "DATA": install["data"],
            "INSTANCE": str(folder),
            "ARI_SECRET": "ari-from-the-environment",
            "SIP_PORT": str(ports.sip),
            "IAX_PORT": str(ports.iax),
            "AMI_PORT": str(ports.ami),
            "ARI_PORT": str(ports.ari),
            "RTP_START": str(ports.rtp[0]),
            "RTP_END": str(ports.rtp[1]),
            **variables,
        }
    )
    try:
        async with asyncio.timeout(SECONDS):
            while not await is_healthy(install["launcher"], folder / "etc" / "asterisk.conf"):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # an Asterisk that is still starting does not end on SIGTERM
        async with asyncio.timeout(SECONDS):
            await process.communicate()


async def test_it_renders_from_the_environment_and_becomes_asterisk(
    tmp_path: Path, migrated_file: Path
) -> None:
    ports = Ports.free()
    (tmp_path / "ami").write_text("ami-from-a-file\n", encoding="utf-8")
    variables = {"DATABASE": str(migrated_file), "AMI_SECRET_FILE": str(tmp_path / "ami")}
    async with started(tmp_path / "instance", ports, **variables) as process:
        async with open_connection("127.0.0.1", ports.ami, SECONDS) as ami:
            login = await ami.action("Login", Username="pbxbridge", Secret="ami-from-a-file")
        assert login.success
        assert "ari-from-the-environment" not in environment_of(process.pid)


async def test_it_connects_to_a_postgres_whose_address_lies_in_a_file(
    tmp_path: Path, databases: Databases
) -> None:
    server, folder = await databases.server(), tmp_path / "instance"
    (tmp_path / "url").write_text(f"{server.url()}\n", encoding="utf-8")
    variables = {"DATABASE_FILE": str(tmp_path / "url"), "AMI_SECRET": "ami"}
    async with started(folder, Ports.free(), **variables) as process:
        command = [
            json.loads(INSTALL.read_text(encoding="utf-8"))["launcher"],
            *("-C", str(folder / "etc" / "asterisk.conf"), "-rx", "odbc show pbxbridge"),
        ]
        asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await asked.communicate()
        assert b"Number of active connections: 1" in said
        for file in ("environ", "cmdline"):
            read = Path(f"/proc/{process.pid}/{file}").read_text(encoding="utf-8")
            assert server.password not in read


async def test_it_refuses_to_start_without_secrets(tmp_path: Path) -> None:
    process = await run({"INSTANCE": str(tmp_path), "AMI_SECRET": "only-one"})
    async with asyncio.timeout(SECONDS):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert b"set ARI_SECRET or ARI_SECRET_FILE" in said
