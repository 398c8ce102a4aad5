"""When an alert opens and when it ends: rules only, no database and no clock (docs/history.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

# Phones that go down within this time of each other go down together.
TOGETHER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on it is an alert; what is None is never one.

    ``down_for``: how long one phone is down. ``at_once``: more phones than this go down together.
    """

    down_for: timedelta | None = timedelta(minutes=5)
    at_once: int | None = 10


class Down(NamedTuple):
    """An endpoint that is down, since when; a trunk is never one of many."""

    node: str
    endpoint: str
    since: datetime
    is_trunk: bool = False


class Many(NamedTuple):
    """An alert that many phones of a node are down: those that went down in this time.

    ``id`` is 0 for one that is new. ``phones`` is the most that were down at once.
    """

    id: int
    node: str
    since: datetime
    until: datetime
    phones: int


@dataclass(frozen=True, slots=True)
class Open:
    """The alerts that are open: of single endpoints by node and endpoint, and of many phones."""

    single: Mapping[tuple[str, str], int] = field(default_factory=dict)
    many: Sequence[Many] = ()


@dataclass(slots=True)
class Verdict:
    """What to open, to end (by id), and which alerts of many phones have grown."""

    single: list[Down] = field(default_factory=list)
    many: list[Many] = field(default_factory=list)
    grown: list[Many] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.single or self.many or self.grown or self.ended)


def judge(
    down: Iterable[Down], opened: Open, heard: Set[str], now: datetime, limits: Limits
) -> Verdict:
    """Return what becomes of the alerts, for all that are ``down`` at ``now``.

    Of a node that is not among ``heard`` nothing new is said.
    """
    verdict = Verdict()
    by_node: dict[str, list[Down]] = {}
    for phone in sorted(down, key=lambda one: (one.since, one.endpoint)):
        by_node.setdefault(phone.node, []).append(phone)
    for node in sorted(by_node.keys() | {many.node for many in opened.many}):
        phones, covered = by_node.get(node, []), list[Many]()
        for many in (many for many in opened.many if many.node == node):
            if (still := _grown(many, phones, limits)) is None:
                verdict.ended.append(many.id)
                continue
            covered.append(still)
            if still != many:
                verdict.grown.append(still)
        if node in heard:
            fresh = _many(node, _others(phones, covered), limits)
            verdict.many += fresh
            left = _others(phones, [*covered, *fresh])
            verdict.single += _single(left, opened, now, limits)
    present = {(phone.node, phone.endpoint) for phones in by_node.values() for phone in phones}
    verdict.ended += [id_ for key, id_ in opened.single.items() if key not in present]
    return verdict


def _counted(many: Many, phones: Iterable[Down]) -> list[Down]:
    return [one for one in phones if not one.is_trunk and many.since <= one.since <= many.until]


def _others(phones: Sequence[Down], covered: Sequence[Many]) -> list[Down]:
    """Return those that no alert of many phones counts."""
    counted = {one.endpoint for many in covered for one in _counted(many, phones)}
    return [one for one in phones if one.endpoint not in counted]


def _grown(many: Many, phones: Sequence[Down], limits: Limits) -> Many | None:
    """Return the alert with all that went down on its heels; None if it has ended."""
    until = many.until
    for phone in phones:
        if not phone.is_trunk and until < phone.since <= until + TOGETHER:
            until = phone.since
    still = _counted(many._replace(until=until), phones)
    if len(still) <= (limits.at_once or 0):
        return None
    return many._replace(until=until, phones=max(many.phones, len(still)))


def _many(node: str, phones: Iterable[Down], limits: Limits) -> list[Many]:
    """Return the alerts to open: for more phones than the limit, all within TOGETHER."""
    if limits.at_once is None:
        return []
    found = list[Many]()
    mine = [phone.since for phone in phones if not phone.is_trunk]
    place = 0
    while place + limits.at_once < len(mine):
        first, last = mine[place], mine[place + limits.at_once]
        if last - first > TOGETHER:
            place += 1
            continue
        end = place + limits.at_once
        while end + 1 < len(mine) and mine[end + 1] - mine[end] <= TOGETHER:
            end += 1
        found.append(Many(0, node, first, mine[end], end - place + 1))
        place = end + 1
    return found


def _single(phones: Iterable[Down], opened: Open, now: datetime, limits: Limits) -> list[Down]:
    if limits.down_for is None:
        return []
    return [
        phone
        for phone in phones
        if now - phone.since >= limits.down_for
        and (phone.node, phone.endpoint) not in opened.single
    ]
