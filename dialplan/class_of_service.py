"""A class of service as contexts of the dialplan: what a device may dial.

``cos-<name>`` has the emergency routes as its own, which Asterisk therefore looks at first, and
includes feature codes, then extensions, then ``routes-<name>``: that has each other route of the
site, as allowed or as refused. So the best match of all routes decides, not of the allowed ones.
Source: https://docs.asterisk.org/Configuration/Dialplan/Include-Statements/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from dialplan.config_line import ConfigLine, category
from dialplan.pattern import precedence
from dialplan.pin import is_pin_hash
from dialplan.route import Route, Setting, refusal_setting, route_setting

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """When routes may be used: on these days (of DAYS), from ``opens`` to before ``closes``.

    In the time zone of the PBX.
    """

    days: tuple[str, ...]
    opens: time
    closes: time

    def include_at(self) -> str:
        """Return the times as an include has them, such as ``08:00-17:59,mon&tue``.

        Asterisk takes the last minute in.
        """
        last = self.closes.hour * 60 + self.closes.minute - 1
        times = f"{self.opens:%H:%M}-{last // 60:02}:{last % 60:02}"
        return f"{times},{'&'.join(self.days)},*,*"

    def hold(self, at: datetime) -> bool:
        """Whether ``at``, in the time zone of the PBX, is within."""
        return DAYS[at.weekday()] in self.days and self.opens <= at.time() < self.closes


@dataclass(frozen=True, slots=True)
class ClassOfService:
    """A named set of routes; ``hours`` of None are always, an empty ``pin_hash`` is no PIN."""

    name: str
    routes: frozenset[str] = frozenset()
    hours: Hours | None = None
    pin_hash: str = ""


def context_of(name: str) -> str:
    """Return the dialplan context of a class of service."""
    return f"cos-{name}"


def class_of_service_lines(
    wanted: ClassOfService, routes: Sequence[Route]
) -> tuple[ConfigLine, ...]:
    """Return the lines that make the contexts of a class of service."""
    if wanted.pin_hash and not is_pin_hash(wanted.pin_hash):
        raise ValueError("not the hash of a PIN")
    emergency = [route_setting(route) for route in routes if route.emergency]
    outside = _outside(wanted, routes)
    includes = [("include", "features"), ("include", "extensions")]
    if outside:
        at = f",{wanted.hours.include_at()}" if wanted.hours else ""
        includes.append(("include", f"routes-{wanted.name}{at}"))
    return (
        *category(context_of(wanted.name), [*emergency, *includes]),
        *category(f"routes-{wanted.name}", outside),
    )


def deciding(wanted: ClassOfService, routes: Iterable[Route]) -> list[Route]:
    """Return the routes that are no emergency routes and of which the class has a line.

    Of several with one and the same pattern Asterisk takes a single line: an allowed route goes
    before a refused one, and the earlier of ``routes`` before the later.
    """
    chosen: dict[object, Route] = {}
    for route in routes:
        if route.emergency:
            continue
        present = chosen.setdefault(precedence(route.pattern), route)
        if route.name in wanted.routes and present.name not in wanted.routes:
            chosen[precedence(route.pattern)] = route
    return list(chosen.values())


def _outside(wanted: ClassOfService, routes: Iterable[Route]) -> list[Setting]:
    return [
        route_setting(route, wanted.pin_hash)
        if route.name in wanted.routes
        else refusal_setting(route)
        for route in deciding(wanted, routes)
    ]
