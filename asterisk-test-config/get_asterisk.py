#!/usr/bin/env python3
"""Find Asterisk 20 or later, or unpack Debian's into .cache/asterisk; say where it is.

Order: the program that PBXBRIDGE_ASTERISK_PROGRAM names, ``asterisk`` on PATH, the machine's own
apt sources if they offer 20 or later, Debian's suite sid. ``unpacked`` in that variable skips the
first two. The answer is kept in .cache/asterisk/install.json: launcher (a program that takes
Asterisk's arguments), modules and data (its folders).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from programs import CACHES, UNPACKED, one_of, own_loader, write_launcher
from unpack_debs import PrivateApt, UnpackError, say, unpack

OLDEST = 20
CACHE = CACHES / "asterisk"
# odbc-postgresql: by ODBC the tables are read where they lie in a PostgreSQL.
PACKAGES = [
    "asterisk",
    "asterisk-core-sounds-en-gsm",
    "asterisk-moh-opsound-gsm",
    "odbc-postgresql",
]
PROGRAM_VARIABLE = "PBXBRIDGE_ASTERISK_PROGRAM"


def main() -> int:
    """Write install.json; give the exit code."""
    try:
        install = _installed() or _unpacked()
    except UnpackError as error:
        sys.stderr.write(f"get_asterisk: {error}\n")
        return 1
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "install.json").write_text(json.dumps(install, indent=1) + "\n", encoding="utf-8")
    return 0


def _installed() -> dict[str, str] | None:
    wanted = os.environ.get(PROGRAM_VARIABLE, "")
    if wanted == UNPACKED:
        return None
    program = shutil.which(wanted or "asterisk", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if wanted:
            raise UnpackError(f"{PROGRAM_VARIABLE} names {wanted}, which is not there")
        return None
    version = _version([program])
    if version < OLDEST:
        if wanted:
            raise UnpackError(f"{wanted} is Asterisk {version}; {OLDEST} or later is needed")
        say(f"{program} is Asterisk {version}, too old")
        return None
    modules = one_of("Asterisk's modules", Path("/usr/lib").glob("**/asterisk/modules"))
    data = one_of("Asterisk's data", map(Path, ("/usr/share/asterisk", "/var/lib/asterisk")))
    return {"launcher": program, "modules": str(modules), "data": str(data)}


def _unpacked() -> dict[str, str]:
    root = CACHE / "root"
    if not (root / "usr/sbin/asterisk").exists():
        print("== Getting a real Asterisk (once; nothing is installed on this machine)", flush=True)
    unpack(root, PACKAGES, _suite())
    launcher = CACHE / "launcher"
    program = str(root / "usr/sbin/asterisk")
    write_launcher(launcher, [*own_loader(root, "odbc"), program])
    data = root / "usr/share/asterisk"
    english = data / "sounds/en"
    if not english.exists():
        # Debian's package makes this link when it is configured, which unpacking does not do.
        english.symlink_to(next(data.glob("sounds/en_US_*")).name)
    if _version([str(launcher)]) < OLDEST:
        raise UnpackError(f"the unpacked Asterisk is older than {OLDEST}")
    modules = one_of("Asterisk's modules", root.glob("usr/lib/*/asterisk/modules"))
    return {"launcher": str(launcher), "modules": str(modules), "data": str(data)}


def _suite() -> str | None:
    """Choose where the packages come from: None for the machine's own sources."""
    stamp = CACHE / "suite"
    if not stamp.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        apt = PrivateApt(CACHE / ".own-sources", None)
        apt.update()
        candidate = apt.candidate("asterisk") or ""
        shutil.rmtree(apt.folder, ignore_errors=True)
        own = re.match(r"(?:\d+:)?(\d+)", candidate)
        stamp.write_text("" if own and int(own[1]) >= OLDEST else "sid", encoding="utf-8")
    return stamp.read_text(encoding="utf-8") or None


def _version(command: list[str]) -> int:
    done = subprocess.run([*command, "-V"], capture_output=True, text=True, check=False)
    found = re.search(r"Asterisk (\d+)", done.stdout)
    if found is None:
        raise UnpackError(f"{command[0]} -V says: {(done.stdout or done.stderr).strip()}")
    return int(found[1])


if __name__ == "__main__":
    sys.exit(main())
