"""What a phone does with a call that comes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """Ring, answer after some seconds, and play a tone (None: silence)."""

    after: float = 0.0
    tone_hz: int | None = 440


@dataclass(frozen=True)
class Ring:
    """Ring until the test answers or rejects, or the caller gives up."""


@dataclass(frozen=True)
class Busy:
    """Refuse with 486."""


@dataclass(frozen=True)
class Decline:
    """Refuse with 603."""


Policy = Answer | Ring | Busy | Decline
