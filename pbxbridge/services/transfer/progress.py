"""How far a long piece of work is, and letting others work meanwhile."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# Rows that are worked on at a stretch: some 10 ms in which nobody else is served.
AT_A_STRETCH = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """So many rows of so many are done, of what ``doing`` says."""

    doing: str
    done: int
    total: int


Tell = Callable[[Progress], None]


def tell_nobody(_: Progress) -> None:
    """Take no note."""


async def in_stretches(rows: Sequence[T], doing: str, tell: Tell) -> AsyncIterator[Sequence[T]]:
    """Yield a hundred rows at a time, telling the progress and letting others run in between."""
    for done in range(0, len(rows), AT_A_STRETCH):
        tell(Progress(doing, done, len(rows)))
        await asyncio.sleep(0)
        yield rows[done : done + AT_A_STRETCH]
    tell(Progress(doing, len(rows), len(rows)))


@contextmanager
def without_gc() -> Iterator[None]:
    """Look for no garbage in cycles, of which rows make none.

    It would be looked for again and again as thousands of rows come to be, which takes half of the
    time. Source: the gc module, gc.disable().
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Counter:
    """Adds up what is done."""

    def __init__(self, doing: str, total: int, tell: Tell) -> None:
        self._doing, self._total, self._tell = doing, total, tell
        self._done = 0
        tell(Progress(doing, 0, total))

    def __call__(self, more: int) -> None:
        """Take note that so many more rows are done."""
        self._done += more
        self._tell(Progress(self._doing, self._done, self._total))
