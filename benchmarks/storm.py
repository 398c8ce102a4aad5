"""A storm of 10,000 phones that register again, all at once, and what a browser shows meanwhile.

A real bridge with 10,000 extensions runs in a process of its own, and a real browser shows the
first page of their list. In the place of Asterisk stands a fake AMI. Round after round every phone
moves to another port twice: as fast as a large site does after an outage, within seconds, and then
as fast as a loopback connection takes it. Twenty more readers follow the live stream and
ask for the list when they are told to, as the page does.

One extension that the browser shows is the probe, and moves about four times a second. Its latency
is from when the AMI server wrote the event until the cell of the page shows that port or a later
one. A port that is overtaken counts with the one that overtook it; missed is what is never shown.

The bridge's loop is watched from inside (watched_bridge.py). Its memory is read after each round.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Page
from pydantic import SecretStr

from benchmarks import report
from benchmarks.live_readers import Readers, reading
from benchmarks.population import numbers, populate
from benchmarks.portal_process import Portal, running_portal
from benchmarks.registering_phones import Probe, storm, uri_of
from benchmarks.varied import ADMIN
from benchmarks.watched_bridge import Pause, Turn, read_watch
from pbxbridge.log import configure_logging
from pbxbridge.models.database import open_database
from pbxbridge.service import prepare
from pbxbridge.services.accounts import Accounts
from pbxbridge.settings import DatabaseSettings, LogSettings, Settings
from tests.rig.browser import open_browser, open_page

P99_MS, BLOCKED_MS, FLAT = 1000, 50, 1.05
FIRST_PORT = 5060
# The probe is amid the first page.
PLACE_OF_PROBE = 20
ROWS = 50
AT_ONCE = 0.0
CALM_SECONDS = 2.0
PATIENCE_SECONDS = 30

_WATCH_CELL = """number => {
  window.shown = [];
  let last = "";
  const look = () => {
    const text = document.getElementById(`port-${number}`)?.textContent ?? "";
    if (text !== last) {
      last = text;
      window.shown.push([Number(text), Date.now()]);
    }
  };
  const options = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document.body, options);
}"""
_PORTS = """() => [...document.querySelectorAll('[id^="port-"]')].map((cell) => cell.textContent)"""


@dataclass
class Storm:
    """One that is to take so many ``seconds``.

    ``sent`` is how long its events took to go out, ``memory_mb`` what the bridge has at its end.
    """

    seconds: float
    began: float = field(default_factory=time.time)
    sent: float = 0.0
    ended: float = 0.0
    memory_mb: float = 0.0


@dataclass
class Run:
    """What was seen of one run."""

    probe: Probe
    readers: Readers
    storms: list[Storm] = field(default_factory=list)
    shown: list[tuple[int, float]] = field(default_factory=list)


async def make_site(database: Path, count: int) -> str:
    """Make a database with that many phones; return the administrator's password."""
    url = SecretStr(f"sqlite://{database}")
    await prepare(Settings(database=DatabaseSettings(url=url)))
    async with open_database(url.get_secret_value()):
        await populate(count)
        return await Accounts(idle=timedelta.max, longest=timedelta.max).create_admin(ADMIN)


async def measured(
    folder: Path, options: argparse.Namespace
) -> tuple[Run, list[Turn], list[Pause]]:
    """Run all rounds; return what was seen from outside, and from inside."""
    database, watch = folder / "pbxbridge.sqlite3", folder / "watch.json"
    password = await make_site(database, options.phones)
    phones = list(numbers(options.phones))
    contacts = [(str(number), uri_of(number, FIRST_PORT), "Reachable") for number in phones]
    command = ("-m", "benchmarks.watched_bridge", str(watch))
    async with (
        running_portal(database, password, contacts, command) as portal,
        reading(portal.session, options.readers) as readers,
        open_browser() as browser,
        open_page(browser) as page,
    ):
        await _show_list(page, portal)
        run = Run(Probe(phones.pop(PLACE_OF_PROBE), FIRST_PORT), readers)
        await page.evaluate(_WATCH_CELL, str(run.probe.number))
        probing = asyncio.create_task(run.probe.run(portal.ami), name="probe")
        port = FIRST_PORT
        for seconds in (options.seconds, AT_ONCE) * options.rounds:
            run.storms.append(await _storm(portal, phones, port, seconds))
            port += 1
        probing.cancel()
        wanted = [str(port)] * ROWS
        wanted[PLACE_OF_PROBE] = str(run.probe.port)
        await _ends_right(page, wanted)
        shown = await page.evaluate("window.shown")
        run.shown = [(number, at / 1000) for number, at in shown]
    return run, *read_watch(watch)


