"""SIPp: many calls at a rate, where tests.sip.Phone makes one and listens to it."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import re
import shutil
import signal
import socket
import tempfile
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.rig.ports import free_ports

REPOSITORY = Path(__file__).resolve().parents[2]
# What asterisk-test-config/get_sipp.py leaves.
LAUNCHER = REPOSITORY / ".cache/sipp/launcher"
SCENARIOS = Path(__file__).with_name("sipp")
START_SECONDS = 20.0
STOP_SECONDS = 10.0
# Beyond the time that the calls take: SIPp repeats an INVITE for 32 s before it gives up.
PATIENCE_SECONDS = 60.0
LOOPBACK = "127.0.0.1"
# All calls succeeded; at least one failed; there was none.
REGULAR_ENDS = (0, 1, 99)
# The counter of uas.xml, in SIPp's statistics.
OPTIONS_COLUMN = "options(C)"
# What uac_registered.xml logs: call, when its 180 or 200 came, when its INVITE was sent (seconds).
LOGGED = re.compile(r'^(\S+) .*?(\d+\.\d+) Via: .*;sent="[^"]*?(\d+\.\d+)"')


class SippFailed(Exception):
    """SIPp itself failed or took too long; the message carries what it said."""


@dataclass(frozen=True)
class SippResult:
    """What became of the calls; OPTIONS that uas.xml answers are none.

    ``milliseconds`` are what the scenario logged (LOGGED), call by call: with uac_registered the
    time from the INVITE with credentials to the first 180 or 200.
    ``retransmissions`` are SIPp's own. ``errors`` is the end of what it found wrong with calls.
    """

    successful: int
    failed: int
    milliseconds: list[float]
    retransmissions: int
    errors: str


async def run_sipp(
    scenario: Path | str,
    target: tuple[str, int],
    *,
    calls: int,
    rate: float,
    number: str = "",
    user: str = "",
    secret: str = "",
    hold_ms: int = 0,
    seconds: float | None = None,
    keys: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> SippResult:
    """Start ``calls`` calls, ``rate`` in a second, and return when the last has ended.

    ``scenario`` is a file or the name of one in tests/rig/sipp; ``target`` host and port;
    ``number`` who is called, ``user`` and ``secret`` who calls; ``hold_ms`` the scenario's pauses;
    ``seconds`` the time limit (default: what the calls need and a minute); ``keys`` the
    scenario's own keywords; ``options`` more of SIPp's. Calls that fail are counted. Raises
    SippFailed if SIPp itself fails or the time is over.
    """
    limit = calls / rate + hold_ms / 1000 + PATIENCE_SECONDS if seconds is None else seconds
    arguments = [f"{target[0]}:{target[1]}", "-m", str(calls), "-r", str(rate), "-l", str(calls)]
    arguments += ["-s", number, "-au", user, "-ap", secret, "-d", str(hold_ms)]
    for name, value in {"user": user, **(keys or {})}.items():
        arguments += ["-key", name, value]
    (port,) = free_ports(1, socket.SOCK_DGRAM)
    async with _Process(scenario, port, [*arguments, *options]) as process:
        return await process.result(limit)


@dataclass
class SippPhone:
    """A phone on loopback that answers every call (tests/rig/sipp/uas.xml), at ``port``.

    It does not register: give its AOR the contact sip:127.0.0.1:<port>. Use as an async context
    manager; stop() lets calls under way end and returns the result. ``scenario`` and ``options``
    are those of run_sipp.
    """

    port: int = field(default_factory=lambda: free_ports(1, socket.SOCK_DGRAM)[0])
    scenario: Path | str = "uas"
    options: Sequence[str] = ()
    _process: _Process | None = field(default=None, init=False, repr=False)

    async def __aenter__(self) -> SippPhone:
        self._process = _Process(self.scenario, self.port, self.options)
        await self._process.__aenter__()
        try:
            await self._process.listening()
        except BaseException:
            await self._process.end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            await self._process.end()

    async def stop(self) -> SippResult:
        """Take no more calls, let those under way end. Raises SippFailed if that takes 10 s."""
        assert self._process is not None
        self._process.take_no_more()
        return await self._process.result(STOP_SECONDS)


class _Process:
    """One SIPp with a folder of its own, which goes away with it."""

    def __init__(self, scenario: Path | str, port: int, arguments: Sequence[str]) -> None:
        self._scenario = SCENARIOS / f"{scenario}.xml" if isinstance(scenario, str) else scenario
        self._port = port
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> _Process:
        if not LAUNCHER.exists():
            raise SippFailed("There is no SIPp yet: run `make sipp`.")
        self._kept = tempfile.TemporaryDirectory(prefix="sipp-")
        self._folder = Path(self._kept.name)
        # SIPp writes its files beside the scenario.
        shutil.copyfile(self._scenario, self._folder / "scenario.xml")
        with (self._folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(),
                cwd=self._folder,
                # Its screen must not reach a terminal, but it wants to know one.
                env={**os.environ, "TERM": "dumb"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """Kill it if it still runs, and remove its folder."""
        assert self._process is not None
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._kept.cleanup()

    def take_no_more(self) -> None:
        """Let it end after the calls under way."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGUSR1)

    async def listening(self) -> None:
        """Return once it has its port. Raises SippFailed."""
        assert self._process is not None
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not _is_bound(self._port):
            if self._process.returncode is not None:
                raise SippFailed(f"SIPp ended while starting:\n{self._said()}")
            if asyncio.get_running_loop().time() > deadline:
                raise SippFailed(
                    f"SIPp does not listen within {START_SECONDS:g} s:\n{self._said()}"
                )
            await asyncio.sleep(0.02)

    async def result(self, seconds: float) -> SippResult:
        """Wait for its end and read what it counted. Raises SippFailed."""
        assert self._process is not None
        try:
            async with asyncio.timeout(seconds):
                code = await self._process.wait()
        except TimeoutError:
            raise SippFailed(f"SIPp is not done within {seconds:g} s:\n{self._said()}") from None
        counted = _last_row(self._folder / "stat.csv")
        # It ends with 99 after a mistake in its options, too.
        if code not in REGULAR_ENDS or counted is None:
            raise SippFailed(f"SIPp ended with {code}:\n{self._said()}")
        return SippResult(
            successful=int(counted["SuccessfulCall(C)"]) - int(counted.get(OPTIONS_COLUMN, 0)),
            failed=int(counted["FailedCall(C)"]),
            milliseconds=_set_up_times(self._folder / "log"),
            retransmissions=int(counted["Retransmissions(C)"]),
            errors=_tail(self._folder / "errors.log"),
        )

    def _command(self) -> list[str]:
        # -ci: its control port would listen on every address.
        where = ["-i", LOOPBACK, "-p", str(self._port), "-mi", LOOPBACK, "-ci", LOOPBACK]
        statistics = ["-trace_stat", "-stf", "stat.csv"]
        log = ["-trace_logs", "-log_file", "log"]
        errors = ["-trace_err", "-error_file", "errors.log"]
        command = [str(LAUNCHER), "-sf", "scenario.xml", "-nostdin", *where]
        return [*command, *statistics, *log, *errors, *self._arguments]

    def _said(self) -> str:
        names = ("output", "errors.log")
        return "\n".join(filter(None, (_tail(self._folder / name) for name in names)))


def _is_bound(port: int) -> bool:
    lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    return any(int(line.split()[1].partition(":")[2], 16) == port for line in lines)


def _last_row(path: Path) -> dict[str, str] | None:
    """Read the last line of SIPp's statistics: the columns (C) count from the start."""
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        return deque(csv.DictReader(file, delimiter=";"), maxlen=1).pop()


def _set_up_times(path: Path) -> list[float]:
    """Read milliseconds from the log; of each call the first line counts."""
    times: dict[str, float] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := LOGGED.match(line):
                call, came, sent = found.groups()
                times.setdefault(call, (float(came) - float(sent)) * 1000)
    return list(times.values())


def _tail(path: Path, lines: int = 30) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
