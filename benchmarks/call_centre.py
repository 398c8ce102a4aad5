"""The wallboard under load: how far behind Asterisk it is, and whether its totals are queue_log's.

200 agents take the calls of 20 queues, 5 calls in a second, by default for a minute. Somebody
watches all queues; what the stream shows is compared with AMI's own events. One queue is served by
nobody, so that its callers hang up.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from benchmarks import report
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings
from tests.rig.call_centre_load import running_centre

AGENTS, QUEUES = 200, 20
HOLD_MS = 4000


async def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=5, help="calls in a second")
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_centre(Path(folder), agents=AGENTS, queues=QUEUES) as centre,
            centre.watching() as watched,
        ):
            results = await centre.calls(
                rate=options.rate, seconds=options.seconds, hold_ms=HOLD_MS
            )
            logged = await centre.settled(watched, sum(each.successful for each in results))
            shown = watched.figures()
    delays = sorted(watched.delays())
    p99 = delays[min(len(delays) - 1, round(0.99 * (len(delays) - 1)))]
    behind = {**report.summary(delays), "p99_ms": round(p99 * 1000, 2)}
    calls = {
        "successful": sum(each.successful for each in results),
        "failed": sum(each.failed for each in results),
        "answered": sum(figures.get("Answered", 0) for figures in logged.values()),
        "abandoned": sum(figures.get("Abandoned", 0) for figures in logged.values()),
    }
    print(f"wallboard behind AMI  {behind}  (to reach: p99 under 1000 ms)")
    print(f"calls                 {calls}")
    print(f"totals                {'equal to queue_log' if shown == logged else 'DIFFER'}")
    results_: dict[str, object] = {"behind": behind, "calls": calls, "equal": shown == logged}
    print(f"written to {report.write('call_centre', results_)}")


if __name__ == "__main__":
    asyncio.run(main())
