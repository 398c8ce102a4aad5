"""One real PostgreSQL of one's own: made, started, given databases, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from tests.rig.ports import free_ports

REPOSITORY = Path(__file__).resolve().parents[2]
# What asterisk-test-config/get_postgres.py leaves.
PROGRAMS = REPOSITORY / ".cache/postgres"
HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# PostgreSQL refuses root. As another user it must still reach the programs and the folder, which
# may lie in a home of root's. (no_setuid_fixup: or access(2) would not count the capability.)
NOBODY = 65534
AS_NOBODY = (
    *("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    *("--securebits", "+no_setuid_fixup"),
    *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"),
)
# A database of tests need not survive a power cut, only a crash of PostgreSQL itself: commits still
# reach the operating system.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class PostgresFailed(Exception):
    """PostgreSQL did not start; the message carries the end of its log."""


@dataclass
class PostgresServer:
    """A PostgreSQL that lives in ``folder`` and listens at ``port`` of loopback.

    Use as an async context manager, or start() and stop(). It ends with the process that started
    it, however that ends. ``password`` is that of its superuser.
    """

    folder: Path
    port: int = field(default_factory=lambda: free_ports(1)[0])
    password: str = field(default_factory=secrets.token_hex, repr=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False, repr=False)

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.folder / "postgres.log"

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

    def url(self, database: str = SUPERUSER) -> str:
        """Return the address of a database, as PBXBRIDGE_DATABASE__URL takes it."""
        return f"postgres://{SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"

    async def start(self) -> None:
        """Start, on the data of before if there is some; wait until it answers.

        Raises PostgresFailed.
        """
        if not (PROGRAMS / "postgres").exists():
            raise PostgresFailed("There is no PostgreSQL yet: run `make postgres`.")
        if not self._data.exists():
            await self._make_data()
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        where = ["-D", str(self._data), "-p", str(self.port)]
        self._process = await self._run("postgres", *where, *settings)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._answers()
        except TimeoutError:
            await self.crash()
            raise PostgresFailed(f"no answer in {START_SECONDS} s:\n{self.log_tail()}") from None

    async def stop(self) -> None:
        """Stop as an operator would in a hurry: open transactions are rolled back."""
        await self._end(signal.SIGINT)

    async def crash(self) -> None:
        """End it at once; the next start() recovers."""
        await self._end(signal.SIGQUIT)

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database, empty or as the template is; nobody may be connected to that one."""
        await self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template0"}"')

    async def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        await self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def log_tail(self, lines: int = 30) -> str:
        """Return the end of what PostgreSQL said."""
        if not self.log.exists():
            return ""
        said = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(said.splitlines()[-lines:])

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    async def _make_data(self) -> None:
        making, password = self.folder / "making", self.folder / "password"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        password.touch(mode=0o600)
        password.write_text(self.password, encoding="utf-8")
        if os.geteuid() == 0:
            os.chown(making, NOBODY, NOBODY)
        options = ["--username", SUPERUSER, "--pwfile", str(password), "--auth", "scram-sha-256"]
        locale = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        process = await self._run("initdb", "-D", str(making), *options, *locale)
        code = await process.wait()
        password.unlink()
        if code != 0:
            raise PostgresFailed(f"initdb failed:\n{self.log_tail()}")
        making.rename(self._data)

    async def _run(self, program: str, *arguments: str) -> asyncio.subprocess.Process:
        privileges = AS_NOBODY if os.geteuid() == 0 else ()
        with self.log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "QUIT", *privileges, "--"),
                *(str(PROGRAMS / program), *arguments),
                # PostgreSQL reads more variables than are listed anywhere (PGDATA, PGOPTIONS, ...).
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in a terminal reaches the whole group; who started us decides the order.
                start_new_session=True,
            )

    async def _answers(self) -> None:
        while True:
            try:
                await self._execute("SELECT 1")
            except (OSError, asyncpg.CannotConnectNowError):
                if self._process is None or self._process.returncode is not None:
                    raise PostgresFailed(f"it ended while starting:\n{self.log_tail()}") from None
                await asyncio.sleep(0.02)
            else:
                return

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url(), timeout=START_SECONDS)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._process = None
