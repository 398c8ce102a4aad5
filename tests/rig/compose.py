"""Docker Compose as a parser: no engine is needed to ask what a compose file means."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tests.rig.asterisk import CONFIG, REPOSITORY

SECONDS = 300  # the first call may have to unpack Debian's package


def compose_config(
    environment: Mapping[str, str], *profiles: str, files: Sequence[str] = ("compose.yaml",)
) -> dict[str, Any]:
    """Return compose.yaml, or several files together, as Docker Compose understands them."""
    options = [option for file in files for option in ("--file", file)]
    options += [option for profile in profiles for option in ("--profile", profile)]
    done = subprocess.run(
        [*_compose(), *options, "config", "--format=json"],
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    understood: dict[str, Any] = json.loads(done.stdout)
    return understood


def _compose() -> list[str]:
    """Find Compose 2, or unpack Debian's into .cache/compose."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and _is_compose_2(command):
            return command
    root = REPOSITORY / ".cache" / "compose"
    unpack = [sys.executable, str(CONFIG / "unpack_debs.py"), "--into", str(root)]
    subprocess.run([*unpack, "--suite", "sid", "docker-compose"], timeout=SECONDS, check=True)
    return [str(root / "usr/bin/docker-compose")]


def _is_compose_2(command: list[str]) -> bool:
    version = [*command, "version", "--short"]
    done = subprocess.run(version, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode == 0 and done.stdout.lstrip("v").startswith(("2.", "5."))
