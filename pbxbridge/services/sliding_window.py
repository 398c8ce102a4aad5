"""Counts events over the last so many seconds, for every key apart, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

# Some 20 MB at worst. More than a machine checks passwords in a quarter of an hour, so that nobody
# gets their own wrong tries forgotten by making up names.
KEYS = 50_000


class SlidingWindow:
    """At most ``limit`` events of a key within ``seconds``.

    Beyond ``keys`` keys, the ones that were quiet for longest are forgotten.
    """

    def __init__(
        self,
        limit: int,
        seconds: float,
        *,
        keys: int = KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell the time by ``clock``, in seconds; it must not go back."""
        self._limit = limit
        self._seconds = seconds
        self._keys = keys
        self._clock = clock
        # The key of the latest event is last.
        self._events: OrderedDict[Hashable, list[float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are held."""
        return len(self._events)

    def wait(self, key: Hashable) -> float:
        """Return for how many seconds the key has no room for another event; 0 if it has."""
        events = self._recent(key)
        if len(events) < self._limit:
            return 0.0
        return events[-self._limit] + self._seconds - self._clock()

    def add(self, key: Hashable) -> None:
        """Count an event."""
        events = self._recent(key)
        events.append(self._clock())
        self._events[key] = events[-self._limit :]
        self._events.move_to_end(key)
        while len(self._events) > self._keys or self._is_over(next(iter(self._events.values()))):
            self._events.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """Uncount the latest event of the key."""
        if events := self._events.get(key):
            events.pop()
            if not events:
                del self._events[key]

    def forget(self, key: Hashable) -> None:
        """Uncount every event of the key."""
        self._events.pop(key, None)

    def _recent(self, key: Hashable) -> list[float]:
        start = self._clock() - self._seconds
        return [event for event in self._events.get(key, ()) if event > start]

    def _is_over(self, events: list[float]) -> bool:
        return events[-1] <= self._clock() - self._seconds
