"""Importing 10,000 new extensions from a CSV file, against the same rows by bare executemany.

Ours: the file's bytes until the commit: parse, check, prepare, write, with audit and all else that
a save writes. Baseline, in turns with it on the same engine and the same machine: the very rows
that the import left in each table, in one transaction of the sqlite3 module with one executemany
for each table, on a fresh file as the bridge prepares it, with WAL and full sync.

That file has an index for the search, which the baseline fills row by row, by its trigger, and the
import at once. So the baseline is also measured on a file without that index: there it writes less
than the import does, and nothing has to be read, checked or made from anything.

How long others wait to write, Asterisk above all, is measured in a round of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from pathlib import Path

from pydantic import SecretStr

from benchmarks import report
from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.models.database import open_database
from pbxbridge.service import prepare
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.licences import Licences
from pbxbridge.services.transfer.plan import Action
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.settings import DatabaseSettings, LogSettings, Settings

FIRST = 100_000
COLUMNS = (
    "number,device_type,caller_id_name,class_of_service,voicemail,voicemail_pin,voicemail_email,"
    "mac,phone_make,phone_model"
)
# In an order that satisfies the foreign keys. Keys that the database counts up are left to it.
TABLES = {
    "portal_extensions": "id",
    "ps_aors": None,
    "ps_auths": None,
    "ps_endpoints": None,
    "extensions": "id",
    "voicemail": "uniqueid",
    "portal_audit": "id",
}
ROWS_EACH = len(TABLES)

Rows = dict[str, tuple[str, list[tuple[object, ...]]]]


def csv_file(count: int) -> bytes:
    """Return a file of new extensions, each with a phone and a mailbox."""
    rows = [
        f"{number},SIP,Person {number},internal,yes,8642,person{number}@example.com,"
        f"{number:012x},Yealink,T54W"
        for number in range(FIRST, FIRST + count)
    ]
    return "\r\n".join((COLUMNS, *rows)).encode()


async def import_file(database: Path, data: bytes) -> tuple[float, float]:
    """Import into the database; return the seconds of it all, and those of the check alone."""
    async with open_database(f"sqlite://{database}"):
        transfer = Transfer(EventBus(), SiteDefaults(60, 20), Licences(None))
        _settle()
        started = time.perf_counter()
        plan = await transfer.plan(data)
        checked = time.perf_counter()
        done = await transfer.apply(Actor("admin", "127.0.0.1"), plan)
        seconds = time.perf_counter() - started
    if plan.errors or done.created != plan.counts[Action.CREATE]:
        raise RuntimeError(f"the import failed: {plan.errors[:1]}")
    return seconds, checked - started


def write_bare(database: Path, rows: Rows) -> float:
    """Write prepared rows; return the seconds."""
    connection = _connected(database)
    _settle()
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for statement, some in rows.values():
        connection.executemany(statement, some)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def without_search(empty: Path, path: Path) -> Path:
    """Return a copy of the database that has no index for the search."""
    shutil.copy(empty, path)
    connection = _connected(path)
    for trigger in ("insert", "update", "delete"):
        connection.execute(f"DROP TRIGGER IF EXISTS portal_extension_search_{trigger}")
    connection.close()
    return path


def rows_of(database: Path) -> Rows:
    """Return what an import wrote, with the statement that writes it."""
    connection = _connected(database)
    rows: Rows = {}
    for table, counted in TABLES.items():
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        columns = [name for name in names if name != counted]
        some = connection.execute(f"SELECT {','.join(columns)} FROM {table} ORDER BY rowid")  # noqa: S608
        places = ",".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({','.join(columns)}) VALUES ({places})"  # noqa: S608
        rows[table] = (statement, some.fetchall())
    connection.close()
    return rows


async def wait_of_others(database: Path, data: bytes) -> float:
    """Import; return how many seconds another process waited at most until it could write."""
    stop, waits = threading.Event(), [0.0]

    def keep_writing() -> None:
        connection = _connected(database)
        while not stop.is_set():
            started = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            waits.append(time.perf_counter() - started)
            connection.execute("ROLLBACK")
            time.sleep(0.01)
        connection.close()

    other = threading.Thread(target=keep_writing, name="asterisk")
    other.start()
    try:
        await import_file(database, data)
    finally:
        stop.set()
        other.join()
    return max(waits)


async def migrated(path: Path) -> Path:
    """Return an empty database, as the bridge prepares it."""
    url = SecretStr(f"sqlite://{path}")
    await prepare(Settings(database=DatabaseSettings(url=url)))
    return path


def _settle() -> None:
    """Leave what was before out of the measurement: garbage, and pages not yet on the disk."""
    gc.collect()
    gc.freeze()


def _connected(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None, timeout=60)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


async def main() -> None:
    """Measure both in turns, print the ratio, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extensions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    data = csv_file(options.extensions)
    ours, checks, bare, barest = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = await migrated(folder / "empty.sqlite3")
        for number in range(options.rounds + 1):
            own = folder / str(number)
            own.mkdir()
            database = Path(shutil.copy(empty, own / "ours.sqlite3"))
            seconds, check = await import_file(database, data)
            rows = rows_of(database)
            other = write_bare(Path(shutil.copy(empty, own / "bare.sqlite3")), rows)
            least = write_bare(without_search(empty, own / "least.sqlite3"), rows)
            shutil.rmtree(own)
            # The first round also imports modules and compiles statements; it is not counted.
            if number:
                ours.append(seconds)
                checks.append(check)
                bare.append(other)
                barest.append(least)
        waited = await wait_of_others(Path(shutil.copy(empty, folder / "wait.sqlite3")), data)
    results: dict[str, object] = {
        "extensions": options.extensions,
        "rows": sum(len(some) for _, some in rows.values()),
        "import": report.summary(ours),
        "check_alone": report.summary(checks),
        "bare_executemany": report.summary(bare),
        "bare_without_search_index": report.summary(barest),
        "others_wait_ms": round(waited * 1000, 1),
    }
    median = statistics.median(ours)
    results["speed_of_bare"] = round(statistics.median(bare) / median, 2)
    results["speed_of_bare_without_search_index"] = round(statistics.median(barest) / median, 2)
    for what, value in results.items():
        print(f"{what:<36} {value}")
    print(f"written to {report.write('csv_import', results)} (speed_of_bare must be 0.5 or more)")


if __name__ == "__main__":
    asyncio.run(main())
