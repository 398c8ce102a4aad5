"""What get_*.py share: a program of the machine, or Debian's unpacked, behind a launcher.

A launcher is a small shell script that takes the program's arguments.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from unpack_debs import UnpackError, is_unpacked, say, unpack

CACHES = Path(__file__).resolve().parent.parent / ".cache"
# The value of a PBXBRIDGE_*_PROGRAM variable that means: not the machine's own.
UNPACKED = "unpacked"
PROBE_SECONDS = 60


def installed_program(
    variable: str, names: Sequence[str], runs: Callable[[Sequence[str]], bool]
) -> Path | None:
    """Find the program that the variable names, or the first of the names on PATH that runs.

    None if there is none, or if ``unpacked`` is wanted. Raises UnpackError if the one that the
    variable names does not run.
    """
    wanted = os.environ.get(variable, "")
    if wanted == UNPACKED:
        return None
    for name in (wanted,) if wanted else names:
        program = shutil.which(name)
        if program is not None and runs([program]):
            return Path(program)
    if wanted:
        raise UnpackError(f"{variable} names {wanted}, which is not there or does not run")
    return None


def probed(command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a program that is to say its version; None if it does not run, or not in time."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def launcher_holds(launcher: Path, variable: str) -> bool:
    """Tell whether an earlier run's launcher still holds for what is wanted now."""
    try:
        command = launcher.read_text(encoding="utf-8").splitlines()[-1]
    except (OSError, IndexError):
        return False
    program = shlex.split(command)[1]
    wanted = os.environ.get(variable, "")
    from_cache = Path(program).is_relative_to(launcher.parent)
    fits = {"": True, UNPACKED: from_cache}.get(wanted, program == shutil.which(wanted))
    return fits and Path(program).exists()


def unpack_from_first(
    root: Path,
    packages: Sequence[str],
    suites: Sequence[str | None],
    without: Collection[str] = (),
) -> None:
    """Unpack from the first of the suites that has the packages; None is the machine's sources.

    What is there from any of them stays. Raises UnpackError if none has them.
    """
    if any(is_unpacked(root, packages, suite) for suite in suites):
        return
    failures = []
    for suite in suites:
        try:
            unpack(root, packages, suite, without)
        except UnpackError as error:
            say(f"no {packages[0]} from {suite or 'this machine'}")
            failures.append(str(error))
        else:
            return
    raise UnpackError("\n".join(failures))


def own_loader(root: Path, *subfolders: str) -> list[str]:
    """Give the start of a command that runs a program with the C library unpacked beside it.

    ``subfolders`` of the folder of libraries are searched too. Raises UnpackError.
    """
    libraries = one_of("libc.so.6", root.glob("usr/lib/*-linux-gnu*/libc.so.6")).parent
    loader = one_of("the loader", root.glob("usr/lib*/**/ld-linux-*.so.*"))
    path = [libraries, *(libraries / each for each in subfolders)]
    return [str(loader), "--library-path", ":".join(map(str, path))]


def write_launcher(
    launcher: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> None:
    """Write the launcher of a command; it appears complete, whoever else writes or runs it."""
    launcher.parent.mkdir(parents=True, exist_ok=True)
    exports = "".join(
        f"export {name}={shlex.quote(value)}\n" for name, value in (environment or {}).items()
    )
    writing = launcher.with_name(f".{launcher.name}.{os.getpid()}")
    writing.write_text(f'#!/bin/sh\n{exports}exec {shlex.join(command)} "$@"\n', encoding="utf-8")
    writing.chmod(0o755)
    writing.replace(launcher)


def one_of(what: str, places: Iterable[Path]) -> Path:
    """Give the first place that exists. Raises UnpackError."""
    for place in places:
        if place.exists():
            return place
    raise UnpackError(f"cannot find {what}")
