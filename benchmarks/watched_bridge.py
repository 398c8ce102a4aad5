"""`pbxbridge serve` with a watch on its event loop: every turn that took long.

A turn is from when the loop has learnt what is there to be done until it looks again: as long as
that takes, whatever else comes has to wait.

On a machine that is busy the loop also waits for a processor, which is no fault of ours. Linux
tells how long a thread was ready to run but did not (docs.kernel.org/scheduler/sched-stats.html),
so that can be told apart. What is left is the loop's own work, blocking calls, and other threads
that hold Python's lock.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import selectors
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pbxbridge.log import configure_logging
from pbxbridge.service import serve
from pbxbridge.settings import Settings

# Shorter turns are of no interest.
LONG_SECONDS = 0.01
_SCHEDULED = Path("/proc/thread-self/schedstat")


@dataclass(frozen=True, slots=True)
class Turn:
    """A long turn of the loop, in seconds; ``at`` is its end by the clock of the day.

    ``waited`` is how long the thread was ready but had no processor, ``busy`` what it computed, and
    ``process`` what all threads did.
    """

    at: float
    took: float
    waited: float
    busy: float
    process: float

    @property
    def blocked(self) -> float:
        """How long it would have been on a machine with a processor to spare."""
        return self.took - self.waited


@dataclass(frozen=True, slots=True)
class Pause:
    """A collection of garbage that took long; ``busy`` is what it computed."""

    at: float
    took: float
    busy: float
    generation: int


def read_watch(path: Path) -> tuple[list[Turn], list[Pause]]:
    """Return what a bridge that has ended wrote."""
    said = json.loads(path.read_text(encoding="utf-8"))
    return [Turn(**turn) for turn in said["turns"]], [Pause(**pause) for pause in said["pauses"]]


class _WatchedSelector(selectors.DefaultSelector):
    """Where the loop sleeps between its turns."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        self._scheduled = os.open(_SCHEDULED, os.O_RDONLY)
        self._began = self._clocks()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if time.perf_counter() - self._began[0] >= LONG_SECONDS:
            used = (now - then for now, then in zip(self._clocks(), self._began, strict=True))
            self.turns.append(Turn(time.time(), *used))
        ready = super().select(timeout)
        self._began = self._clocks()
        return ready

    def _clocks(self) -> tuple[float, float, float, float]:
        """Return the time, and what Turn has of this thread and process until now."""
        busy, waited, _ = os.pread(self._scheduled, 100, 0).split()
        return time.perf_counter(), int(waited) / 1e9, int(busy) / 1e9, time.process_time()


class _Collections:
    """Watches what Python spends on garbage."""

    def __init__(self) -> None:
        self.pauses: list[Pause] = []
        self._began = (0.0, 0.0)
        gc.callbacks.append(self._on)

    def _on(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._began = (time.perf_counter(), time.thread_time())
            return
        took, busy = time.perf_counter() - self._began[0], time.thread_time() - self._began[1]
        if took >= LONG_SECONDS:
            self.pauses.append(Pause(time.time(), took, busy, info["generation"]))


def main(path: Path) -> None:
    """Serve until told to stop, then write what was seen."""
    settings = Settings()
    configure_logging(settings.log)
    watched, collections = _WatchedSelector(), _Collections()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watched)) as runner:
        runner.run(serve(settings))
    said = {
        "turns": [asdict(turn) for turn in watched.turns],
        "pauses": [asdict(pause) for pause in collections.pauses],
    }
    path.write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
