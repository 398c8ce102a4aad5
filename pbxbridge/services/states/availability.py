"""How much of each half hour a device was there: from the changes of its state, by no clock."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from pbxbridge.mirror.endpoint import Status

# What each status counts for. UNMONITORED says nothing of whether the device is there.
_PART_OF = {
    Status.OK: "answers",
    Status.UNREACHABLE: "silent",
    Status.UNKNOWN: "silent",
    Status.BLANK: "gone",
}

PARTS = ("answers", "silent", "gone")


class Moment(NamedTuple):
    """From ``at`` on, an endpoint had this status."""

    at: datetime
    status: str


class Share(NamedTuple):
    """The parts of a stretch of time, from 0 to 1; together they are 1.

    ``answers`` is OK, ``silent`` is UNREACHABLE or UNKNOWN, ``gone`` is not registered, and of
    ``unknown`` nothing can be said.
    """

    answers: float = 0.0
    silent: float = 0.0
    gone: float = 0.0
    unknown: float = 0.0


def availability(
    moments: Iterable[Moment], start: datetime, end: datetime, buckets: int, heard_until: datetime
) -> list[Share]:
    """Return the shares of so many equal stretches of the time from ``start`` to ``end``.

    A status holds until the next moment, and the last one until ``heard_until``: when the node was
    last connected. Before the first moment nothing is known.
    """
    edges = [start + (end - start) * n / buckets for n in range(buckets + 1)]
    seconds = [dict.fromkeys(PARTS, 0.0) for _ in range(buckets)]
    for spell in _spells(sorted(moments), heard_until):
        begin, stop = max(spell.begin, start), min(spell.end, end)
        bucket = bisect_right(edges, begin) - 1
        while begin < stop:
            edge = min(edges[bucket + 1], stop)
            seconds[bucket][spell.part] += (edge - begin).total_seconds()
            begin, bucket = edge, bucket + 1
    lengths = [(after - before).total_seconds() for before, after in pairwise(edges)]
    return [_share(parts, length) for parts, length in zip(seconds, lengths, strict=True)]


def mean(shares: Sequence[Share]) -> Share:
    """Return the shares of equal stretches taken together."""
    if not shares:
        return Share(unknown=1.0)
    return Share(*(sum(part) / len(shares) for part in zip(*shares, strict=True)))


class _Spell(NamedTuple):
    begin: datetime
    end: datetime
    part: str


def _spells(moments: Sequence[Moment], heard_until: datetime) -> Iterator[_Spell]:
    ends = [moment.at for moment in moments[1:]] + [heard_until]
    for moment, end in zip(moments, ends, strict=False):
        if moment.status in _PART_OF:
            yield _Spell(moment.at, min(end, heard_until), _PART_OF[Status(moment.status)])


def _share(seconds: dict[str, float], length: float) -> Share:
    known = {part: min(1.0, some / length) for part, some in seconds.items()}
    return Share(**known, unknown=max(0.0, 1.0 - sum(known.values())))
