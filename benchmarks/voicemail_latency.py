"""How long after the caller hung up the mail server has the mail, on a system that is idle.

Real calls to a real Asterisk, each leaving a message of some seconds; on the spool with SQLite, and
on the database store with PostgreSQL. What Asterisk itself takes to save the message is in it.
`make bench` runs it, or: python -m benchmarks.voicemail_latency [--messages 20]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks import report
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings
from tests.rig.asterisk import Store
from tests.rig.databases import Engine
from tests.rig.system import leave_message, running_system

CALLER, BOX = "1001", "1002"
SITES: dict[str, tuple[Engine, Store]] = {
    "spool": ("sqlite", "spool"),
    "database": ("postgres", "database"),
}
WITHIN_SECONDS = 30.0


async def measured(folder: Path, engine: Engine, store: Store, messages: int) -> list[float]:
    """Return the seconds from the end of each call to its mail."""
    seconds = []
    async with running_system(folder, engine=engine, store=store) as system:
        await system.extension(CALLER)
        await system.extension(
            BOX,
            device_type="VIRTUAL",
            voicemail=True,
            voicemail_pin="4321",
            voicemail_email="bob@example.org",
        )
        await system.told()
        async with system.registered(CALLER) as (caller,):
            for count in range(1, messages + 1):
                await leave_message(caller, BOX)
                hung_up = time.perf_counter()
                await system.catcher.wait_for(count, within=WITHIN_SECONDS)
                seconds.append(time.perf_counter() - hung_up)
                caller.forget_ended_calls()
    return seconds


async def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    results: dict[str, object] = {}
    for name, (engine, store) in SITES.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = await measured(Path(folder), engine, store, options.messages)
        results[name] = report.summary(seconds)
        print(f"{name:<10} {results[name]}")
    print(f"written to {report.write('voicemail_latency', results)}")


if __name__ == "__main__":
    asyncio.run(main())
