"""An AMI server in a process of its own that sends a storm of events as fast as it can.

`Action: Storm` is answered with the events, and the last of them is followed by CALM.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.population import numbers
from tests.fakes.ami_server import FakeAmi, block, contact_status, reply

CALM = block(Event="Calm", Privilege="system,all")


def uri_of(number: int) -> str:
    """Return where an endpoint is registered."""
    return f"sip:{number}@10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:5060"


def storm(endpoints: int, events: int) -> bytes:
    """Return events about these endpoints in turns, each of them a change of state."""
    population = numbers(endpoints)
    lines = []
    for place in range(events):
        turn, which = divmod(place, endpoints)
        number = population[which]
        status = ("Unreachable", "Reachable")[turn % 2]
        usec = (0, 1000 + place)[turn % 2]
        lines.append(contact_status(str(number), uri_of(number), status, usec))
    return b"".join(lines)


@asynccontextmanager
async def storm_server(known: int, endpoints: int, events: int) -> AsyncIterator[int]:
    """Run it; gives its port. ``known`` contacts are listed, and ``endpoints`` of them change."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ami_storm", str(known), str(endpoints), str(events)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def _serve(known: int, endpoints: int, events: int) -> None:
    server = FakeAmi()
    server.contacts = [(str(n), uri_of(n), "Reachable") for n in numbers(known)]
    answer = storm(endpoints, events) + CALM
    server.answers["Storm"] = lambda action: reply(action) + answer
    await server.listen()
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs=3)
    asyncio.run(_serve(*parser.parse_args().sizes))
