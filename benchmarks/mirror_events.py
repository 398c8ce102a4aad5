"""A storm of 20,000 ContactStatus events, through the bridge's link and kept in its database.

Against two other readers of the same bytes from the same server, a process of its own that sends
as fast as it can: a bare splitter, an asyncio.Protocol that makes a dictionary of each message and
drops it, and stock panoramisk with one callback that counts. They take turns, so that what else the
machine does hits all of them.

The events are of 100 endpoints, each of them a change of state. The bridge's time ends when the
last state is committed. The event loop is watched meanwhile: `blocked` is the longest time in which
nobody else had a turn. One bridge knows those 100 endpoints and another 100,000. A third one gets
another storm, of 10,000 endpoints that fall silent and come back: each of the 20,000 changes is
told and kept, where of many changes of one endpoint within 50 ms the last is.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

from panoramisk import Manager
from pydantic import SecretStr

from ami_handlers import HANDLERS
from benchmarks import report
from benchmarks.ami_storm import storm_server
from benchmarks.population import numbers
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.events import EventBus
from pbxbridge.mirror.ami_event import Handler
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.watchers import Watchers
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.node import StoredState
from pbxbridge.services.nodes import ensure_nodes
from pbxbridge.services.states.node_states import NodeStates, take_over
from pbxbridge.settings import NodeSettings
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET

OF_SPLITTER, OF_PANORAMISK, OF_SMALL, BLOCKED_MS = 0.5, 2.0, 1.2, 50
SMALL, LARGE, SPREAD = "100 known", "100,000 known", "10,000 known, each twice"
SPLITTER, PANORAMISK = "bare splitter", "panoramisk"
_REQUEST = b"Action: Storm\r\nActionID: 1\r\n\r\n"
_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Site:
    """How many endpoints are known, and of how many the events are."""

    known: int
    endpoints: int


SITES = {SMALL: Site(100, 100), LARGE: Site(100_000, 100), SPREAD: Site(10_000, 10_000)}


class Splitter(asyncio.Protocol):
    """Makes a dictionary of each message, and nothing of that."""

    def __init__(self) -> None:
        self.calm = asyncio.Event()
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        whole, end, self._unread = (self._unread + data).rpartition(_END)
        if not end:
            return
        event: dict[str, str] = {}
        for message in whole.decode().split("\r\n\r\n"):
            event = dict(line.split(": ", 1) for line in message.split("\r\n"))
        if event.get("Event") == "Calm":
            self.calm.set()


@asynccontextmanager
async def splitter(port: int) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Give what has a bare splitter receive a storm."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()  # the banner, which is no message
    transport, protocol = writer.transport, Splitter()
    transport.set_protocol(protocol)

    async def receive() -> None:
        protocol.calm.clear()
        transport.write(_REQUEST)
        await protocol.calm.wait()

    try:
        yield receive
    finally:
        transport.abort()


@asynccontextmanager
async def panoramisk(port: int) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Give what has stock panoramisk receive a storm."""
    manager = Manager(host="127.0.0.1", port=port, username="bridge", secret=SECRET)
    counted, calm = 0, asyncio.Event()

    def count(_manager: object, _event: object) -> None:
        nonlocal counted
        counted += 1

    manager.register_event("ContactStatus", count)
    manager.register_event("Calm", lambda *_: calm.set())
    await manager.connect()

    async def receive() -> None:
        calm.clear()
        await manager.send_action({"Action": "Storm"})
        await calm.wait()

    try:
        yield receive
    finally:
        manager.close()


@dataclass
class Bridge:
    """A link with everything behind it, as the service wires it for one node."""

    link: AmiLink
    mirror: Mirror
    states: NodeStates
    calm: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> None:
        """Have a storm handled and stored."""
        self.calm.clear()
        await self.link.action("Storm")
        await self.calm.wait()
        self.mirror.flush()
        await self.states.flush()


