"""One save at 100,000 extensions, against one at 100 in the same run; and the rows that it writes.

Two real bridges, each in a process of its own on a database of its size, are sent the editor's form
in turns, so that what else the machine does hits both: a change of the caller ID name, a creation,
and a save that changes nothing. Opening the editor is measured beside that, since a change begins
with it.

Then the rows of a save are counted by SQLite, on the larger database (rows_written.py), and stand
beside those that the change must touch.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

from pydantic import SecretStr

from benchmarks import report
from benchmarks.editor_form import filled_in
from benchmarks.population import PIN
from benchmarks.portal_process import Portal, running_portal
from benchmarks.rows_written import Written, rows_written
from benchmarks.varied import ADMIN, contacts_of, device_of, make_database, number_of
from pbxbridge.log import configure_logging
from pbxbridge.service import running
from pbxbridge.settings import DatabaseSettings, LogSettings, Settings, WebSettings
from tests.rig.portal_client import NEW_PASSWORD, PortalClient, portal_client

TARGET = 1.3
TARGET_NAME = "one save at {large:,} within {times} x of one at {small:,}"
CHANGE, CREATE, NOTHING, OPEN = "change", "create", "save without a change", "open the editor"

# The rows that each save must touch. A name stands in four places: the portal's list, the caller ID
# that Asterisk sends, the greeting's owner, and the record of who changed it.
MUST: dict[str, Counter[str]] = {
    CHANGE: Counter(
        {
            "portal_extensions UPDATE": 1,
            "ps_endpoints UPDATE": 1,
            "voicemail UPDATE": 1,
            "portal_audit INSERT": 1,
        }
    ),
    # A SIP phone with a mailbox: what Asterisk reads of it, and one more licence in use.
    CREATE: Counter(
        {
            "portal_extensions INSERT": 1,
            "ps_aors INSERT": 1,
            "ps_auths INSERT": 1,
            "ps_endpoints INSERT": 1,
            "extensions INSERT": 1,
            "voicemail INSERT": 1,
            "portal_audit INSERT": 1,
            "portal_licence_use UPDATE": 1,
        }
    ),
    NOTHING: Counter(),
}


class Saves:
    """The saves of one run, each of another extension: the same sequence at every size."""

    def __init__(self, count: int, seed: int = 1) -> None:
        places = [p for p in range(count) if device_of(p) == "SIP" and p % 3]
        random.Random(seed).shuffle(places)  # noqa: S311 - the same order in every run
        self._numbers = self._cycle([number_of(place) for place in places])
        self._new = count * seed
        self._tries = 0

    def next_number(self) -> str:
        """Return an extension with a phone and a mailbox."""
        return next(self._numbers)

    def new_number(self) -> str:
        """Return a number that is free."""
        self._new += 1
        return number_of(self._new)

    def new_name(self) -> str:
        """Return a name that nobody has yet."""
        self._tries += 1
        return f"Renamed {self._tries}"

    @staticmethod
    def _cycle(numbers: list[str]) -> Iterator[str]:
        while True:
            yield from numbers


async def one_round(portal: Portal, saves: Saves) -> dict[str, float]:
    """Return the seconds of each thing once."""
    took = {}
    number = saves.next_number()
    took[OPEN], page = await portal.get(f"/extensions/{number}/edit")
    form = filled_in(page)
    changed = {**form, "caller_id_name": saves.new_name()}
    took[CHANGE], _ = await portal.post(f"/extensions/{number}", changed)
    _, page = await portal.get(f"/extensions/{number}/edit")
    took[NOTHING], _ = await portal.post(f"/extensions/{number}", filled_in(page))
    took[CREATE], _ = await portal.post("/extensions", new_extension(saves))
    return took


def new_extension(saves: Saves) -> dict[str, str]:
    """Return the form of an extension with a phone and a mailbox."""
    return {
        "number": saves.new_number(),
        "device_type": "SIP",
        "caller_id_name": "Brand new",
        "class_of_service": "internal",
        "monitored": "on",
        "voicemail": "on",
        "voicemail_pin": PIN,
    }


async def counted(database: Path, count: int) -> dict[str, Written]:
    """Return what each save writes, on a bridge in this process, whose connection can be asked."""
    settings = Settings(
        database=DatabaseSettings(url=SecretStr(f"sqlite://{database}")), web=WebSettings(port=0)
    )
    saves = Saves(count, seed=2)
    async with running(settings) as address, portal_client(address) as client:
        await client.post("/sign-in", login=ADMIN, password=NEW_PASSWORD)

        async def sent(client: PortalClient, path: str, form: dict[str, str]) -> None:
            status, text = await client.post(path, **form)
            if status != 200:
                raise RuntimeError(f"{path}: {status} {text[:2000]}")

        async def change() -> None:
            number = saves.next_number()
            form = filled_in(await client.page(f"/extensions/{number}/edit"))
            form["caller_id_name"] = saves.new_name()
            await sent(client, f"/extensions/{number}", form)

        async def nothing() -> None:
            number = saves.next_number()
            form = filled_in(await client.page(f"/extensions/{number}/edit"))
            await sent(client, f"/extensions/{number}", form)

        async def create() -> None:
            await sent(client, "/extensions", new_extension(saves))

        # The first asks for what the session needs, such as its token against forged forms.
        await nothing()
        return {
            CHANGE: await rows_written(change),
            CREATE: await rows_written(create),
            NOTHING: await rows_written(nothing),
        }


def compared(what: str, written: Written) -> dict[str, object]:
    """Return the count of one save beside what it must touch."""
    return {
        "must": dict(MUST[what]),
        "written": dict(written.rows),
        "written_with_the_same_values": dict(written.unchanged),
        "rows": written.rows.total(),
        "rows_of_search_index": written.of_search_index,
        "as_it_must_be": written.rows == MUST[what] and not written.unchanged,
    }


def show_rows(what: str, written: Written) -> None:
    """Print the count of one save."""
    must = MUST[what]
    print(f"{what}: must {must.total()}, written {written.rows.total()}", end="")
    print(f", of these set to what they were {written.unchanged.total()}")
    for key in sorted(must.keys() | written.rows.keys()):
        print(f"    {key:<32}must {must[key]}  written {written.rows[key]}")
    if written.of_search_index:
        print(f"    and {written.of_search_index} in the tables of the search index (FTS5's own)")


async def main() -> None:
    """Measure in turns, count, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    sizes = (options.small, options.large)
    took: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
    with tempfile.TemporaryDirectory() as name:
        files = {size: Path(name, str(size), "pbxbridge.sqlite3") for size in sizes}
        async with AsyncExitStack() as stack:
            portals = {}
            for size, file in files.items():
                file.parent.mkdir()
                password = await make_database(file, size)
                running_one = running_portal(file, password, contacts_of(size))
                portals[size] = await stack.enter_async_context(running_one)
            saves = {size: Saves(size) for size in sizes}
            # What making them left behind in this process is no part of a save.
            gc.collect()
            gc.freeze()
            for number in range(options.rounds + 1):
                # Neither is always the one that comes right after the other.
                for size in sizes if number % 2 else reversed(sizes):
                    for what, spent in (await one_round(portals[size], saves[size])).items():
                        # The first round compiles templates and statements; it is not counted.
                        if number:
                            took[size].setdefault(what, []).append(spent)
        rows = await counted(files[options.large], options.large)
    target = TARGET_NAME.format(large=options.large, small=options.small, times=TARGET)
    print(f"{target}\n")
    timed: dict[str, object] = {}
    for what in (CHANGE, CREATE, NOTHING, OPEN):
        few, many = (report.summary(took[size][what]) for size in sizes)
        ratios = {key: round(many[f"{key}_ms"] / few[f"{key}_ms"], 2) for key in ("median", "p95")}
        timed[what] = {"small": few, "large": many, "ratios": ratios}
        print(f"{what}\n    {options.small:>9,}  {few}\n    {options.large:>9,}  {many}")
        missed = "" if what == OPEN or ratios["median"] <= TARGET else "  missed"
        print(f"    ratio      {ratios}{missed}")
    print(f"\nrows written = rows changed, counted at {options.large:,}\n")
    for what, written in rows.items():
        show_rows(what, written)
    results: dict[str, object] = {
        "target": target,
        "saves": timed,
        "rows": {what: compared(what, written) for what, written in rows.items()},
    }
    print(f"\nwritten to {report.write('save_at_size', results)}")


if __name__ == "__main__":
    asyncio.run(main())
