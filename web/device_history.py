"""The history of a device as its picture and its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pbxbridge.services.states.availability import Share
from pbxbridge.services.states.history import History, NodeHistory

# The picture: what answers stands on the line, what does not hangs from it.
STEP, WIDTH = 10, 8
ABOVE, BELOW = 24, 12
LINE = 1
# Whoever was there for a moment is seen.
LEAST = 1.5

_WORDS = {
    "answers": "answered",
    "silent": "did not answer",
    "gone": "not registered",
    "unknown": "not known",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of the picture; ``part`` is its class."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ShownHistory:
    """A device on one node."""

    node: NodeHistory
    bars: Sequence[Bar]
    parts: Sequence[tuple[str, str, str]]  # class, words, percentage

    @property
    def label(self) -> str:
        """What the picture says, in a sentence."""
        return "Last 24 hours: " + ", ".join(f"{words} {some}" for _, words, some in self.parts)


async def shown_history(history: History, number: str) -> list[ShownHistory]:
    """Return where a device is or was, the first of them where it is now."""
    nodes = await history.of(number)
    were_there = [node for node in nodes if node.last_ip or node.status]
    return [_shown(node) for node in were_there or nodes[:1]]


def percentage(share: float) -> str:
    """Return the share in per cent: only nothing is 0 %, and only all is 100 %."""
    tenths = round(share * 1000)
    if 0.0 < share < 1.0:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:g} %"


def _shown(node: NodeHistory) -> ShownHistory:
    bars = [bar for place, share in enumerate(node.shares) for bar in _bars(place, share)]
    total = node.total._asdict()
    parts = [(part, words, percentage(total[part])) for part, words in _WORDS.items()]
    return ShownHistory(node, bars, [part for part in parts if total[part[0]] > 1e-9])


def _bars(place: int, share: Share) -> Iterator[Bar]:
    x, below = STEP * place, ABOVE + LINE
    if share.answers:
        height = max(LEAST, ABOVE * share.answers)
        yield Bar("answers", x, ABOVE - height, WIDTH, height)
    if share.silent:
        yield Bar("silent", x, below, WIDTH, max(LEAST, BELOW * share.silent))
    if share.gone:
        # Beside what is silent, and narrow: it is told apart without its colour.
        height = max(LEAST, BELOW * share.gone)
        yield Bar("gone", x + WIDTH / 2 - 1, below, 2, height)
