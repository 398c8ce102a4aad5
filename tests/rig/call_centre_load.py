"""A call centre under load: agents at phones that SIPp answers, callers by SIPp, one who watches.

What the watcher at the wallboard's stream is shown is compared with what AMI told, and the totals
with the file queue_log, which Asterisk writes beside the table.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from pbxbridge.asterisk.ami_connection import open_connection
from pbxbridge.asterisk.ami_login import login
from pbxbridge.asterisk.ami_message import event_name, headers_of
from pbxbridge.models.realtime import PsAor, PsEndpoint
from pbxbridge.services.call_centre.agents import Agents
from pbxbridge.services.call_centre.queues import Queues
from tests.eventually import eventually
from tests.rig.loaded_pbx import CALLER, LoadedAsterisk
from tests.rig.portal_client import PortalClient
from tests.rig.sipp import SippPhone, SippResult, run_sipp
from tests.rig.system import TESTER, System, running_system

PIN = "4321"
QUALIFY_SECONDS = 60
# What a tile says of a queue's day.
_FIGURE = re.compile(r"<dt>(Answered|Abandoned)</dt><dd>(\d+)</dd>")
_EVENTS = {"AgentConnect": "Answered", "QueueCallerAbandon": "Abandoned"}
_LOGGED = {"CONNECT": "Answered", "ABANDON": "Abandoned"}
SIGN_IN_SECONDS = 120.0
SETTLE_SECONDS = 15.0

Figures = Mapping[str, Mapping[str, int]]


@dataclass
class Watched:
    """When each change was told by AMI, and when the wallboard first showed as much.

    Both by queue and figure; the n-th entry is of its n-th call.
    """

    told: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def delays(self) -> list[float]:
        """Return how much later each was shown, in seconds."""
        return [
            max(0.0, seen - told)
            for key, moments in self.told.items()
            for told, seen in zip(moments, self.shown[key], strict=False)
        ]

    def figures(self) -> Figures:
        """Return what the wallboard shows at last, without what is 0."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (queue, figure), moments in self.shown.items():
            found[queue][figure] = len(moments)
        return dict(found)


@dataclass
class LoadedCentre:
    """A running call centre; queues that nobody serves are ``deserted``."""

    system: System
    portal: aiohttp.ClientSession
    queues: Mapping[str, str]
    secret: str

    async def calls(self, *, rate: float, seconds: float, hold_ms: int) -> list[SippResult]:
        """Call all queues alike, ``rate`` calls in a second together; each lasts ``hold_ms``."""
        each = rate / len(self.queues)
        target = ("127.0.0.1", self.system.asterisk.ports.sip)
        runs = [
            run_sipp(
                "uac_registered",
                target,
                calls=max(1, round(each * seconds)),
                rate=each,
                number=number,
                user=CALLER,
                secret=self.secret,
                hold_ms=hold_ms,
            )
            for number in self.queues.values()
        ]
        return await asyncio.gather(*runs)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Watched]:
        """Listen to AMI and to the wallboard's stream for the length of the block."""
        watched = Watched()
        tasks = [
            asyncio.create_task(_listen(self.system, watched)),
            asyncio.create_task(_watch(self.portal, watched)),
        ]
        try:
            yield watched
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    def logged(self) -> Figures:
        """Return what the file queue_log says, without what is 0."""
        text = (self.system.asterisk.folder / "log" / "queue_log").read_text(encoding="utf-8")
        return _by_queue(line.split("|") for line in text.splitlines())

    async def settled(self, watched: Watched, calls: int) -> Figures:
        """Wait until queue_log has the end of so many calls, and the wallboard shows the same.

        Returns what queue_log says then, or after a while.
        """

        def is_settled() -> bool:
            logged = self.logged()
            ended = sum(sum(figures.values()) for figures in logged.values())
            return ended == calls and watched.figures() == logged

        with suppress(AssertionError):
            await eventually(is_settled, SETTLE_SECONDS)
        return self.logged()


