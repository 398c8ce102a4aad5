"""How long until the mirror is fresh again after the link was lost, at 10,000 registered endpoints.

Against what AMI itself takes: a bare reader that connects, logs in and reads the same two lists,
making a dictionary of each message and dropping it. They take turns. The target is
for a real Asterisk, whose contacts are put into its database by AMI: with 10,000 that are there
before, it takes minutes to boot. What the bridge itself adds is seen on a fake Asterisk, which
sends what it has ready, many times as fast as a real one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pydantic import SecretStr

from ami_handlers import HANDLERS
from benchmarks import report
from benchmarks.ami_storm import storm_server, uri_of
from benchmarks.population import numbers, populate
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.ami_connection import open_connection
from pbxbridge.asterisk.follow_up import contact_key
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.realtime import PsAor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.licences import count_licences
from pbxbridge.settings import NodeSettings
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET
from tests.rig.asterisk import AsteriskInstance

TARGET = 1.5
_LISTS = ("PJSIPShowRegistrationInboundContactStatuses", "IAXpeerlist")
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Ami:
    """Where an AMI listens, and who may log in."""

    port: int
    user: str
    secret: str


async def bare(ami: Ami) -> int:
    """Read both lists; return how many messages that were."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ami.port, limit=1 << 20)
    login = f"Username: {ami.user}\r\nSecret: {ami.secret}\r\nEvents: off\r\n\r\n"
    lists = "".join(f"Action: {action}\r\nActionID: 1\r\n\r\n" for action in _LISTS)
    writer.write(f"Action: Login\r\nActionID: 0\r\n{login}{lists}".encode())
    await reader.readline()  # the banner
    count, complete, unread = 0, 0, b""
    while complete < len(_LISTS):
        whole, end, unread = (unread + await reader.read(1 << 18)).rpartition(_END)
        for message in whole.decode().split("\r\n\r\n") if end else []:
            event = dict(line.split(": ", 1) for line in message.split("\r\n"))
            complete += event.get("EventList") == "Complete"
            count += 1
    writer.close()
    return count


async def resync(ami: Ami, mirror: Mirror) -> None:
    """Connect a bridge's link anew, until its mirror is fresh."""
    settings = NodeSettings(ami_port=ami.port, ami_user=ami.user, ami_secret=SecretStr(ami.secret))
    link = asyncio.create_task(AmiLink(settings, mirror, HANDLERS).run())
    await eventually(lambda: mirror.link.up, 120)
    link.cancel()
    await asyncio.wait({link})


async def measured(ami: Ami, count: int, rounds: int, shown: Status) -> dict[str, object]:
    """Return the seconds of both, and their ratio."""
    mirror = Mirror("asterisk", Board(EventBus(), ["asterisk"]))
    await mirror.track_all(dict.fromkeys(map(str, numbers(count)), shown is Status.OK))
    took: dict[str, list[float]] = {"ami alone": [], "bridge": []}
    for _ in range(rounds + 1):
        started = perf_counter()
        assert await bare(ami) >= count
        took["ami alone"].append(perf_counter() - started)
        started = perf_counter()
        await resync(ami, mirror)
        took["bridge"].append(perf_counter() - started)
    assert all(mirror.state_of(str(number)).status is shown for number in numbers(count))
    return compared({name: some[1:] for name, some in took.items()})


def compared(took: dict[str, Sequence[float]] | dict[str, list[float]]) -> dict[str, object]:
    """Return medians in milliseconds, and what the bridge takes of what AMI takes."""
    ratio = statistics.median(took["bridge"]) / statistics.median(took["ami alone"])
    return {
        **{name: report.summary(some) for name, some in took.items()},
        "bridge / ami alone": round(ratio, 2),
    }


@asynccontextmanager
async def real_asterisk(folder: Path, count: int) -> AsyncIterator[Ami]:
    """Run a real Asterisk with so many endpoints, each with a contact that is not qualified."""
    database = folder / "pbxbridge.sqlite3"
    url = f"sqlite://{database}"
    await migrate(url)
    async with open_database(url):
        await ensure_built_in()
        await count_licences()
        await populate(count)
        await PsAor.all().update(qualify_frequency=0)
    async with AsteriskInstance(folder / "asterisk", database, start_seconds=300) as asterisk:
        ami = Ami(asterisk.ports.ami, asterisk.ami_user, asterisk.ami_secret)
        await register(ami, count)
        yield ami


async def register(ami: Ami, count: int) -> None:
    """Put so many registered phones into Asterisk's database."""
    async with open_connection("127.0.0.1", ami.port, 60) as connection:
        await connection.action("Login", Username=ami.user, Secret=ami.secret, Events="off")
        for key, value in contacts(count):
            put = await connection.action("DBPut", Family="registrar/contact", Key=key, Val=value)
            assert put.success, put.message


def contacts(count: int) -> list[tuple[str, str]]:
    """Return the rows of Asterisk's database of so many registered phones."""
    rows = []
    for number in numbers(count):
        aor, uri = str(number), uri_of(number)
        value = {
            "uri": uri,
            "endpoint": aor,
            "expiration_time": "4102444800",
            "user_agent": "A phone",
        }
        rows.append((contact_key(aor, uri), json.dumps(value)))
    return rows


async def everything(count: int, on_asterisk: int, rounds: int) -> dict[str, object]:
    """Return what was measured on both."""
    async with storm_server(count, 1, 1) as port:
        fake = await measured(Ami(port, "bridge", SECRET), count, rounds, Status.OK)
    with tempfile.TemporaryDirectory(prefix="pbxbridge-bench-") as folder:
        async with real_asterisk(Path(folder), on_asterisk) as ami:
            asterisk = await measured(ami, on_asterisk, rounds, Status.UNMONITORED)
    return {
        f"fake, {count:,} endpoints": fake,
        f"Asterisk, {on_asterisk:,} endpoints": asterisk,
        "target": TARGET,
    }


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=10_000)
    parser.add_argument("--on-asterisk", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    results = asyncio.run(everything(options.endpoints, options.on_asterisk, options.rounds))
    for what, value in results.items():
        print(f"{what:<28} {value}")
    print(f"written to {report.write('mirror_resync', results)}")


if __name__ == "__main__":
    main()
