"""A route: which dialled numbers go out, changed how, and by which trunks in order."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.config_line import gosub
from dialplan.pattern import Pattern

SUBROUTINE = "sub-route"
REFUSAL = "sub-refuse"
EMERGENCY = "emergency"

Setting = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """What becomes of a number that matches ``pattern``.

    ``strip`` characters are taken off its front, then ``prepend`` is put there; ``trunks`` are
    tried in order. An emergency route is in every class of service, at every hour, without a PIN.
    """

    name: str
    pattern: Pattern
    strip: int
    prepend: str
    trunks: tuple[str, ...]
    emergency: bool = False

    def dialled(self, number: str) -> str:
        """Return what a trunk is asked for."""
        return self.prepend + number[self.strip :]


def route_setting(route: Route, pin_hash: str = "") -> Setting:
    """Return the line by which a class of service may use the route."""
    return gosub(
        route.pattern.text,
        SUBROUTINE,
        route.name,
        str(route.strip),
        route.prepend,
        "&".join(route.trunks),
        EMERGENCY if route.emergency else pin_hash,
    )


def refusal_setting(route: Route) -> Setting:
    """Return the line by which a class of service may not use the route.

    Without it a number would go out by a wider pattern: a premium number by the national route.
    """
    return gosub(route.pattern.text, REFUSAL, route.name)
