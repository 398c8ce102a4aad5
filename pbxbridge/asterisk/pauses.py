"""How long a link waits before it connects again."""

from __future__ import annotations

from random import SystemRandom

_MOST_DOUBLINGS = 30


class Pauses:
    """In seconds: ``first``, doubled each time up to ``longest``, less up to half at random."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0
        self._random = SystemRandom()

    def begin_anew(self) -> None:
        """Wait as after the first failure next time."""
        self._failures = 0

    def next(self) -> float:
        """Return how long to wait now."""
        longest: float = min(self._first * 2**self._failures, self._longest)
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        return longest * self._random.uniform(0.5, 1.0)
