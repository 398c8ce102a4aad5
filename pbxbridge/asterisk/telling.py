"""When the mirror tells what changed: at once, and in a storm every now and then."""

from __future__ import annotations

import asyncio

from pbxbridge.mirror.mirror import Mirror

# What an endpoint was for less than that is not told if more happens: it spares most of the work,
# and the rows of the history.
_PAUSE_SECONDS = 0.05
# To tell of so many takes a few milliseconds.
_MOST_PENDING = 300


class Telling:
    """Has a mirror flush what gathered."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._told_at = 0.0
        self._due: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """Tell now, or when the pause since the last time is over."""
        loop = asyncio.get_running_loop()
        if not self._mirror.pending:
            return
        due = self._told_at + _PAUSE_SECONDS
        if due <= loop.time() or self._mirror.pending >= _MOST_PENDING:
            self._now()
        elif self._due is None:
            self._due = loop.call_at(due, self._now)

    def stop(self) -> None:
        """Tell nothing more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _now(self) -> None:
        self.stop()
        self._told_at = asyncio.get_running_loop().time()
        self._mirror.flush()
