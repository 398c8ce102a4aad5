"""Readers of the live stream that do what a page with a list does, without a browser."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from benchmarks.population import numbers

FIRST_PAGE = ",".join(map(str, numbers(50)))
BACKGROUND = {"Accept": "text/html", "X-Background": "1"}


@dataclass(frozen=True)
class Answer:
    """What a page does when it is told so: asks for this, as list.js and live.js do.

    It waits some seconds before and after it.
    """

    path: str
    before: float
    after: float


ANSWERS = {
    "list": Answer("/extensions", before=0.15, after=0),
    "states": Answer(f"/live/states?of={FIRST_PAGE}", before=0, after=0.25),
}


@dataclass
class Readers:
    """What all of them were told: messages by kind and bytes; and how often they asked."""

    messages: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    received: int = 0

    async def read(self, session: aiohttp.ClientSession) -> None:
        """Be one of them, until cancelled or the stream ends."""
        told = {name: asyncio.Event() for name in ANSWERS}
        async with asyncio.TaskGroup() as tasks:
            asking = [
                tasks.create_task(self._ask(session, name, event), name=f"reader.{name}")
                for name, event in told.items()
            ]
            async with session.get("/live") as answer:
                async for line in answer.content:
                    self.received += len(line)
                    name, _, value = line.decode().strip().partition(": ")
                    if name == "event":
                        self.messages[value] += 1
                        if value in told:
                            told[value].set()
            for task in asking:
                task.cancel()

    async def _ask(self, session: aiohttp.ClientSession, name: str, told: asyncio.Event) -> None:
        answer = ANSWERS[name]
        while True:
            await told.wait()
            await asyncio.sleep(answer.before)
            told.clear()
            async with session.get(answer.path, headers=BACKGROUND) as response:
                self.received += len(await response.read())
            self.asked[name] += 1
            await asyncio.sleep(answer.after)


@asynccontextmanager
async def reading(session: aiohttp.ClientSession, count: int) -> AsyncIterator[Readers]:
    """Have so many of them read for the length of the block."""
    readers = Readers()
    tasks = [asyncio.create_task(readers.read(session), name="reader") for _ in range(count)]
    try:
        yield readers
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
