#!/usr/bin/env python3
"""Find a Chromium that runs headless, or unpack Debian's into .cache/chromium; say where it is.

Order: the program that PBXBRIDGE_CHROMIUM_PROGRAM names, Chromium or Chrome on PATH, the machine's
own apt sources, Debian's suite bookworm. ``unpacked`` in that variable skips the first two. The
answer is the program .cache/chromium/launcher, which takes Chromium's arguments.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from unpack_debs import UnpackError, is_unpacked, say, unpack

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "chromium"
PROGRAM_VARIABLE = "PBXBRIDGE_CHROMIUM_PROGRAM"
UNPACKED = "unpacked"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ["chromium", "fonts-dejavu-core"]
# Chromium starts its helpers by /proc/self/exe, so it must be run by the machine's own loader, and
# that one fits the machine's own C library only. Ubuntu's chromium is a stub for a snap: it gets
# Debian's, of a release whose C library (2.36) is older than that of the Ubuntus in use.
NOT_UNPACKED = ["libc6"]
SUITES = (None, "bookworm")
PROBE_SECONDS = 60


def main() -> int:
    """Write the launcher; give the exit code."""
    try:
        if not _is_ready():
            _write_launcher(*(_installed() or _unpacked()))
    except UnpackError as error:
        sys.stderr.write(
            f"get_chromium: {error}\n"
            f"Install Chromium by other means and name its program in {PROGRAM_VARIABLE}.\n"
        )
        return 1
    return 0


def _is_ready() -> bool:
    """Tell whether an earlier run's launcher still holds for what is wanted now."""
    try:
        command = (CACHE / "launcher").read_text(encoding="utf-8").splitlines()[-1]
    except (OSError, IndexError):
        return False
    program = shlex.split(command)[1]
    wanted = os.environ.get(PROGRAM_VARIABLE, "")
    from_cache = Path(program).is_relative_to(CACHE)
    fits = {"": True, UNPACKED: from_cache}.get(wanted, program == shutil.which(wanted))
    return fits and Path(program).exists()


def _installed() -> tuple[Path, Mapping[str, str]] | None:
    wanted = os.environ.get(PROGRAM_VARIABLE, "")
    if wanted == UNPACKED:
        return None
    for name in (wanted,) if wanted else NAMES:
        program = shutil.which(name)
        if program is not None and _runs([program]):
            return Path(program), {}
    if wanted:
        raise UnpackError(f"{PROGRAM_VARIABLE} names {wanted}, which is not there or does not run")
    return None


def _unpacked() -> tuple[Path, Mapping[str, str]]:
    root = CACHE / "root"
    if not any(is_unpacked(root, PACKAGES, suite) for suite in SUITES):
        sys.stderr.write("== Getting Chromium (once; nothing is installed on this machine)\n")
        _unpack_first(root)
    libraries = _first(root.glob("usr/lib/*-linux-gnu*/libnss3.so")).parent
    path = [libraries, *(libraries / part for part in ("nss", "pulseaudio", "samba"))]
    return root / "usr/lib/chromium/chromium", {
        "LD_LIBRARY_PATH": ":".join(str(folder) for folder in path if folder.exists()),
        "FONTCONFIG_FILE": str(_write_fonts(root)),
    }


def _unpack_first(root: Path) -> None:
    failures = []
    for suite in SUITES:
        try:
            unpack(root, PACKAGES, suite, NOT_UNPACKED)
        except UnpackError as error:
            say(f"no chromium from {suite or 'this machine'}")
            failures.append(str(error))
        else:
            return
    raise UnpackError("\n".join(failures))


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
    CACHE.mkdir(parents=True, exist_ok=True)
    exports = "".join(
        f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()
    )
    launcher = CACHE / "launcher"
    # The sandbox needs a set-uid helper or an unprivileged user namespace, and refuses root. The
    # tests open pages of our own making only, so they do without.
    launcher.write_text(
        f'#!/bin/sh\n{exports}exec {shlex.quote(str(program))} --no-sandbox "$@"\n',
        encoding="utf-8",
    )
    launcher.chmod(0o755)
    if not _runs([str(launcher)]):
        launcher.unlink()
        raise UnpackError(f"{program} does not run on this machine")


def _runs(command: list[str]) -> bool:
    """Tell whether it says its version (the snap stub on Ubuntu does not)."""
    try:
        done = subprocess.run(
            [*command, "--version"],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "Chrom" in done.stdout


def _first(found: Iterable[Path]) -> Path:
    for path in found:
        return path
    raise UnpackError("the unpacked Chromium is not complete")


if __name__ == "__main__":
    sys.exit(main())
