"""`pbxbridge check` says what works, and what to do about what does not."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

import pytest

from tests.rig.system import System

NAMES = ["database", "realtime tables", "AMI", "ARI", "SMTP", "voicemail spool"]
SECONDS = 60.0


def environment(system: System) -> dict[str, str]:
    """What a person would set to reach this system."""
    settings = system.settings
    values = {
        "DATABASE__URL": settings.database.url.get_secret_value(),
        "ASTERISK__AMI_PORT": str(settings.asterisk.ami_port),
        "ASTERISK__AMI_SECRET": settings.asterisk.ami_secret.get_secret_value(),
        "ASTERISK__ARI_URL": settings.asterisk.ari_url,
        "ASTERISK__ARI_SECRET": settings.asterisk.ari_secret.get_secret_value(),
        "SMTP__HOST": settings.smtp.host,
        "SMTP__PORT": str(settings.smtp.port),
        "VOICEMAIL__SPOOL": str(settings.voicemail.spool),
    }
    return {f"PBXBRIDGE_{name}": value for name, value in values.items()}


async def check(variables: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
    """Run the command; return its exit code, what failed with its sentence, and all it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pbxbridge", "check"),
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    said = output.decode()
    failed = {
        line[6:22].strip(): line[23:] for line in said.splitlines() if line.startswith("FAIL")
    }
    assert process.returncode is not None
    return process.returncode, failed, said


async def test_everything_is_well_on_a_running_system(system: System) -> None:
    code, failed, said = await check(environment(system))
    assert (code, failed) == (0, {})
    assert [line[6:22].strip() for line in said.splitlines()] == NAMES


@pytest.mark.parametrize(
    ("variable", "value", "name", "sentence"),
    [
        ("ASTERISK__AMI_SECRET", "wr0ng", "AMI", "refused the AMI login of user pbxbridge"),
        ("ASTERISK__AMI_PORT", "1", "AMI", "Connection refused"),
        ("ASTERISK__ARI_SECRET", "wr0ng", "ARI", "refused the ARI login of user pbxbridge"),
        ("ASTERISK__ARI_URL", "http://127.0.0.1:1/", "ARI", "No ARI at"),
        ("SMTP__PORT", "1", "SMTP", "127.0.0.1"),
        ("DATABASE__URL", "sqlite:///nowhere/at/all.sqlite3", "database", "is not there"),
    ],
)
async def test_one_wrong_setting_fails_one_check_and_says_what_to_do(
    system: System, variable: str, value: str, name: str, sentence: str
) -> None:
    code, failed, said = await check(environment(system) | {f"PBXBRIDGE_{variable}": value})
    assert code == 1
    assert list(failed) == [name]
    assert sentence in failed[name]
    assert "-> " in said
    for secret in ("wr0ng", system.asterisk.ami_secret, system.asterisk.ari_secret):
        assert secret not in said


async def test_a_database_without_its_tables_is_told_apart(system: System) -> None:
    empty = system.asterisk.folder / "empty.sqlite3"
    empty.touch()
    code, failed, said = await check(
        environment(system) | {"PBXBRIDGE_DATABASE__URL": f"sqlite://{empty}"}
    )
    assert code == 1
    assert list(failed) == ["database", "realtime tables"]
    assert "pbxbridge migrate" in said


async def test_a_setting_that_makes_no_sense_is_named() -> None:
    code, _, said = await check({"PBXBRIDGE_WEB__PORT": "many"})
    assert code == 2
    assert "PBXBRIDGE_WEB__PORT" in said