@asynccontextmanager
async def running_centre(
    folder: Path, *, agents: int, queues: int, deserted: int = 1, each_in: int = 2
) -> AsyncIterator[LoadedCentre]:
    """Run it: that many agents, logged in, each in ``each_in`` of the queues that are served."""
    async with SippPhone() as phone, running_system(folder, kind=LoadedAsterisk) as system:
        await system.extension(CALLER, "Caller")
        numbers = [str(2000 + place) for place in range(agents)]
        for number in numbers:
            await system.extension(number, "Agent", agent_logins=True)
        await _register(system, numbers, phone.port)
        dialled = {f"queue-{place}": str(600 + place) for place in range(queues)}
        people = [str(100 + place) for place in range(agents)]
        await _staff(system, dialled, people, served=queues - deserted, each_in=each_in)
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(system.address, cookie_jar=jar) as session:
            client = PortalClient(session)
            await client.sign_in("admin", system.admin_password)
            async with asyncio.timeout(SIGN_IN_SECONDS):
                await system.told()
                for agent, number in zip(people, numbers, strict=True):
                    status, said = await client.post(f"/agents/{agent}/log-in", extension=number)
                    assert status == 200, said
            secret = await system.extensions.secret(TESTER, CALLER)
            yield LoadedCentre(system, session, dialled, secret)


async def _register(system: System, numbers: list[str], port: int) -> None:
    """Have these phones' calls go to a port where SIPp answers."""
    # Else Asterisk would take the port from which they register, whatever they say.
    await PsEndpoint.filter(id__in=numbers).update(rewrite_contact="no")
    # SIPp answers OPTIONS, but to hundreds of phones each second is not what is measured.
    await PsAor.filter(id__in=numbers).update(qualify_frequency=QUALIFY_SECONDS)
    await system.told()
    for number in numbers:
        phone = await system.phone(number)
        await phone.start()
        phone.claim("127.0.0.1", port)
        assert await phone.register() == 200
        await phone.close()


async def _staff(
    system: System, dialled: Mapping[str, str], people: list[str], *, served: int, each_in: int
) -> None:
    agents, queues = Agents(system.bus, None, ()), Queues(system.bus)
    for number in people:
        values = {"number": number, "first_name": "Agent", "last_name": number, "pin": PIN}
        await agents.create(TESTER, values)
    for place, (name, number) in enumerate(dialled.items()):
        members = [
            agent
            for each, agent in enumerate(people)
            if place < served and (place - each) % served < each_in
        ]
        values = {"name": name, "number": number, "strategy": "leastrecent"}
        await queues.create(TESTER, {**values, "agents": ", ".join(members)})


async def _listen(system: System, watched: Watched) -> None:
    settings = next(iter(system.settings.by_node().values()))
    async with open_connection(settings.host, settings.ami_port, 10) as connection:
        await login(connection, settings, events="agent")
        while True:
            messages = await connection.next_messages()
            now = time.monotonic()
            for message in messages:
                if figure := _EVENTS.get(event_name(message)):
                    watched.told[headers_of(message)["Queue"], figure].append(now)


async def _watch(portal: aiohttp.ClientSession, watched: Watched) -> None:
    timeout = aiohttp.ClientTimeout(total=None)
    async with portal.get("/live?queues=*", timeout=timeout) as answer:
        async for line in answer.content:
            field_, _, value = line.decode().strip().partition(": ")
            if field_ == "data" and value.startswith("{"):
                _take(json.loads(value), watched)


def _take(patch: Mapping[str, str], watched: Watched) -> None:
    now = time.monotonic()
    for element, html in patch.items():
        if element.startswith("queue-"):
            # The id of queue-1: as_id() writes the hyphen as _2d_.
            queue = element.removeprefix("queue-").replace("_2d_", "-")
            for figure, shown in _FIGURE.findall(html):
                moments = watched.shown[queue, figure]
                moments += [now] * (int(shown) - len(moments))
                if not moments:
                    del watched.shown[queue, figure]


def _by_queue(rows: Iterable[list[str]]) -> Figures:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if len(row) > 4 and (figure := _LOGGED.get(row[4])):
            counted[row[2]][figure] += 1
    return {queue: dict(figures) for queue, figures in counted.items()}