async def _storm(portal: Portal, phones: Sequence[int], port: int, seconds: float) -> Storm:
    one = Storm(seconds)
    await storm(portal.ami, phones, port, port + 1, seconds)
    one.sent = time.time() - one.began
    await asyncio.sleep(CALM_SECONDS)
    one.ended = time.time()
    one.memory_mb = portal.bridge.memory_mb
    return one


async def _show_list(page: Page, portal: Portal) -> None:
    """Show the list as the person who is signed in already."""
    for cookie in portal.session.cookie_jar:
        named = {"name": cookie.key, "value": cookie.value, "url": portal.bridge.address}
        await page.context.add_cookies([named])  # type: ignore[list-item]
    async with page.expect_response("**/live"):
        await page.goto(f"{portal.bridge.address}extensions")


async def _ends_right(page: Page, wanted: Sequence[str]) -> None:
    """Wait until the page shows these ports. Raises RuntimeError if it never does."""
    shown: Sequence[str] = ()
    for _ in range(PATIENCE_SECONDS):
        shown = await page.evaluate(_PORTS)
        if shown == wanted:
            return
        await asyncio.sleep(1)
    raise RuntimeError(f"shown are the ports {shown}, wanted {wanted}")


def outcome(run: Run, turns: Sequence[Turn], pauses: Sequence[Pause]) -> dict[str, object]:
    """Return the numbers of a run."""
    seconds, missed = run.probe.latencies(run.shown)
    began, ended = run.storms[0].began, run.storms[-1].ended
    amid = [turn for turn in turns if began <= turn.at <= ended]
    worst = max(amid, key=lambda turn: turn.blocked, default=Turn(0, 0, 0, 0, 0))
    latest = max(amid, key=lambda turn: turn.took, default=Turn(0, 0, 0, 0, 0))
    memory = [round(one.memory_mb, 1) for one in run.storms[1::2]]
    flat = round(memory[-1] / memory[1], 3)
    ordered = sorted(seconds)
    p99 = ordered[round(0.99 * (len(ordered) - 1))]
    return {
        "latency_ms": {
            "p50": _ms(statistics.median(ordered)),
            "p99": _ms(p99),
            "max": _ms(ordered[-1]),
            "moves": len(run.probe.written),
            "missed": missed,
        },
        "loop_ms": {
            "blocked": _ms(worst.blocked),
            "of that its own work": _ms(worst.busy),
            "most work of its own in a turn": _ms(max((turn.busy for turn in amid), default=0)),
            "work of all threads in the blocked turn": _ms(worst.process),
            "longest turn on this machine": _ms(latest.took),
            "of that without a processor": _ms(latest.waited),
            "turns over the limit": sum(turn.blocked > BLOCKED_MS / 1000 for turn in amid),
            "longest collection of garbage": _ms(
                max((one.busy for one in pauses if began <= one.at <= ended), default=0)
            ),
        },
        "memory_mb": memory,
        "memory, last round of second": flat,
        "storm_seconds": [[one.seconds, round(one.sent, 2)] for one in run.storms],
        "readers": {
            "messages": dict(run.readers.messages),
            "asked": dict(run.readers.asked),
            "megabytes": round(run.readers.received / 1e6, 1),
        },
        "met": {
            "latency": p99 * 1000 < P99_MS and not missed,
            "loop": worst.blocked * 1000 < BLOCKED_MS,
            "memory": flat < FLAT,
        },
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0, help="in which all phones move")
    parser.add_argument("--rounds", type=int, default=8, help="of two storms each")
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    with tempfile.TemporaryDirectory(prefix="pbxbridge-bench-") as folder:
        results = outcome(*asyncio.run(measured(Path(folder), options)))
    targets = {"latency_ms p99": P99_MS, "loop_ms blocked": BLOCKED_MS, "memory": FLAT}
    results = {"phones": options.phones, **results, "targets": targets}
    for what, value in results.items():
        print(f"{what:<30} {value}")
    print(f"written to {report.write('storm', results)}")


if __name__ == "__main__":
    main()
