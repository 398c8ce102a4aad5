"""Sending 1,000 queued voicemails by the outbox, against a bare loop of aiosmtplib.

Ours: from the start of the outbox to the last mail being stored as sent, its content deleted. The
mails are stored as the relay stores them, each with a recording of 100 kB; they belong to 50
mailboxes, or all to one (whose order is kept, so one goes after the other). Baseline, in turns with
it: the very same MIME, in memory already, by sendmail() over one connection. The server is one
process for all, and takes everything (mail_server.py).

SQLite writes with full sync, and PostgreSQL, which here is started for it, with fsync.

Then memory: how far storing and sending 100 MB of audio raises the peak of a process
(mail_memory.py).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import aiosmtplib
import asyncpg

from benchmarks import report
from benchmarks.mail_server import HOST, mail_server
from benchmarks.queued_mails import SENDER, queue_mails
from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.database import open_database
from pbxbridge.models.outbox import MailState, OutgoingMail
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.settings import LogSettings, SmtpSettings
from tests.db.mail_rows import running, whole_mail
from tests.rig.databases import ENGINES, Databases, Engine

TARGET = 0.8
SIZE = 100_000
MANY, ONE = 50, 1
# Recordings, and the bytes of each: 100 MB.
MEMORY_CASES = {
    "1000 x 100 kB": (1000, SIZE),
    "20 x 5 MB": (20, 5_000_000),
    "1 x 100 MB": (1, 10**8),
}


async def outbox_seconds(port: int) -> float:
    """Send what is queued in the open database; return the seconds."""
    left, bus = await OutgoingMail.all().count(), EventBus()
    with (
        closing(SmtpSender(SmtpSettings(host=HOST, port=port, sender=SENDER))) as sender,
        bus.subscribe(left + 1) as events,
    ):
        _settle()
        started = time.perf_counter()
        async with running(MailOutbox(bus, sender.send)):
            for _ in range(left):  # each tells of an outcome that is stored
                await events.get()
            seconds = time.perf_counter() - started
    assert not await OutgoingMail.exclude(state=MailState.SENT).exists()
    return seconds


async def bare_seconds(port: int, mails: list[tuple[str, bytes]]) -> float:
    """Send recipients' mails over one connection; return the seconds."""
    _settle()
    started = time.perf_counter()
    async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) as smtp:
        for recipient, content in mails:
            await smtp.sendmail(SENDER, recipient, content)
    return time.perf_counter() - started


async def measure(
    engine: Engine, databases: Databases, port: int, options: argparse.Namespace
) -> dict[str, object]:
    """Measure both in turns, on one engine."""
    ways = {"many": MANY, "one": ONE}
    templates = {
        way: await databases.template(
            engine, partial(queue_mails, options.mails, size=SIZE, mailboxes=mailboxes)
        )
        for way, mailboxes in ways.items()
    }
    bare: list[float] = []
    ours: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(options.rounds + 1):
        for way, template in templates.items():
            async with databases.copy(template) as url, open_database(url):
                if way == "many":
                    rows = await OutgoingMail.all().order_by("id")
                    mails = [(row.recipient, await whole_mail(row)) for row in rows]
                    other = await bare_seconds(port, mails)
                    del mails, rows
                seconds = await outbox_seconds(port)
            # The first round also imports modules and compiles statements; it is not counted.
            if number:
                ours[way].append(seconds)
        if number:
            bare.append(other)
    return {
        "bare": report.summary(bare),
        **{f"outbox_{way}": report.summary(some) for way, some in ours.items()},
        "speed_of_bare": _ratio(bare, ours["many"]),
        "speed_of_bare_one_mailbox": _ratio(bare, ours["one"]),
    }


async def memory(engine: Engine, databases: Databases, port: int) -> dict[str, object]:
    """Return by how many MB storing and sending raise the peak, for each case."""
    found: dict[str, object] = {}
    for name, (count, size) in MEMORY_CASES.items():
        async with databases.copy(await databases.template(engine)) as url:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.mail_memory"),
                *(url, str(port), str(count), str(size)),
                stdout=asyncio.subprocess.PIPE,
            )
            told, _ = await process.communicate()
            found[name] = json.loads(told)
    return found


async def _with_fsync(databases: Databases) -> None:
    """Have PostgreSQL write as a site's does: that of the tests needs not survive a power cut."""
    server = await databases.server()
    connection = await asyncpg.connect(server.url())
    for statement in (
        "ALTER SYSTEM SET fsync = on",
        "ALTER SYSTEM SET full_page_writes = on",
        "ALTER SYSTEM SET autovacuum = on",
    ):
        await connection.execute(statement)
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


def _settle() -> None:
    """Leave what was before out of the measurement."""
    gc.collect()


def _ratio(bare: list[float], ours: list[float]) -> float:
    return round(statistics.median(bare) / statistics.median(ours), 2)


async def main() -> None:
    """Measure on both engines, print the ratios, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    options = parser.parse_args()
    configure_logging(LogSettings(level="warning"))
    results: dict[str, object] = {"mails": options.mails, "recording_bytes": SIZE}
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            async with mail_server() as port:
                for engine in options.engine or ENGINES:
                    if engine == "postgres":
                        await _with_fsync(databases)
                    results[engine] = await measure(engine, databases, port, options)
                    results[f"{engine}_memory"] = await memory(engine, databases, port)
        finally:
            await databases.stop()
    for what, value in results.items():
        print(f"{what:<36} {value}")
    written = report.write("mail_outbox", results)
    print(f"written to {written} (speed_of_bare must be {TARGET} or more)")


if __name__ == "__main__":
    asyncio.run(main())
