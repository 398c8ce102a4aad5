"""The program as people start it: a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

from tests.rig.system import System

SECONDS = 60.0


def environment(system: System) -> dict[str, str]:
    """What a person would set to reach this system."""
    settings = system.settings
    values = {
        "DATABASE__URL": settings.database.url.get_secret_value(),
        "ASTERISK__QUALIFY_FREQUENCY": str(settings.asterisk.qualify_frequency),
        "ASTERISK__RING_TIME": str(settings.asterisk.ring_time),
        "ASTERISK__AMI_PORT": str(settings.asterisk.ami_port),
        "ASTERISK__AMI_SECRET": settings.asterisk.ami_secret.get_secret_value(),
        "ASTERISK__ARI_URL": settings.asterisk.ari_url,
        "ASTERISK__ARI_SECRET": settings.asterisk.ari_secret.get_secret_value(),
        "SMTP__HOST": settings.smtp.host,
        "SMTP__PORT": str(settings.smtp.port),
        "VOICEMAIL__SPOOL": str(settings.voicemail.spool),
        "VOICEMAIL__STORE": settings.voicemail.store,
        "SECRETS__KEYS": settings.secrets.keys.get_secret_value(),
    }
    return {f"PBXBRIDGE_{name}": value for name, value in values.items()}


async def run_pbxbridge(variables: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run it to its end with these settings; return its exit code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pbxbridge", *arguments),
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
