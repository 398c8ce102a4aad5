"""The Extensions list page at 100,000 extensions, against the same page at 1,000 in the same run.

Two real bridges, each in a process of its own on a database of its size, are asked over HTTP in
turns, so that what else the machine does hits both. Each page is asked as a browser asks for it
(page) and as htmx does while somebody types or chooses a filter (part): the part is the list alone,
without the frame around it.

Both show as many rows of a page: a full page of 50, or what `shown` says.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import report
from benchmarks.portal_process import ROW, Portal, running_portal
from benchmarks.varied import SPECIAL_NAME, SPECIAL_USER, contacts_of, make_database
from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings

TARGET = 1.5
TARGET_NAME = "list page with filter at {large:,} within 1.5 x of the same page at {small:,}"
HTMX = {"HX-Request": "true"}
KINDS: Mapping[str, Mapping[str, str] | None] = {"page": None, "part": HTMX}

# What varied.py has as often at every size is named so; the rest are shares of the whole.
PAGES: dict[str, dict[str, str]] = {
    "no filter": {},
    "search, 8 match by name": {"search": SPECIAL_NAME},
    "search of 2 letters, 8 match": {"search": SPECIAL_NAME[:2]},
    "search, about 100 match by number": {"search": "1009"},
    "search, a ninth matches": {"search": "hopper"},
    "search, all match": {"search": "desk"},
    "search of 1 letter, all match": {"search": "1"},
    "search, nothing matches": {"search": "nobody"},
    "device type, 10 %": {"device_type": "IAX2"},
    "device type, 70 %": {"device_type": "SIP"},
    "class of service, 10 %": {"class_of_service": "visitors"},
    "class of service, 60 %": {"class_of_service": "internal"},
    "user with 60 extensions": {"user": SPECIAL_USER},
    "state, 60 are unreachable": {"state": "UNREACHABLE"},
    "state, 60 % are OK": {"state": "OK"},
    "state, 10 % are unmonitored": {"state": "UNMONITORED"},
    "state, 36 % are not registered": {"state": "BLANK"},
    "sorted by name": {"sort": "caller_id_name"},
    "sorted by name, last first": {"sort": "-caller_id_name"},
    "device type, sorted by name": {"device_type": "IAX2", "sort": "caller_id_name"},
    "search and class": {"search": "hopper", "class_of_service": "internal"},
    "state and device type": {"state": "UNREACHABLE", "device_type": "SIP"},
    "all filters": {
        "search": "desk",
        "state": "OK",
        "device_type": "SIP",
        "class_of_service": "office",
        "sort": "caller_id_name",
    },
}


async def measured(
    small: Portal, large: Portal, rounds: int
) -> dict[tuple[str, str], dict[str, object]]:
    """Return what each page took, by its name and kind."""
    seconds: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    shown: dict[tuple[str, str], int] = {}
    for number in range(rounds + 1):
        for name, query in PAGES.items():
            path = f"/extensions?{urlencode(query)}"
            for kind, headers in KINDS.items():
                # Neither is always the one that comes right after the other.
                turns = ((0, small), (1, large)) if number % 2 else ((1, large), (0, small))
                took = seconds.setdefault((name, kind), ([], []))
                for which, portal in turns:
                    spent, text = await portal.get(path, headers)
                    rows = text.count(ROW)
                    if shown.setdefault((name, kind), rows) != rows:
                        raise RuntimeError(f"{name}: {rows} rows here, {shown[name, kind]} there")
                    # The first round compiles templates and statements; it is not counted.
                    if number:
                        took[which].append(spent)
    return {key: _row(shown[key], *took) for key, took in seconds.items()}


def _row(shown: int, small: list[float], large: list[float]) -> dict[str, object]:
    few, many = report.summary(small), report.summary(large)
    ratio = round(many["median_ms"] / few["median_ms"], 2)
    return {
        "shown": shown,
        "small": few,
        "large": many,
        "ratio": ratio,
        # What a busy machine adds is never negative: where this meets the target and the median
        # does not, it was the machine.
        "ratio_of_fastest": round(min(large) / min(small), 2),
        "met": ratio <= TARGET,
    }


async def main() -> None:
    """Make both, measure in turns, print the ratios, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        portals = []
        for count in (options.small, options.large):
            own = folder / str(count)
            own.mkdir()
            database = own / "pbxbridge.sqlite3"
            password = await make_database(database, count)
            running = running_portal(database, password, contacts_of(count))
            portals.append(await stack.enter_async_context(running))
        # What making them left behind in this process is no part of a page.
        gc.collect()
        gc.freeze()
        results = await measured(portals[0], portals[1], options.rounds)
    target = TARGET_NAME.format(large=options.large, small=options.small)
    print(f"{target}\n")
    sizes = f"{options.small:>10,}{options.large:>10,}"
    print(f"{'median ms':<42}{'shown':>6}{sizes}{'ratio':>8}{'of fastest':>12}")
    for (name, kind), row in results.items():
        few, many = (row[size]["median_ms"] for size in ("small", "large"))  # type: ignore[index]
        ratios = f"{row['ratio']:>8}{row['ratio_of_fastest']:>12}"
        mark = "" if row["met"] else "  missed"
        print(f"{name:<36} {kind:<5}{row['shown']:>6}{few:>10}{many:>10}{ratios}{mark}")
    pages = {f"{name} ({kind})": row for (name, kind), row in results.items()}
    path = report.write(
        "extension_list",
        {"target": target, "small": options.small, "large": options.large, "pages": pages},
    )
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    asyncio.run(main())
