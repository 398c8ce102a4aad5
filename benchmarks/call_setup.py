"""How long a call takes to ring: through our dialplan and through a bare static Dial().

Both on the same Asterisk, in turns: from the first INVITE, which is challenged, to the 180. Then
the load, by SIPp: calls in a second, and how many failed. `make bench` runs it, or:
python -m benchmarks.call_setup [--rounds 200] [--load 600]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from benchmarks import report
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings
from tests.rig.loaded_pbx import BARE, CALLEE, CALLER, LoadedPbx, running_loaded_pbx
from tests.sip import Phone, Ring

LOAD_RATE = 20.0
HOLD_MS = 1000
# Until the end of one call is over, so that the next does not wait for it.
PAUSE_SECONDS = 0.05


async def measured(pbx: LoadedPbx, rounds: int) -> dict[str, list[float]]:
    """Return the seconds from a call's start to its ringing, by number; in turns, in any order."""
    seconds: dict[str, list[float]] = {BARE: [], CALLEE: []}
    order = random.Random(4)  # noqa: S311 - no secret
    async with pbx.system.registered(CALLER, CALLEE) as (caller, callee):
        callee.on_incoming = Ring()
        for _ in range(rounds):
            for number in order.sample([*seconds], 2):
                await asyncio.sleep(PAUSE_SECONDS)
                seconds[number].append(await _until_ringing(caller, number))
                await callee.incoming[-1].wait_ended()
                callee.forget_ended_calls()
    return seconds


async def _until_ringing(caller: Phone, number: str) -> float:
    started = time.perf_counter()
    call = await caller.call(number)
    await call.wait_ringing()
    taken = time.perf_counter() - started
    await call.hangup()
    caller.forget_ended_calls()
    return taken


async def main() -> None:
    """Measure, print the ratio, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--load", type=int, default=600)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    with tempfile.TemporaryDirectory() as folder:
        async with running_loaded_pbx(Path(folder)) as pbx:
            await measured(pbx, 10)  # the first calls find cold caches
            seconds = await measured(pbx, options.rounds)
            await pbx.fix_callee()
            load = await pbx.calls(CALLEE, calls=options.load, rate=LOAD_RATE, hold_ms=HOLD_MS)
    bare, ours = report.summary(seconds[BARE]), report.summary(seconds[CALLEE])
    ratios = {key: round(ours[f"{key}_ms"] / bare[f"{key}_ms"], 2) for key in ("median", "p95")}
    under_load = {
        "calls_per_second": LOAD_RATE,
        "successful": load.successful,
        "failed": load.failed,
        **report.summary([each / 1000 for each in load.milliseconds]),
    }
    print(f"bare static Dial()  {bare}\nour dialplan        {ours}\nours / bare         {ratios}")
    print(f"load                {under_load}")
    results: dict[str, object] = {"bare": bare, "ours": ours, "ratios": ratios, "load": under_load}
    print(f"written to {report.write('call_setup', results)}")


if __name__ == "__main__":
    asyncio.run(main())
