#!/usr/bin/env python3
"""Find a Chromium that runs headless, or unpack Debian's into .cache/chromium; say where it is.

Order: the program that PBXBRIDGE_CHROMIUM_PROGRAM names, Chromium or Chrome on PATH, the machine's
own apt sources, Debian's suite bookworm. ``unpacked`` in that variable skips the first two. The
answer is the program .cache/chromium/launcher, which takes Chromium's arguments.
"""

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

CACHE = CACHES / "chromium"
LAUNCHER = CACHE / "launcher"
PROGRAM_VARIABLE = "PBXBRIDGE_CHROMIUM_PROGRAM"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ["chromium", "fonts-dejavu-core"]
# Chromium starts its helpers by /proc/self/exe, so it must be run by the machine's own loader, and
# that one fits the machine's own C library only. Ubuntu's chromium is a stub for a snap: it gets
# Debian's, of a release whose C library (2.36) is older than that of the Ubuntus in use.
NOT_UNPACKED = ["libc6"]
SUITES = (None, "bookworm")


def main() -> int:
    """Write the launcher; give the exit code."""
    try:
        if not launcher_holds(LAUNCHER, PROGRAM_VARIABLE):
            own = installed_program(PROGRAM_VARIABLE, NAMES, _runs)
            _write_launcher(*(_unpacked() if own is None else (own, {})))
    except UnpackError as error:
        sys.stderr.write(
            f"get_chromium: {error}\n"
            f"Install Chromium by other means and name its program in {PROGRAM_VARIABLE}.\n"
        )
        return 1
    return 0


def _unpacked() -> tuple[Path, Mapping[str, str]]:
    root = CACHE / "root"
    if not root.exists():
        sys.stderr.write("== Getting Chromium (once; nothing is installed on this machine)\n")
    unpack_from_first(root, PACKAGES, SUITES, NOT_UNPACKED)
    libraries = one_of("Chromium's libraries", root.glob("usr/lib/*-linux-gnu*/libnss3.so")).parent
    path = [libraries, *(libraries / part for part in ("nss", "pulseaudio", "samba"))]
    return root / "usr/lib/chromium/chromium", {
        "LD_LIBRARY_PATH": ":".join(str(folder) for folder in path if folder.exists()),
        "FONTCONFIG_FILE": str(_write_fonts(root)),
    }


def _write_fonts(root: Path) -> Path:
    """Write a fontconfig file that knows the unpacked fonts, beside those of the machine."""
    rules = root / "usr/share/fontconfig/conf.avail"
    # The rules that make sans-serif and monospace mean something; the rest is taste.
    includes = "".join(
        f"  <include ignore_missing='yes'>{rules / name}</include>\n"
        for name in (
            "45-latin.conf",
            "57-dejavu-sans.conf",
            "57-dejavu-sans-mono.conf",
            "60-latin.conf",
        )
    )
    fonts = CACHE / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"  <dir>{root}/usr/share/fonts</dir>\n  <dir>/usr/share/fonts</dir>\n{includes}"
        f"  <cachedir>{CACHE}/fonts</cachedir>\n</fontconfig>\n",
        encoding="utf-8",
    )
    return fonts


def _write_launcher(program: Path, environment: Mapping[str, str]) -> None:
    # The sandbox needs a set-uid helper or an unprivileged user namespace, and refuses root. The
    # tests open pages of our own making only, so they do without.
    write_launcher(LAUNCHER, [str(program), "--no-sandbox"], environment)
    if not _runs([str(LAUNCHER)]):
        LAUNCHER.unlink()
        raise UnpackError(f"{program} does not run on this machine")


def _runs(command: Sequence[str]) -> bool:
    """Tell whether it says its version (the snap stub on Ubuntu does not)."""
    done = probed([*command, "--version"])
    return done is not None and done.returncode == 0 and "Chrom" in done.stdout


if __name__ == "__main__":
    sys.exit(main())
