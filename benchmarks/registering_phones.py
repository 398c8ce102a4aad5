"""Phones that register again, as Asterisk tells of them over AMI."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NoReturn

from tests.fakes.ami_server import FakeAmi, contact_status

# What is written at once: a hundredth of a second of a storm, or about as much as a socket takes.
TICK_SECONDS = 0.01
AT_ONCE = 200
# A storm uses the ports below.
FIRST_OF_PROBE = 30_000
TOGGLE_SECONDS = (0.2, 0.3)


def uri_of(number: int, port: int) -> str:
    """Return where a phone is registered."""
    return f"sip:{number}@10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:{port}"


def moved(number: int, before: int, port: int) -> bytes:
    """Return what Asterisk says when a phone registers from another port: the old one goes last."""
    aor = str(number)
    reachable = contact_status(aor, uri_of(number, port), "Reachable", 1000 + port)
    return reachable + contact_status(aor, uri_of(number, before), "Removed")


async def storm(
    ami: FakeAmi, numbers: Sequence[int], before: int, port: int, seconds: float
) -> None:
    """Have every phone register from another port, within so many seconds; 0 is at once."""
    clock = asyncio.get_running_loop().time
    started = clock()
    per_tick = AT_ONCE if not seconds else max(1, round(len(numbers) * TICK_SECONDS / seconds))
    for first in range(0, len(numbers), per_tick):
        some = numbers[first : first + per_tick]
        ami.send(b"".join(moved(number, before, port) for number in some))
        await ami.drained()
        due = started + first / len(numbers) * seconds
        await asyncio.sleep(max(0.0, due - clock()))


@dataclass
class Probe:
    """One phone that moves all the time; ``written`` is when each of its ports was told."""

    number: int
    port: int
    written: dict[int, float] = field(default_factory=dict)

    async def run(self, ami: FakeAmi) -> NoReturn:
        """Move for ever, about four times a second, in step with nothing."""
        for port in count(FIRST_OF_PROBE):
            message = moved(self.number, self.port, port)
            self.port, self.written[port] = port, time.time()
            ami.send(message)
            await asyncio.sleep(random.uniform(*TOGGLE_SECONDS))  # noqa: S311 - no secret
        raise AssertionError("there is always another port")

    def latencies(self, shown: Sequence[tuple[int, float]]) -> tuple[list[float], int]:
        """Return the seconds until each port, or one after it, was shown, and how many never were.

        ``shown`` is each port that was shown, and when, in order.
        """
        seconds, missed = [], 0
        for port, at in self.written.items():
            seen = next(
                (when for other, when in shown if other >= port and when >= at - 0.001), None
            )
            if seen is None:
                missed += 1
            else:
                seconds.append(max(0.0, seen - at))
        return seconds, missed