@asynccontextmanager
async def bridge(node: str, known: int, port: int) -> AsyncIterator[Bridge]:
    """Run a bridge's link to the server, once its first snapshot is stored."""
    states = NodeStates(node, await take_over(node), [])
    mirror = Mirror(node, Watchers(Board(EventBus(), [node]), states))
    await mirror.track_all({str(number): True for number in numbers(known)})
    calm = asyncio.Event()

    def calmed(_mirror: Mirror) -> None:
        calm.set()

    settings = NodeSettings(ami_port=port, ami_user="bridge", ami_secret=SecretStr(SECRET))
    link = AmiLink(settings, mirror, {**HANDLERS, "Calm": Handler(calmed, ())})
    tasks = [asyncio.create_task(link.run()), asyncio.create_task(states.run())]
    try:
        await eventually(lambda: mirror.link.up, 60)
        await states.flush()
        yield Bridge(link, mirror, states, calm)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class Watch:
    """How long the event loop let nobody else have a turn."""

    def __init__(self) -> None:
        self.blocked = 0.0

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            before = perf_counter()
            await asyncio.sleep(0.002)
            self.blocked = max(self.blocked, perf_counter() - before - 0.002)


class Took(NamedTuple):
    """Seconds by the clock and of this process, and the longest in which the loop was blocked."""

    seconds: float
    busy: float
    blocked: float


async def timed(receive: Callable[[], Awaitable[None]]) -> Took:
    """Return what it takes."""
    gc.collect()
    watch = Watch()
    watching = asyncio.create_task(watch.run())
    started, busy = perf_counter(), process_time()
    await receive()
    took, busy = perf_counter() - started, process_time() - busy
    await asyncio.sleep(0.01)
    watching.cancel()
    return Took(took, busy, watch.blocked)


async def measured(folder: Path, events: int, rounds: int) -> dict[str, list[Took]]:
    """Return what each reader took in each round, by name."""
    url = f"sqlite://{folder / 'pbxbridge.sqlite3'}"
    await migrate(url)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(url))
        await ensure_nodes(list(SITES))
        readers: dict[str, Callable[[], Awaitable[None]]] = {}
        for name, site in SITES.items():
            port = await stack.enter_async_context(storm_server(site.known, site.endpoints, events))
            if name == SMALL:
                readers[SPLITTER] = await stack.enter_async_context(splitter(port))
                readers[PANORAMISK] = await stack.enter_async_context(panoramisk(port))
            part = await stack.enter_async_context(bridge(name, site.known, port))
            readers[name] = part.receive
        took: dict[str, list[Took]] = {name: [] for name in readers}
        # The last storm leaves the database busy for a while, so it has rounds of its own.
        for turns in (readers.keys() - {SPREAD}, {SPREAD}):
            for _ in range(rounds + 1):
                for name in (name for name in readers if name in turns):
                    took[name].append(await timed(readers[name]))
        for name, site in SITES.items():
            stored = StoredState.filter(node=name, status=Status.OK)
            assert await stored.count() == site.known, name
    return {name: some[1:] for name, some in took.items()}


def ratios(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers that there are targets for; what is over 1 is faster."""
    small = seconds[SMALL]
    return {
        "of the bare splitter": round(seconds[SPLITTER] / small, 2),
        "of panoramisk": round(seconds[PANORAMISK] / small, 2),
        "cost at 100,000 known, of that at 100": round(seconds[LARGE] / small, 2),
        "each told and kept, of the bare splitter": round(seconds[SPLITTER] / seconds[SPREAD], 2),
    }


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pbxbridge-bench-") as folder:
        took = asyncio.run(measured(Path(folder), options.events, options.rounds))
    seconds = {name: statistics.median(one.seconds for one in some) for name, some in took.items()}
    busy = {name: statistics.median(one.busy for one in some) for name, some in took.items()}
    blocked = {name: max(one.blocked for one in some) for name, some in took.items()}
    results: dict[str, object] = {
        "events": options.events,
        "rounds": options.rounds,
        "events_per_second": {name: round(options.events / some) for name, some in seconds.items()},
        "ratios": ratios(seconds),
        "ratios of processor time": ratios(busy),
        "blocked_ms": {name: round(1000 * some, 1) for name, some in blocked.items()},
        "targets": {
            "of the bare splitter": OF_SPLITTER,
            "of panoramisk": OF_PANORAMISK,
            "cost at 100,000 known, of that at 100": OF_SMALL,
            "blocked_ms": BLOCKED_MS,
        },
    }
    for what, value in results.items():
        print(f"{what:<20} {value}")
    print(f"written to {report.write('mirror_events', results)}")


if __name__ == "__main__":
    main()
