"""May a class of service dial a number? Answered as the dialplan would, without Asterisk.

Made from what class_of_service.py makes the contexts of, in the order in which Asterisk searches
them: emergency routes, feature codes, extensions and groups, then all other routes.
tests/asterisk/test_simulator_on_asterisk.py holds this file against a real Asterisk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialplan.class_of_service import ClassOfService, deciding
from dialplan.feature_codes import FEATURE_CODES, FeatureCode
from dialplan.pattern_table import PatternTable
from dialplan.route import Route


class Ruling(StrEnum):
    """What becomes of a dialled number."""

    EMERGENCY = "emergency"
    FEATURE = "feature"
    EXTENSION = "extension"
    ROUTE = "route"
    FORBIDDEN = "forbidden"
    OUT_OF_HOURS = "out-of-hours"
    NOTHING = "nothing"

    @property
    def allows(self) -> bool:
        """Whether the call goes through."""
        return self not in _REFUSALS


_REFUSALS = frozenset({Ruling.FORBIDDEN, Ruling.OUT_OF_HOURS, Ruling.NOTHING})


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a number, and by what: a route that is allowed, or that is not.

    ``asks_pin`` is true of a route that is allowed, out of hours too. ``is_found`` tells whether
    Asterisk finds a line: it finds that of a forbidden route, but out of hours none of any route.
    """

    ruling: Ruling
    route: Route | None = None
    feature: FeatureCode | None = None
    asks_pin: bool = False
    is_found: bool = True


class _Table:
    """One class of service, with the routes that decide in it."""

    def __init__(self, wanted: ClassOfService, routes: Iterable[Route]) -> None:
        self._wanted = wanted
        self._routes = PatternTable((route.pattern, route) for route in deciding(wanted, routes))

    def ask(self, number: str, at: datetime) -> Answer:
        route, wanted = self._routes.find(number), self._wanted
        if route is None:
            return Answer(Ruling.NOTHING, is_found=False)
        is_open = wanted.hours is None or wanted.hours.hold(at)
        if route.name not in wanted.routes:
            return Answer(Ruling.FORBIDDEN, route, is_found=is_open)
        ruling = Ruling.ROUTE if is_open else Ruling.OUT_OF_HOURS
        return Answer(ruling, route, asks_pin=bool(wanted.pin_hash), is_found=is_open)


_FEATURES = PatternTable((each.pattern, each) for each in FEATURE_CODES)


class Simulator:
    """Answers for all classes of service of a site."""

    def __init__(
        self,
        classes: Mapping[str, ClassOfService],
        routes: Iterable[Route],
        is_extension: Callable[[str], bool],
    ) -> None:
        """Take what is stored; ``is_extension`` knows extensions and the numbers of groups."""
        self._classes = classes
        self._routes = list(routes)
        self._emergency = PatternTable(
            (route.pattern, route) for route in self._routes if route.emergency
        )
        # Made when somebody asks: with hundreds of routes each takes hundredths of a second.
        self._tables: dict[str, _Table] = {}
        self._is_extension = is_extension

    def ask(self, class_of_service: str, number: str, at: datetime) -> Answer:
        """Return what happens if a device of this class dials ``number``.

        ``at`` is when, in the time zone of the PBX. Raises KeyError for an unknown class.
        """
        table = self._tables.get(class_of_service)
        if table is None:
            table = _Table(self._classes[class_of_service], self._routes)
            self._tables[class_of_service] = table
        return self._inside(number) or table.ask(number, at)

    def emergency_route(self, number: str) -> Route | None:
        """Return the emergency route that takes this number from every class, None if none does."""
        return self._emergency.find(number)

    def _inside(self, number: str) -> Answer | None:
        """Return what every class of service has, and what Asterisk looks at first."""
        if route := self.emergency_route(number):
            return Answer(Ruling.EMERGENCY, route)
        if feature := _FEATURES.find(number):
            return Answer(Ruling.FEATURE, feature=feature)
        if self._is_extension(number):
            return Answer(Ruling.EXTENSION)
        return None
