"""Patterns of dialled numbers: what Asterisk takes for one, what it matches, and which one wins.

Sources: https://docs.asterisk.org/Configuration/Dialplan/Pattern-Matching/ and Asterisk's
main/pbx.c (ext_cmp, _extension_match_core). tests/asterisk/test_patterns_on_asterisk.py holds this
file against a real Asterisk. What surprises there:

- Position by position, the first difference decides, not the longer text nor the number of digits
  that are fixed: ``_1.`` comes before ``_X12`` and takes 112 from it.
- The end of a pattern sorts last, after ``.`` and ``!``: ``_1X!`` takes 12 from ``_1X``.
- ``[1]`` counts as the digit 1, but makes a pattern all the same: ``_[1]2`` comes after ``12``.
- Sets are compared by what is in them, however they are written: ``_X1`` and ``_[0-9]1`` are one
  extension, and the one that is read second is refused as a duplicate.

All this holds for the extensions of one context in extensions.conf, static realtime included. A
context's own extensions come before its switches, and these before its includes, whatever the
patterns. A ``switch => Realtime`` has another order: the longest text first (pbx_realtime.c).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

# The longest text, with the underscore: the column `exten` of Asterisk's realtime dialplan.
LONGEST = 40
# What a number may consist of. Digits come first: examples are made of them where possible.
DIALLED = "0123456789*#+"

_CLASSES = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_UPPER = str.maketrans("xzn", "XZN")
_SET = re.compile(r"\[((?:[0-9]-[0-9]|[0-9])*)\]")
_RANGE = re.compile(r"([0-9])-([0-9])")
_ELEMENT = re.compile(r"\[[^]]*\]|.", re.DOTALL)
# The ranks of ext_cmp_pattern_pos: a set has its size, these come after every set.
_WILDCARDS = {".": 0x180, "!": 0x280}
_END = 0x300

# A place of a pattern: its rank, and its characters, or `.` or `!`, or nothing for the end.
Place = tuple[int, str]
Precedence = tuple[bool, tuple[Place, ...]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """An extension as Asterisk writes it: ``_00.`` is a pattern, ``112`` a literal number.

    Made by parse_pattern(), which is what checks the text.
    """

    text: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """A pattern taken apart: which characters may stand where (sorted), then ``.``, ``!`` or ''."""

    sets: tuple[str, ...]
    wildcard: str

    @property
    def shortest(self) -> int:
        """The length of the shortest number."""
        return len(self.sets) + (self.wildcard == ".")


def parse_pattern(typed: str) -> Pattern:
    """Return what an administrator typed, as Asterisk writes it.

    The underscore may be there or not. Literal are digits, ``*``, ``#`` and a ``+`` at the start;
    what has nothing else is a number. X is 0-9, Z 1-9, N 2-9, in either case; sets are such as
    ``[0247-9]``; at the end ``.`` is one or more characters, ``!`` zero or more. Raises ValueError
    with one sentence for the administrator.
    """
    body = typed.strip().removeprefix("_").translate(_UPPER)
    if not body:
        raise ValueError("Enter a number or a pattern, such as 112 or _00.")
    if body in _WILDCARDS:
        raise ValueError(
            f"{body} alone would match everything, also the feature codes and Asterisk's own"
            " special extensions."
        )
    elements = _ELEMENT.findall(body)
    for place, element in enumerate(elements):
        _check(element, first=place == 0, last=place == len(elements) - 1)
    text = body if set(body) <= set(DIALLED) else f"_{body}"
    if len(text) > LONGEST:
        raise ValueError(f"A pattern has at most {LONGEST} characters, with its underscore.")
    return Pattern(text)


def canonical(pattern: Pattern) -> Pattern:
    """Return the pattern in the one way of writing it: what Asterisk takes for the same is equal.

    ``_[0-9]1`` is ``_X1``; sets are in order, with ranges from three digits on.
    """
    if not pattern.text.startswith("_"):
        return pattern
    shape = _shape(pattern.text)
    pieces = [
        _set_text(characters) if element.startswith("[") else element
        for element, characters in zip(_ELEMENT.findall(pattern.text[1:]), shape.sets, strict=False)
    ]
    return Pattern(f"_{''.join(pieces)}{shape.wildcard}")


def matches(pattern: Pattern, number: str) -> bool:
    """Whether Asterisk finds the extension ``pattern`` for ``number``.

    It ignores every ``-`` of a number, and ``.`` and ``!`` take any character. A number that begins
    with an underscore is none: Asterisk would compare it as a pattern.
    """
    digits = number.replace("-", "")
    shape = _shape(pattern.text)
    if len(digits) < shape.shortest or digits.startswith("_"):
        return False
    if len(digits) > len(shape.sets) and not shape.wildcard:
        return False
    return all(digit in allowed for digit, allowed in zip(digits, shape.sets, strict=False))


def precedence(pattern: Pattern) -> Precedence:
    """Return the sort key: of the patterns of one context that match, Asterisk takes the first.

    Equal keys are one and the same extension to Asterisk: it keeps the one that it reads first, and
    refuses the other. Such patterns match the same numbers.
    """
    shape = _shape(pattern.text)
    # Of two sets of one size pbx.c puts the lowest character first, then the greater bitmap, where
    # a lower character is a higher bit: that is the order of their characters, sorted.
    places = [(len(allowed), allowed) for allowed in shape.sets]
    if shape.wildcard:
        places.append((_WILDCARDS[shape.wildcard], shape.wildcard))
    return (pattern.text.startswith("_"), (*places, (_END, "")))


def overlap(a: Pattern, b: Pattern) -> str | None:
    """Return the shortest number that both match, as an example; None if there is none."""
    left, right = _shape(a.text), _shape(b.text)
    length = max(left.shortest, right.shortest)
    for shape in (left, right):
        if length > len(shape.sets) and not shape.wildcard:
            return None
    example = ""
    pairs = zip_longest(left.sets, right.sets, fillvalue=DIALLED)
    for mine, theirs in pairs:
        both = [character for character in DIALLED if character in mine and character in theirs]
        if not both:
            return None
        example += both[0]
    # Behind the sets of both there is at most the one character that a `.` wants.
    return example.ljust(length, DIALLED[0])


def shortest(pattern: Pattern) -> str:
    """Return a shortest number that the pattern matches."""
    return overlap(pattern, pattern) or ""


def swallows(other: Pattern, emergency: Pattern) -> str | None:
    """Return a number that both match and that Asterisk may give to ``other``; None if none.

    Both in one context. May: of two with equal precedence Asterisk takes the one that it reads
    first, so either can swallow the other.
    """
    if precedence(other) > precedence(emergency):
        return None
    return overlap(other, emergency)


@lru_cache(maxsize=4096)
def _shape(text: str) -> _Shape:
    body = text.removeprefix("_")
    wildcard = body[-1] if body[-1] in _WILDCARDS else ""
    elements = _ELEMENT.findall(body.removesuffix(wildcard))
    return _Shape(tuple(_allowed(element) for element in elements), wildcard)


def _allowed(element: str) -> str:
    """Return the characters that an element stands for, sorted, each once."""
    if element.startswith("["):
        members = _RANGE.sub(lambda found: _between(found[1], found[2]), element[1:-1])
        return "".join(sorted(set(members)))
    return _CLASSES.get(element, element)


def _set_text(characters: str) -> str:
    """Return how a set of digits is written, shortest first."""
    for name, members in _CLASSES.items():
        if characters == members:
            return name
    runs: list[str] = []
    for digit in characters:
        if runs and int(runs[-1][-1]) + 1 == int(digit):
            runs[-1] += digit
        else:
            runs.append(digit)
    return f"[{''.join(run if len(run) < 3 else f'{run[0]}-{run[-1]}' for run in runs)}]"


def _between(first: str, last: str) -> str:
    return "".join(map(str, range(int(first), int(last) + 1)))


def _check(element: str, *, first: bool, last: bool) -> None:
    """Raise ValueError if an element may not stand there."""
    if element.startswith("["):
        _check_set(element)
    elif element in _WILDCARDS:
        if not last:
            raise ValueError(f"{element} may stand at the very end only.")
    elif element == "+":
        if not first:
            raise ValueError("+ may stand at the very start only.")
    elif element not in _CLASSES and element not in DIALLED:
        raise ValueError(
            f"{element!r} may not stand in a pattern: use digits, *, #, + at the start, X, Z, N,"
            " sets such as [1-5], and . or ! at the end."
        )


def _check_set(element: str) -> None:
    """Raise ValueError if a set in brackets is none."""
    found = _SET.fullmatch(element)
    if not found:
        raise ValueError(
            "A set is digits and ranges of digits between brackets, such as [1-5] or [0247-9]."
        )
    if not found[1]:
        raise ValueError("A set in brackets may not be empty.")
    if any(low >= high for low, high in _RANGE.findall(found[1])):
        raise ValueError("A range in a set goes from a lower to a higher digit, such as [1-5].")
