#!/usr/bin/env python3
"""Find SIPp 3.6 or later, or unpack Debian's into .cache/sipp; say where it is.

Order: the program that PBXBRIDGE_SIPP_PROGRAM names, ``sipp`` on PATH, the machine's own apt
sources, Debian's suite bookworm. ``unpacked`` in that variable skips the first two. The answer is
the program .cache/sipp/launcher, which takes SIPp's arguments.
"""

import re
import sys
from collections.abc import Sequence

from programs import (
    CACHES,
    installed_program,
    launcher_holds,
    own_loader,
    probed,
    unpack_from_first,
    write_launcher,
)
from unpack_debs import UnpackError

OLDEST = (3, 6)
CACHE = CACHES / "sipp"
LAUNCHER = CACHE / "launcher"
PROGRAM_VARIABLE = "PBXBRIDGE_SIPP_PROGRAM"
PACKAGES = ["sip-tester"]
# The unpacked one brings its C library, so a suite of any age would run on any machine.
SUITES = (None, "bookworm")


def main() -> int:
    """Write the launcher; give the exit code."""
    try:
        if not launcher_holds(LAUNCHER, PROGRAM_VARIABLE):
            own = installed_program(PROGRAM_VARIABLE, ("sipp",), _runs)
            command = _unpacked() if own is None else [str(own)]
            write_launcher(LAUNCHER, command)
    except UnpackError as error:
        sys.stderr.write(
            f"get_sipp: {error}\n"
            f"Install SIPp by other means and name its program in {PROGRAM_VARIABLE}.\n"
        )
        return 1
    return 0


def _unpacked() -> list[str]:
    root = CACHE / "root"
    if not root.exists():
        sys.stderr.write("== Getting SIPp (once; nothing is installed on this machine)\n")
    unpack_from_first(root, PACKAGES, SUITES)
    command = [*own_loader(root), str(root / "usr/bin/sipp")]
    if not _runs(command):
        raise UnpackError("the unpacked SIPp does not run on this machine")
    return command


def _runs(command: Sequence[str]) -> bool:
    """Tell whether it says a version that is new enough."""
    done = probed([*command, "-v"])
    if done is None:
        return False
    # Its exit code says nothing: it is 99 (nothing was called) when all is well.
    version = re.search(r"SIPp v(\d+)\.(\d+)", done.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


if __name__ == "__main__":
    sys.exit(main())
