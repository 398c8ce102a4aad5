"""One real Asterisk of one's own: rendered, started, asked, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import secrets
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Literal, Self

from pbxbridge.models.database import sqlite_path
from tests.rig.ports import free_ports, rtp_block

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CONFIG = REPOSITORY / "asterisk-test-config"
INSTALL = REPOSITORY / ".cache" / "asterisk" / "install.json"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
CLI_SECONDS = 30.0

Store = Literal["spool", "database"]


class AsteriskFailed(Exception):
    """Asterisk did not start; the message carries the end of its log."""


@dataclass(frozen=True)
class Ports:
    """Where an instance listens: SIP, IAX2 and a range for media on UDP, AMI and ARI on TCP."""

    sip: int
    iax: int
    ami: int
    ari: int
    rtp: tuple[int, int]

    @classmethod
    def free(cls) -> Ports:
        """Return ports that nobody uses."""
        ami, ari = free_ports(2)
        sip, iax = free_ports(2, socket.SOCK_DGRAM)
        return cls(sip, iax, ami, ari, rtp_block())


@dataclass
class AsteriskInstance:
    """An Asterisk that lives in ``folder`` and reads ``database``: a SQLite file or a URL.

    Use as an async context manager, or start() and stop(). ``bind`` is the address of SIP, IAX2
    and media; AMI and ARI always listen on loopback. ``store`` is where voicemail is kept; what
    another Asterisk did to a box in the database is noticed within a second.
    """

    folder: Path
    database: Path | str
    ports: Ports = field(default_factory=Ports.free)
    ami_secret: str = field(default_factory=secrets.token_hex, repr=False)
    ari_secret: str = field(default_factory=secrets.token_hex, repr=False)
    bind: str = "127.0.0.1"
    verbose: int = 1
    ami_user: str = "pbxbridge"
    ari_user: str = "pbxbridge"
    start_seconds: float = START_SECONDS
    sorcery_cache: bool = False
    store: Store = "spool"
    _process: asyncio.subprocess.Process | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Take a SQLite file by its URL, too."""
        self.database = sqlite_path(str(self.database)) or self.database

    @property
    def voicemail(self) -> Path:
        """The folder of the voicemail contexts."""
        return self.folder / "spool" / "voicemail"

    @property
    def log(self) -> Path:
        """What Asterisk says, from notice to error."""
        return self.folder / "log" / "messages.log"

    @property
    def database_url(self) -> str:
        """The database, as PBXBRIDGE_DATABASE__URL takes it."""
        return self.database if isinstance(self.database, str) else f"sqlite://{self.database}"

    @property
    def ari_url(self) -> str:
        """The base address of ARI."""
        return f"http://127.0.0.1:{self.ports.ari}/"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def render(self) -> None:
        """Write the configuration; start() does so too."""
        first, last = self.ports.rtp
        install = _install()
        render_module().render(
            {
                "INSTANCE": str(self.folder),
                "DATABASE": str(self.database),
                "MODULES": install["modules"],
                "DATA": install["data"],
                "AMI_USER": self.ami_user,
                "AMI_SECRET": self.ami_secret,
                "ARI_USER": self.ari_user,
                "ARI_SECRET": self.ari_secret,
                "SIP_BIND": self.bind,
                "SIP_PORT": str(self.ports.sip),
                "IAX_BIND": self.bind,
                "IAX_PORT": str(self.ports.iax),
                "AMI_PORT": str(self.ports.ami),
                "ARI_PORT": str(self.ports.ari),
                "RTP_START": str(first),
                "RTP_END": str(last),
                "SORCERY_CACHE": "yes" if self.sorcery_cache else "no",
                "VERBOSE": str(self.verbose),
                "STORE": self.store,
                "STORE_POLL": "1",
            }
        )

    async def start(self) -> None:
        """Start and wait until Asterisk is fully booted. Raises AsteriskFailed."""
        self._end_leftover()
        self.render()
        output = (self.folder / "log" / "console.log").open("ab")
        with output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command("-f"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment(),
                # Ctrl-C in a terminal reaches the whole group; who started us decides the order.
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid), encoding="utf-8")
        try:
            async with asyncio.timeout(self.start_seconds):
                await self._fully_booted()
        except TimeoutError:
            await self.kill()
            raise AsteriskFailed(
                f"not booted in {self.start_seconds} s:\n{self.log_tail()}"
            ) from None

    async def stop(self) -> None:
        """Stop as an operator would, and the hard way if that takes too long."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        self._gone()

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._gone()

    async def restart(self) -> None:
        """Stop and start with the same ports and folders."""
        await self.stop()
        await self.start()

    async def cli(self, command: str) -> str:
        """Run a command of Asterisk's console and return what it prints."""
        async with asyncio.timeout(CLI_SECONDS):
            process = await asyncio.create_subprocess_exec(
                *self._command("-rx", command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
        return output.decode("utf-8", "replace")

    def log_tail(self, lines: int = 30) -> str:
        """Return the end of what Asterisk said."""
        said = [
            path.read_text(encoding="utf-8", errors="replace")
            for path in (self.folder / "log" / "console.log", self.log)
            if path.exists()
        ]
        return "\n".join("\n".join(text.splitlines()[-lines:]) for text in said)

    async def _fully_booted(self) -> None:
        control = self.folder / "run" / "asterisk.ctl"
        while not control.exists():
            self._still_alive()
            await asyncio.sleep(0.05)
        while "fully booted" not in (await self.cli("core waitfullybooted")).lower():
            self._still_alive()
            await asyncio.sleep(0.05)

    def _still_alive(self) -> None:
        if self._process is None or self._process.returncode is not None:
            raise AsteriskFailed(f"Asterisk ended while starting:\n{self.log_tail()}")

    def _command(self, *arguments: str) -> list[str]:
        configuration = self.folder / "etc" / "asterisk.conf"
        return [_install()["launcher"], "-C", str(configuration), *arguments]

    def _environment(self) -> dict[str, str]:
        if isinstance(self.database, Path):
            return dict(os.environ)
        odbc: dict[str, str] = render_module().odbc_environment(self.folder)
        return {**os.environ, **odbc}

    @property
    def _pid_file(self) -> Path:
        return self.folder / "rig.pid"

    def _end_leftover(self) -> None:
        """Kill what an earlier run that was itself killed may have left in this folder."""
        if self._pid_file.exists():
            pid = int(self._pid_file.read_text(encoding="utf-8"))
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
                if str(self.folder) in command:
                    os.kill(pid, signal.SIGKILL)
            self._pid_file.unlink()

    def _gone(self) -> None:
        self._process = None
        self._pid_file.unlink(missing_ok=True)
        (self.folder / "run" / "asterisk.ctl").unlink(missing_ok=True)


def _install() -> dict[str, str]:
    if not INSTALL.exists():
        raise AsteriskFailed("There is no Asterisk yet: run `make asterisk`.")
    found: dict[str, str] = json.loads(INSTALL.read_text(encoding="utf-8"))
    return found


def render_module() -> ModuleType:
    """Load render.py, which the container runs as a script and no package holds."""
    spec = importlib.util.spec_from_file_location("asterisk_render", CONFIG / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
