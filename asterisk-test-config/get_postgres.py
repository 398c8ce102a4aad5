#!/usr/bin/env python3
"""Find PostgreSQL 13 or later, or unpack Debian's into .cache/postgres; say where it is.

Order: the program ``postgres`` that PBXBRIDGE_POSTGRES_PROGRAM names, ``postgres`` on PATH, the
newest below /usr/lib/postgresql, the machine's own apt sources, Debian's suite bookworm.
``unpacked`` in that variable skips the first three. The answer are the programs
.cache/postgres/initdb and .cache/postgres/postgres, which take PostgreSQL's arguments.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from programs import (
    CACHES,
    installed_program,
    launcher_holds,
    one_of,
    probed,
    unpack_from_first,
    write_launcher,
)
from unpack_debs import UnpackError

OLDEST = 13
CACHE = CACHES / "postgres"
# postgres comes last: it says that all are there.
LAUNCHERS = [CACHE / name for name in ("initdb", "postgres")]
PROGRAM_VARIABLE = "PBXBRIDGE_POSTGRES_PROGRAM"
# Debian puts the server's programs on nobody's PATH.
PLACES = "usr/lib/postgresql/*/bin/postgres"
PACKAGES = ["postgresql"]
# initdb starts the postgres beside itself, so both run by the machine's own loader, and that one
# fits the machine's own C library only: as with Chromium.
NOT_UNPACKED = ["libc6"]
SUITES = (None, "bookworm")


def main() -> int:
    """Write the launchers; give the exit code."""
    try:
        if not launcher_holds(LAUNCHERS[-1], PROGRAM_VARIABLE):
            names = ("postgres", *map(str, _newest_first(Path("/"))))
            own = installed_program(PROGRAM_VARIABLE, names, _runs)
            _write_launchers(*(_unpacked() if own is None else (own.resolve(), {})))
    except UnpackError as error:
        sys.stderr.write(
            f"get_postgres: {error}\n"
            f"Install PostgreSQL by other means and name its program in {PROGRAM_VARIABLE}.\n"
        )
        return 1
    return 0


def _unpacked() -> tuple[Path, Mapping[str, str]]:
    root = CACHE / "root"
    if not root.exists():
        sys.stderr.write("== Getting PostgreSQL (once; nothing is installed on this machine)\n")
    unpack_from_first(root, PACKAGES, SUITES, NOT_UNPACKED)
    libraries = one_of("its libraries", root.glob("usr/lib/*-linux-gnu*/libpq.so.5")).parent
    program = one_of("the unpacked PostgreSQL", _newest_first(root))
    return program, {"LD_LIBRARY_PATH": str(libraries)}


def _write_launchers(program: Path, environment: Mapping[str, str]) -> None:
    for launcher in LAUNCHERS:
        write_launcher(launcher, [str(program.with_name(launcher.name))], environment)
    if not _runs([str(LAUNCHERS[-1])]):
        LAUNCHERS[-1].unlink()
        raise UnpackError(f"{program} does not run on this machine")


def _newest_first(root: Path) -> list[Path]:
    return sorted(root.glob(PLACES), key=lambda path: int(path.parts[-3]), reverse=True)


def _runs(command: Sequence[str]) -> bool:
    """Tell whether it says a version that is new enough."""
    done = probed([*command, "--version"])
    version = re.search(r"\(PostgreSQL\) (\d+)", done.stdout) if done else None
    return version is not None and int(version[1]) >= OLDEST


if __name__ == "__main__":
    sys.exit(main())
