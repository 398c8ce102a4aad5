"""Whole sites at random: routes that compete, classes of service, extensions, and what to dial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from dialplan.class_of_service import DAYS, ClassOfService, Hours
from dialplan.feature_codes import FEATURE_CODES
from dialplan.pattern import DIALLED, Pattern, overlap, parse_pattern
from dialplan.pin import pin_hash
from dialplan.route import Route

# What matters, in every site: a premium number within the national ones, and one pattern twice.
BY_HAND = ("_0.", "_00.", "_0900.", "_0900.", "_090012XX", "_0[1-9]X.", "_1XXX", "_10[0-4]X", "_+.")
EMERGENCY = ("112", "_11X", "_0112", "_01!", "*9")
STARTS = ("", "0", "00", "1", "10", "11", "09", "*", "*9", "**", "+", "+4")
MIDDLES = ("0", "1", "9", "X", "X", "Z", "N", "[0-4]", "[19]")
ENDS = ("", "", ".", "!")
TRUNKS = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Site:
    """What is stored; ``groups`` are numbers with their ring time."""

    routes: Sequence[Route]
    classes: Sequence[ClassOfService]
    extensions: Sequence[str]
    groups: dict[str, int]
    numbers: Sequence[str]


def site(seed: int, now: datetime) -> Site:
    """Return a site, always the same for a seed but for its hours: those are around ``now``."""
    chance = Random(seed)  # noqa: S311 - nothing is secret here
    routes = list(_routes(chance))
    extensions = sorted({f"1{chance.randrange(1000):03}" for _ in range(12)} | {"090", "reception"})
    groups = {str(1100 + place): 10 + place for place in range(3)}
    extensions = [number for number in extensions if number not in groups]
    classes = [_class(chance, f"class-{place}", routes, now) for place in range(10)]
    numbers = _numbers(chance, routes) | set(extensions) | set(groups)
    return Site(routes, classes, extensions, groups, sorted(numbers))


def _routes(chance: Random) -> Iterator[Route]:
    patterns = [parse_pattern(text) for text in BY_HAND]
    patterns += [_pattern(chance) for _ in range(22)]
    for place, pattern in enumerate(patterns):
        yield _route(chance, f"route-{place:02}", pattern)
    for place, text in enumerate(chance.sample(EMERGENCY, 3)):
        yield _route(chance, f"emergency-{place}", parse_pattern(text), emergency=True)


def _pattern(chance: Random) -> Pattern:
    middle = "".join(chance.choices(MIDDLES, k=chance.randrange(1, 4)))
    return parse_pattern(chance.choice(STARTS) + middle + chance.choice(ENDS))


def _route(chance: Random, name: str, pattern: Pattern, *, emergency: bool = False) -> Route:
    trunks = tuple(chance.sample(TRUNKS, chance.randrange(1, 4)))
    prepend = chance.choice(("", "", "49", "+49"))
    return Route(name, pattern, chance.randrange(3), prepend, trunks, emergency)


def _class(chance: Random, name: str, routes: Sequence[Route], now: datetime) -> ClassOfService:
    outside = [route.name for route in routes if not route.emergency]
    some = frozenset(chance.sample(outside, chance.randrange(len(outside) + 1)))
    pin = pin_hash("4711", f"{chance.randrange(16**8):08x}") if chance.random() < 0.3 else ""
    return ClassOfService(name, some, _hours(chance, now), pin)


def _hours(chance: Random, now: datetime) -> Hours | None:
    """Return hours that surely hold or surely do not as long as a test runs; None is always."""
    match chance.randrange(4):
        case 0:
            return Hours(DAYS, time(0, 0), time(23, 59))
        case 1:  # neither today nor tomorrow
            return Hours((DAYS[(now.weekday() + 3) % 7],), time(0, 0), time(23, 59))
        case 2:
            later = (now + timedelta(hours=8)).replace(minute=0)
            return Hours(DAYS, later.time(), later.replace(minute=59).time())
        case _:
            return None


def _numbers(chance: Random, routes: Sequence[Route]) -> set[str]:
    """Return numbers that two patterns share, with one digit less or more, and any others."""
    patterns = [route.pattern for route in routes]
    patterns += [code.pattern for code in FEATURE_CODES]
    shared = {overlap(one, other) for one in patterns for other in patterns}
    numbers = {number for number in shared if number}
    numbers |= {number[:-1] for number in numbers} | {number + "1" for number in numbers}
    numbers |= {"".join(chance.choices(DIALLED, k=chance.randrange(1, 7))) for _ in range(30)}
    return numbers - {""}
