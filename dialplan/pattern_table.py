"""Many patterns at once: which of them Asterisk would take for a number."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Generic, TypeVar

from dialplan.pattern import DIALLED, Pattern, Place, Precedence, precedence

T = TypeVar("T")

_ANY = f"[{DIALLED}]"
# The empty group at a pattern's end tells which one it was. A group around each pattern would hide
# from re how an alternative begins: 18 times as slow.
_WILDCARDS_AND_END = {".": f"{_ANY}+", "!": f"{_ANY}*", "": "()"}


class PatternTable(Generic[T]):
    """The patterns of one context, each with a value.

    Of two patterns with equal precedence the first one given stays, as in Asterisk.
    """

    def __init__(self, pairs: Iterable[tuple[Pattern, T]]) -> None:
        self._literals: dict[str, T] = {}
        patterns: dict[Precedence, T] = {}
        for pattern, value in pairs:
            if pattern.text.startswith("_"):
                patterns.setdefault(precedence(pattern), value)
            else:
                self._literals.setdefault(pattern.text, value)
        in_order = sorted(patterns)
        self._values = [patterns[key] for key in in_order]
        self._search = re.compile(_regex([places for _, places in in_order])).fullmatch

    def find(self, number: str) -> T | None:
        """Return the value of the pattern that Asterisk would take for ``number``; None if none.

        A number with any other character than digits, ``*``, ``#`` and ``+`` is never found.
        """
        if number in self._literals:
            return self._literals[number]
        found = self._search(number)
        if found is None or found.lastindex is None:
            return None
        return self._values[found.lastindex - 1]


def _regex(patterns: Sequence[tuple[Place, ...]]) -> str:
    """Return the alternatives in their order, with what several begin with written once.

    re takes the first one that matches. The order is by places, so what begins alike is together.
    Without any pattern it matches nothing.
    """
    alternatives = []
    for (_, characters), alike in groupby(patterns, key=lambda places: places[0]):
        piece = _WILDCARDS_AND_END.get(characters, f"[{characters}]")
        rests = [places[1:] for places in alike]
        alternatives.append(piece + _regex(rests) if characters else piece)
    if len(alternatives) == 1:
        return alternatives[0]
    return f"(?:{'|'.join(alternatives) or '(?!)'})"
