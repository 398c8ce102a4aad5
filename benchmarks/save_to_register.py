"""From Save to the first REGISTER of a brand-new extension, against files and reloads.

Ours: HTTP POST of the portal's form until the phone's REGISTER is answered 200.
Baseline, on the same Asterisk build in the same run: edit pjsip.conf, extensions.conf and
voicemail.conf, reload the three, REGISTER until it is answered 200.
Both with 10,000 extensions present.

After the first REGISTER of a new AOR, Asterisk reads all endpoints to see which go with it, and
while it does that with 10,000 in a database, other phones wait. Ours is measured on an Asterisk at
rest, so it waits for the end of that between two rounds; how long a phone that registers right
after has to wait is measured too (next_phone_waits).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import re
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.files_pbx import FilesPbx
from benchmarks.population import FIRST, populate
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings
from tests.rig.asterisk import AsteriskInstance
from tests.rig.portal_client import PortalClient, portal_client
from tests.rig.system import running_system
from tests.sip import Phone

MOST_TRIES = 1000
# Columns of `core show taskprocessors`: name, processed, in queue ...
OPTIONS_QUEUE = "pjsip/options/manage"
SECRET = re.compile(r'id="secret-[0-9]+" value="([^"]+)"')


async def ours(folder: Path, count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each round through the portal, and of how long others wait after it."""
    async with running_system(folder) as system, portal_client(system.address) as client:
        await populate(count)
        # What filling the tables left behind in this process is no part of a save.
        gc.collect()
        gc.freeze()
        await client.sign_in("admin", system.admin_password)
        sip = system.asterisk.ports.sip
        saves, waits = [], []
        async with Phone(str(FIRST), f"secret-of-{FIRST}", "127.0.0.1", sip) as present:
            await _next_phone(system.asterisk, present)
            # The first save after a start also compiles the page's templates; it is not counted.
            await _save(client, FIRST + count, sip)
            await _next_phone(system.asterisk, present)
            for number in range(FIRST + count + 1, FIRST + count + 1 + rounds):
                saves.append(await _save(client, number, sip))
                waits.append(await _next_phone(system.asterisk, present))
        return saves, waits


async def _next_phone(asterisk: AsteriskInstance, phone: Phone) -> float:
    """Return how long a phone waits that registers now; then wait until Asterisk is at rest."""
    started = time.perf_counter()
    await _registered(phone, started)
    waited = time.perf_counter() - started
    for _ in range(MOST_TRIES):
        queues = await asterisk.cli("core show taskprocessors")
        if all(line.split()[2] == "0" for line in queues.splitlines() if OPTIONS_QUEUE in line):
            return waited
        await asyncio.sleep(0.1)
    raise RuntimeError("Asterisk does not come to rest")


async def _save(client: PortalClient, number: int, sip: int) -> float:
    started = time.perf_counter()
    status, shown = await client.post(
        "/extensions",
        number=str(number),
        caller_id_name="Brand new",
        monitored="on",
        voicemail="on",
        voicemail_pin="8642",
    )
    found = SECRET.search(shown)
    if status != 200 or found is None:
        raise RuntimeError(f"the portal answered {status}")
    async with Phone(str(number), found[1], "127.0.0.1", sip) as phone:
        return await _registered(phone, started)


async def files(folder: Path, count: int, rounds: int) -> list[float]:
    """Return the seconds of each round, through files and reloads."""
    pbx = FilesPbx(folder, folder / "unused.sqlite3", count=count)
    async with pbx:
        seconds = []
        for number in range(FIRST + count, FIRST + count + rounds):
            started = time.perf_counter()
            pbx.add(number, "brand-new-secret")
            await pbx.reload()
            secret, sip = "brand-new-secret", pbx.ports.sip
            async with Phone(str(number), secret, "127.0.0.1", sip) as phone:
                seconds.append(await _registered(phone, started))
        return seconds


async def _registered(phone: Phone, started: float) -> float:
    """Register, again if a reload is still under way; return the time since ``started``."""
    for _ in range(MOST_TRIES):
        if await phone.register() == 200:
            return time.perf_counter() - started
        await asyncio.sleep(0.01)
    raise RuntimeError(f"{phone.user} is refused")


async def main() -> None:
    """Measure both, print the ratios, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extensions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--file-rounds", type=int, default=10)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    with tempfile.TemporaryDirectory() as folder:
        saves, waits = await ours(Path(folder, "ours"), options.extensions, options.rounds)
        bridge, others = report.summary(saves), report.summary(waits)
        print(f"pbxbridge          {bridge}", flush=True)
        print(f"  next phone waits {others}", flush=True)
        baseline = report.summary(
            await files(Path(folder, "files"), options.extensions, options.file_rounds)
        )
        print(f"files and reloads  {baseline}", flush=True)
    ratios = {
        key: round(baseline[f"{key}_ms"] / bridge[f"{key}_ms"], 1) for key in ("median", "p95")
    }
    print(f"times faster       {ratios}")
    path = report.write(
        "save_to_register",
        {
            "extensions": options.extensions,
            "pbxbridge": bridge,
            "next_phone_waits": others,
            "files_and_reloads": baseline,
            "times_faster": ratios,
        },
    )
    print(f"written to {path}")


if __name__ == "__main__":
    asyncio.run(main())
